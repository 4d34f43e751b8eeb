"""What the loop tells Dagster, and when: few events, because each costs 15 to 50 ms.

Belongs here: which minute is reported how. Does not belong here: what a report says
(``reporting``) and when the loop ends (``loop``).

Events of the run are deleted with it when it is old. The report that ends a market day is written
without a run instead. Check evaluations are the run's: of several of one check and day Dagster
keeps the newest in one row, where without a run the second would be refused.

Whoever writes the events may stop at any of them. An hour that was not told is told with the next;
the end of a day is told again every minute until it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import dagster as dg

from babingepet.compiled import ENGINE_VERSION
from babingepet.domain.decision import Decision
from babingepet.market.intervals import DAY, HOUR, MINUTE, day_key
from babingepet_assets.btc.reports import REPORTS
from babingepet_assets.btc.run_log import Event
from babingepet_assets.reporting import asset_key, evaluation, metadata
from babingepet_resources.clients.clock import Clock
from babingepet_resources.warehouse.database import Database
from babingepet_services.btc.loop import CycleReport
from babingepet_services.btc.writing import DECIDED_BEFORE
from babingepet_services.btc_day.checks import check_day
from babingepet_services.btc_day.day import DayScope, Describe

REPORT_EVERY = 20.0
"""Seconds between two full reports of an accelerated market, at least: one takes 2 s of a core, and
at 120x an hour of the market lasts 30 s."""
CODE_VERSION_TAG = "dagster/code_version"

Runless = Callable[[dg.AssetMaterialization], object]


class LoopEvents:
    """Events of one run of the loop.

    Args:
        database: The warehouse.
        symbol: The exchange's name of the instrument.
        source: Of the market.
        report_runless: Writes an event that belongs to no run.
        clock: This machine's clock.
        reports: What is told of each asset.

    Attributes:
        count: Events handed to the run so far.
        day_ended: Whether the last minute was the last of a market day.
    """

    def __init__(
        self,
        database: Database,
        symbol: str,
        source: str,
        report_runless: Runless,
        clock: Clock,
        reports: Mapping[str, Describe] = REPORTS,
    ) -> None:
        self._database = database
        self._symbol = symbol
        self._source = source
        self._report_runless = report_runless
        self._clock = clock
        self._reports = reports
        self._last: int | None = None
        self._unreported: list[int] = []
        self._reported_at = -REPORT_EVERY
        self.count = 0
        self.day_ended = False

    def after(self, report: CycleReport, *, accelerated: bool) -> Iterator[Event]:
        """What is told after a minute.

        Args:
            report: The minute.
            accelerated: Whether the market runs faster than the wall clock.
        """
        if report.missed == DECIDED_BEFORE:  # and told by whoever decided it
            return
        last, as_of = self._last, report.as_of
        self._last = as_of
        before = as_of - MINUTE if last is None else last
        self.day_ended = as_of // DAY > before // DAY
        if self.day_ended:
            self._unreported.append(before)
        if report.decision is not None and not accelerated:
            yield from self._counted([minute_event(report.decision)])
        if self._unreported:
            yield from self._ends_of_days()
        elif last is None or (as_of // HOUR > last // HOUR and self._is_due(accelerated)):
            yield from self.full()

    def _ends_of_days(self) -> Iterator[Event]:
        while self._unreported:
            moment = self._unreported[0]
            yield from self._counted(self._checks(moment))
            for event in self._day(moment):
                self._report_runless(event)
            del self._unreported[0]

    def full(self) -> Iterator[Event]:
        """All assets and checks of the day of the last minute."""
        if self._last is None:
            return
        self._reported_at = self._clock.monotonic()
        yield from self._counted(self._day(self._last - MINUTE))
        yield from self._counted(self._checks(self._last - MINUTE))

    def _is_due(self, accelerated: bool) -> bool:  # noqa: FBT001 (one caller)
        return not accelerated or self._clock.monotonic() - self._reported_at >= REPORT_EVERY

    def _counted(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            self.count += 1
            yield event

    def _scope(self, moment: int) -> DayScope:
        return DayScope(self._database, self._symbol, self._source, day_key(moment))

    def _day(self, moment: int) -> Iterator[dg.AssetMaterialization]:
        scope = self._scope(moment)
        for name, describe in self._reports.items():
            yield dg.AssetMaterialization(
                asset_key=asset_key(name),
                partition=scope.partition,
                metadata=metadata(describe(scope)),
                tags={CODE_VERSION_TAG: ENGINE_VERSION},
            )

    def _checks(self, moment: int) -> Iterator[dg.AssetCheckEvaluation]:
        for record in check_day(self._scope(moment), self._clock.now()):
            yield evaluation(record)


def minute_event(decision: Decision) -> dg.AssetMaterialization:
    """The one small event of a minute: verdict, score, what forbade an entry, equity."""
    gates = ", ".join(refusal.gate for refusal in decision.blocked_by)
    return dg.AssetMaterialization(
        asset_key=asset_key("btc/decisions"),
        partition=day_key(decision.open_time),
        metadata={
            "cycle_id": decision.cycle_id,
            "verdict": decision.verdict,
            "score": decision.score,
            "blocked_by": gates or "nothing",
            "equity": float(decision.account["equity"]),
        },
        tags={CODE_VERSION_TAG: ENGINE_VERSION},
    )
