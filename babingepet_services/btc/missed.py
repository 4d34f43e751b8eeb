"""Minutes that the loop was handed and did not decide, each with its reason, until they are written.

They are written with the next decision. Where nothing but the market is missing they are written
at once, so that a loop that is killed in the middle of an outage leaves the reasons behind, and
whoever looks from outside sees why nothing is decided.

Belongs here: reasons, and which minutes share a row. Does not belong here: reading the account
(``btc.minutes``).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from babingepet.errors import WarehouseUnavailable
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.feed import FeedInfo
from babingepet_resources.warehouse import gaps, lease
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import GapRecord, Lease
from babingepet_services.btc.records import missed_minutes
from babingepet_services.market.gap_ledger import DECISION, Span, less

NO_LOOP = "no loop was running"
NOT_HANDED_OVER = "the loop did not get the minute"
NO_CANDLE = "the exchange has no closed candle"
LATE = "a newer minute was over when its turn came"
NOT_LOADED = "the history could not be loaded"
IN_DOUBT = "the decision may be written"


class MissedMinutes:
    """What one loop knows of the minutes after its last decision."""

    def __init__(self) -> None:
        self._reasons: dict[int, str] = {}
        self._stored: list[Span] = []
        self._has_decided = False

    @property
    def are_waiting(self) -> bool:
        """Whether something was noted since the last decision."""
        return bool(self._reasons)

    def note(self, as_of: int, reason: str) -> None:
        """A minute was handed over, and not decided."""
        self._reasons[as_of] = reason

    def decided(self) -> None:
        """A decision was written, and with it the rows of ``until``."""
        self._reasons.clear()
        self._stored.clear()
        self._has_decided = True

    def until(
        self, database: Database, info: FeedInfo, last: int | None, as_of: int, now: int
    ) -> list[GapRecord]:
        """Rows for the minutes after the last decision and before the one in hand.

        Args:
            database: Where another loop may have left rows behind; asked before the first decision.
            info: The market.
            last: End of the last minute that anyone decided; None before the first.
            as_of: End of the minute in hand.
            now: UTC ms.
        """
        first = min(self._reasons, default=as_of) - MINUTE if last is None else last
        if as_of - MINUTE <= first:
            return []
        stored = list(self._stored)
        if not self._has_decided:
            stored += _noted(database, info, first, as_of)
        return list(self._rows(info, [(first, as_of - MINUTE)], sorted(stored), now))

    def write(self, database: Database, held: Lease, info: FeedInfo, now: int) -> None:
        """Write what was noted so far, under the lease's fence, and renew it; no minute in doubt.

        Raises:
            LeaseLost: Another loop took over: what became of the minutes is its to say.
            WarehouseUnavailable: Nothing was written; it will be with the next decision.
        """
        noted = [
            (as_of - MINUTE, as_of)
            for as_of, reason in sorted(self._reasons.items())
            if not reason.startswith(IN_DOUBT)
        ]
        rows = list(self._rows(info, noted, sorted(self._stored), now))
        if not rows:
            return
        with database.writing() as connection:
            lease.keep(connection, held, now)
            gaps.insert(connection, rows)
        self._stored += [(row.start_time, row.end_time) for row in rows]

    def _rows(
        self, info: FeedInfo, spans: list[Span], stored: list[Span], now: int
    ) -> Iterator[GapRecord]:
        """One row for minutes in a row that share a reason, without those that have one."""
        for start, end in less(spans, stored):
            for reason, minutes in groupby(range(start, end, MINUTE), self._reason):
                shared = list(minutes)
                yield missed_minutes(info, shared[0], shared[-1] + MINUTE, reason, now)

    def _reason(self, open_time: int) -> str:
        """Why a minute was not decided, as far as this loop knows."""
        default = NOT_HANDED_OVER if self._has_decided else NO_LOOP
        return self._reasons.get(open_time + MINUTE, default)


def _noted(database: Database, info: FeedInfo, start: int, end: int) -> list[Span]:
    """What was noted before; of two rows about one minute the account believes the older."""
    try:
        with database.reading() as connection:
            found = gaps.read(
                connection, info.symbol, start, end, source=info.source, feed=DECISION
            )
    except WarehouseUnavailable:
        return []
    return [(gap.start_time, gap.end_time) for gap in found]
