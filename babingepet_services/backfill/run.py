"""Fill the warehouse with what is missing of the past, and keep the ledger of gaps.

1. the holes of the period are found, and the files of the archive that hold them (``plan``)
2. files are downloaded a few at a time, read, and each is stored in a transaction of its own,
   together with its entry in the list of files and the gaps that it repairs
3. what no file had is asked of the exchange, a stretch a transaction
4. what is still missing is noted as a gap, with the reason

A stored row never changes: one that is told differently is counted as a conflict. A backfill that
was killed goes on where it ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from babingepet.errors import ExchangeUnavailable, InputError
from babingepet.market.intervals import MINUTE, iso
from babingepet_resources.clients.archive.download import Fetched, fetch_all
from babingepet_resources.clients.archive.files import ArchiveFile
from babingepet_resources.clients.archive.kept import checksum
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.feed import MarketFeed
from babingepet_resources.warehouse import market_files
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import MarketFileRecord
from babingepet_services.backfill.outcome import ARCHIVE, REST, Outcome
from babingepet_services.backfill.plan import (
    SETTLED,
    Plan,
    Request,
    archive_files,
    missing_days,
)
from babingepet_services.backfill.series import Parsed, Series
from babingepet_services.backfill.sources import Sources
from babingepet_services.backfill.store import BackfillStore
from babingepet_services.backfill.watch import UNWATCHED, Watcher
from babingepet_services.market.gap_ledger import Span, less

SAID = 3
"""Reasons told of a hole, the last ones."""


class Backfill:
    """One backfill of one kind of fact.

    Args:
        database: The warehouse.
        series: The kind of fact.
        request: What is wanted.
        sources: What may be asked.
        clock: This machine's clock; only measures.
        watcher: Who is told of the progress.
    """

    def __init__(
        self,
        database: Database,
        series: Series[Any],
        request: Request,
        sources: Sources,
        clock: Clock,
        watcher: Watcher = UNWATCHED,
    ) -> None:
        self._database = database
        self._series = series
        self._request = request
        self._sources = sources
        self._clock = clock
        self._watcher = watcher
        self._reasons: list[tuple[Span, str]] = []

    def plan(self) -> Plan:
        """What there is to do."""
        request, series, now = self._request, self._series, self._sources.now()
        market = request.market
        latest = now - max(series.delay, self._sources.left_to_loop)
        end = max(request.start, min(request.end, latest // MINUTE * MINUTE))
        with self._database.reading() as connection:
            holes = series.holes(connection, request.start, end)
            known = market_files.known(connection, series.kind, market.symbol, market.source)
        files: list[ArchiveFile] = []
        if self._sources.archive is not None:
            files = archive_files(holes, request, series.data_set, series.periods, known, now)
        asked = less(holes, [(file.start, file.end) for file in files]) if self._may_ask else []
        return Plan(request.start, end, tuple(holes), tuple(files), tuple(asked))

    def run(self) -> Outcome:
        """Do it.

        Raises:
            WarehouseUnavailable: The database or the disk; what was stored until then stays.
        """
        begun = self._clock.monotonic()
        plan = self.plan()
        outcome = Outcome(plan)
        store = BackfillStore(self._database, self._series, self._sources, outcome)
        self._read_files(plan, store, outcome)
        if self._may_ask and (holes := self._holes(plan)):
            self._ask_exchange(holes, store, outcome)
        if outcome.note is None:
            store.note_left([(hole, self._reason(hole)) for hole in self._holes(plan)])
        outcome.seconds = self._clock.monotonic() - begun
        return outcome

    @property
    def _may_ask(self) -> bool:
        return self._sources.feed is not None and self._series.rest_span > 0

    def _holes(self, plan: Plan) -> list[Span]:
        with self._database.reading() as connection:
            return self._series.holes(connection, plan.start, plan.end)

    def _read_files(self, plan: Plan, store: BackfillStore, outcome: Outcome) -> None:
        files: Sequence[ArchiveFile] = plan.files
        while files and self._sources.archive is not None:
            instead: list[ArchiveFile] = []
            for number, fetched in enumerate(fetch_all(self._sources.archive, files), 1):
                if fetched.path is None:
                    instead += self._without(fetched, plan, outcome)
                else:
                    self._read_file(fetched.file, fetched.path, store, outcome)
                self._tell("archive files", number, len(files), fetched.file.label, outcome)
            files = instead

    def _without(self, fetched: Fetched, plan: Plan, outcome: Outcome) -> list[ArchiveFile]:
        """Note a file that cannot be had; returns the days that stand in for a month."""
        file = fetched.file
        self._because((file.start, file.end), f"{file.name}: {fetched.reason}")
        if fetched.is_unpublished:
            outcome.files["unpublished"] += 1
        else:
            outcome.refuse(file.name, str(fetched.reason))
        settled = fetched.is_unpublished and file.end + SETTLED <= self._sources.now()
        if file.period == "daily" or settled or "daily" not in self._series.periods:
            return []
        return missing_days(file, plan.holes)

    def _read_file(
        self, file: ArchiveFile, path: Path, store: BackfillStore, outcome: Outcome
    ) -> None:
        span = (file.start, file.end)
        try:
            parsed = self._series.parse(path, span)
        except InputError as error:
            outcome.refuse(file.name, str(error))
            self._because(span, str(error))
            return
        outcome.read(file.name, parsed.file)
        store.put(parsed.payload, ARCHIVE, span, self._record(file, path, parsed))
        self._because(span, f"{file.name} lacks it")

    def _record(self, file: ArchiveFile, path: Path, parsed: Parsed[Any]) -> MarketFileRecord:
        """What is remembered of a file; the store adds how many rows were new, and when."""
        times = parsed.file.frame.time
        market = self._request.market
        return MarketFileRecord(
            sha256=checksum(path),
            kind=self._series.kind,
            symbol=market.symbol,
            source=market.source,
            name=file.name,
            origin=ARCHIVE,
            rows_read=parsed.file.rows_read,
            rows_written=0,
            rows_rejected=parsed.file.rows_rejected,
            first_time=int(times[0]) if len(times) else None,
            last_time=int(times[-1]) if len(times) else None,
            read_at=0,
        )

    def _ask_exchange(self, holes: Sequence[Span], store: BackfillStore, outcome: Outcome) -> None:
        try:
            feed = self._sources.feed() if self._sources.feed else None
            if feed is None or self._series.feed not in feed.info.feeds:
                outcome.note = f"this market has no {self._series.kind}"
                return
            self._ask(feed, list(_cut(holes, self._series.rest_span)), store, outcome)
        except (ExchangeUnavailable, InputError) as error:
            for hole in holes:
                self._because(hole, str(error))

    def _ask(
        self, feed: MarketFeed, spans: Sequence[Span], store: BackfillStore, outcome: Outcome
    ) -> None:
        for number, (start, end) in enumerate(spans, 1):
            payload = self._series.fetch(feed, start, end)
            outcome.rows_read += len(payload)
            store.put(payload, REST, (start, end))
            self._because((start, end), "the exchange does not tell it")
            self._tell("stretches from the exchange", number, len(spans), iso(end), outcome)

    def _tell(self, stage: str, done: int, total: int, what: str, outcome: Outcome) -> None:
        rows = f"{outcome.written:,} rows"
        self._watcher.tell(stage, done, total, rows)
        self._watcher.say(f"{done} of {total} {stage}, {what}: {rows}")

    def _because(self, span: Span, reason: str) -> None:
        self._reasons.append((span, reason))

    def _reason(self, hole: Span) -> str:
        """What was said last about a hole."""
        said = [why for (start, end), why in self._reasons if start < hole[1] and end > hole[0]]
        return "; ".join(dict.fromkeys(said[-SAID:])) or "nobody was asked"


def _cut(holes: Sequence[Span], longest: int) -> Iterator[Span]:
    for start, end in holes:
        for begin in range(start, end, longest):
            yield begin, min(begin + longest, end)
