"""A loop on the simulated market through the loopback exchange, with faults over some minutes.

Belongs here: running a scenario, and what must hold after every one. The scenarios themselves
belong to the tests.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from babingepet.cycles.settings import BtcSettings, override
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.binance.feed import BinanceFeed
from babingepet_resources.clients.binance.options import FeedOptions
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.exchange.simulated import SimulatedMarket
from babingepet_resources.exchange.threaded import ServedExchange, serve_in_thread
from babingepet_resources.warehouse import candles, gaps, history
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_resources.warehouse.records import DecisionRecord, GapRecord
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, CycleReport, LoopOptions
from tests.faults import invariants
from tests.services.conftest import EAGER

SEED = 5
START = 1_746_093_600_000
"""2025-05-01 10:00 UTC: with this seed a short position is opened in the second minute and, when
nothing is wrong, closed in the seventeenth."""

QUIET = 12
"""Minutes decided before the scenario; the position is open by then."""

BEFORE, AFTER = 2, 3
"""Whole minutes of the scenario before the first and after the last faulty one."""

QUICK = FeedOptions(
    deadline_s=3.0,
    attempt_s=1.5,
    retries=1,
    backoff_s=0.01,
    reconnect_s=0.01,
    reconnect_most_s=0.05,
)
"""Patience for an exchange that answers within milliseconds, or is meant not to."""

Order = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Scenario:
    """What goes wrong, and what is expected of the decisions meanwhile.

    Attributes:
        faults: Kind and settings of each.
        minutes: Faulty minutes.
        missed: Faulty minutes that are not decided.
        gates: Gates closed in each faulty minute that is decided.
        silent: Signals without a score in each faulty minute that is decided.
        gaps: (feed, how it was repaired) of every gap told in a faulty minute.
        counted: Counters of the client that grow.
        rest: Real seconds for which the exchange keeps the client silent afterwards.
        warms_up: Signals that may still lack data two minutes afterwards.
        is_true: Whether every stored candle is the market's own.
    """

    faults: Sequence[Order]
    minutes: int = 2
    missed: int = 0
    gates: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    gaps: frozenset[tuple[str, str | None]] = frozenset()
    counted: frozenset[str] = frozenset()
    rest: float = 0.0
    warms_up: frozenset[str] = frozenset()
    is_true: bool = True


@dataclass
class Played:
    """What came of a scenario."""

    scenario: Scenario
    database: Database
    market: SimulatedMarket
    injected: Mapping[str, int]
    reports: list[CycleReport] = field(default_factory=list)

    @property
    def faulty(self) -> list[CycleReport]:
        return self.reports[BEFORE : BEFORE + self.scenario.minutes]

    @property
    def after(self) -> list[CycleReport]:
        return self.reports[BEFORE + self.scenario.minutes :]

    def decisions(self) -> list[DecisionRecord]:
        with self.database.reading() as connection:
            return history.decisions(connection, "paper", "BTCUSDT", 0, 2**60)

    def gaps(self) -> list[GapRecord]:
        with self.database.reading() as connection:
            return gaps.read(connection, "BTCUSDT", 0, 2**60)


def prepare(url: str) -> None:
    """A warehouse with history, and a position that is open after ``QUIET`` minutes."""
    database = open_database(url)
    with serve_in_thread(SimulatedMarket(seed=SEED, start=START), speed=None) as exchange:
        list(new_loop(exchange.url, database, FeedOptions(), QUIET).run())
    database.close()


def play(scenario: Scenario, database: Database) -> Played:
    """Run a scenario on a copy of the prepared warehouse."""
    begin = START + QUIET * MINUTE
    market = SimulatedMarket(seed=SEED, start=begin)
    with serve_in_thread(market, speed=None) as exchange:
        played = Played(scenario, database, market, exchange.faults.injected)
        first = begin + BEFORE * MINUTE
        order(exchange, scenario, first)
        loop = new_loop(exchange.url, database, QUICK).run()
        for report in loop:
            played.reports.append(report)
            if len(played.reports) == BEFORE + scenario.minutes and scenario.rest:
                time.sleep(scenario.rest)
            if len(played.reports) == BEFORE + scenario.minutes + AFTER:
                break
        loop.close()
    return played


def order(exchange: ServedExchange, scenario: Scenario, first: int) -> None:
    """Let the minutes that end at ``first`` and after it be faulty: their messages and requests.

    What is asked for a minute is asked while the market stands at its end.
    """
    span = {"start": first - MINUTE + 1, "until": first + (scenario.minutes - 1) * MINUTE + 1}
    for kind, settings in scenario.faults:
        exchange.faults.add(kind, **{**span, **settings})


def new_loop(
    url: str, database: Database, options: FeedOptions, cycles: int | None = None
) -> BtcLoop:
    """The loop as the product runs it, on the exchange at ``url``."""
    feed = BinanceFeed("BTCUSDT", base_url=url, options=options)
    program = BtcProgram(settings=override(BtcSettings(), EAGER))
    kept = LoopOptions("test", max_cycles=cycles, limits=database.limits)
    return BtcLoop(feed, database, SystemClock(), program, kept)


def check(played: Played) -> None:
    """What must hold after every fault."""
    for invariant in INVARIANTS:
        invariant(played)


def what_is_stored_holds_together(played: Played) -> None:
    assert invariants.check(played.database).positions >= 1


def each_minute_was_decided_or_reported_as_missed(played: Played) -> None:
    begin = START + QUIET * MINUTE
    assert [r.as_of for r in played.reports] == [
        begin + k * MINUTE for k in range(len(played.reports))
    ]
    decided = {d.as_of for d in played.decisions()}
    missed = {r.as_of for r in played.reports if r.decision is None}
    assert not missed & decided
    assert missed | decided == {START + k * MINUTE for k in range(QUIET + len(played.reports))}


def each_candle_is_stored_once_and_is_the_markets_own(played: Played) -> None:
    begin, end = START, played.reports[-1].as_of
    with played.database.reading() as connection:
        stored = candles.read(connection, "BTCUSDT", "1m", "simulated", begin, end)
    assert stored.open_time.tolist() == list(range(begin, end, MINUTE))
    if played.scenario.is_true:
        own = played.market.minutes(begin, end).values
        np.testing.assert_array_equal(
            np.column_stack(
                [stored.open, stored.high, stored.low, stored.close, stored.base_volume]
            ),
            own[:, :5],
        )


def every_decision_rests_on_the_minute_it_is_about(played: Played) -> None:
    for report in played.reports:
        if report.decision is not None:
            assert 0 <= report.minute.clock - report.as_of <= 90_000
            assert report.minute.candles.open_time[-1] == report.as_of - MINUTE


def two_minutes_after_the_fault_all_is_well(played: Played) -> None:
    well = played.after[1:]
    assert [r.missed for r in well] == [None] * (AFTER - 1)
    expected = silent_signals(played.reports[BEFORE - 1]) | played.scenario.warms_up
    for report in well:
        closed = {refusal.gate for refusal in report.decision.blocked_by}
        assert not closed & {"STALE_DATA", "CLOCK_SKEW"}
        assert "CHECK_FAILED" not in closed or not played.scenario.is_true
        assert silent_signals(report) <= expected
        assert not report.minute.gaps


def silent_signals(report: CycleReport) -> set[str]:
    return {name for name, score in report.decision.scores.items() if score is None}


def the_fault_was_seen_and_work_was_done(played: Played) -> None:
    kinds = {kind for kind, _ in played.scenario.faults}
    assert {kind for kind in kinds if not played.injected[kind]} == set()
    assert len(played.reports) == BEFORE + played.scenario.minutes + AFTER
    assert len(played.decisions()) >= QUIET + BEFORE + AFTER - 1


INVARIANTS: tuple[Callable[[Played], None], ...] = (
    the_fault_was_seen_and_work_was_done,
    what_is_stored_holds_together,
    each_minute_was_decided_or_reported_as_missed,
    each_candle_is_stored_once_and_is_the_markets_own,
    every_decision_rests_on_the_minute_it_is_about,
    two_minutes_after_the_fault_all_is_well,
)


def told_gaps(reports: Sequence[CycleReport]) -> Iterator[tuple[str, str | None]]:
    """Feed and repair of every gap."""
    for report in reports:
        yield from ((gap.feed, gap.repaired_from) for gap in report.minute.gaps)
