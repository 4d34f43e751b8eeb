"""The loop's promises: one owner, a decision a minute, nothing twice, nothing lost."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from babingepet.errors import ExchangeUnavailable, LeaseLost
from babingepet.market.frames import Candles, Quotes
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.clients.feed import CollectedMinute, FeedGap
from babingepet_resources.warehouse import checks, gaps, history, lease
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import CheckRecord, DecisionRecord
from babingepet_services.btc.loop import STALE_AFTER
from babingepet_services.replay.cycle import replay_cycle
from scripts.bench.common.market import START, MadeUpFeed
from tests.databases import Databases, blocked
from tests.services.conftest import EAGER, LoopMaker, made_up_feed


def decisions(database: Database) -> list[DecisionRecord]:
    with database.reading() as connection:
        return history.decisions(connection, "paper", "BTCUSDT", 0, 2**60)


def missed(database: Database) -> list[tuple[int, int, str]]:
    with database.reading() as connection:
        found = gaps.read(connection, "BTCUSDT", 0, 2**60)
    return [(g.start_time, g.end_time, g.reason) for g in found if g.feed == "decision"]


class MinutesWithout(MadeUpFeed):
    """The made-up market, whose candle of one minute never arrives."""

    lost = START + 5 * MINUTE

    def next_minute(self, *, after: int | None, timeout: float) -> CollectedMinute:
        minute = super().next_minute(after=after, timeout=timeout)
        if minute.as_of == self.lost:
            return replace(minute, candles=Candles.empty())
        return minute


def test_every_minute_is_decided_once_in_order(make_loop: LoopMaker, warehouse: Database) -> None:
    reports = list(make_loop(30).run())
    assert [r.as_of for r in reports] == [START + (k + 1) * MINUTE for k in range(30)]
    assert [d.as_of for d in decisions(warehouse)] == [r.as_of for r in reports]
    assert all(r.missed is None for r in reports)


@pytest.mark.slow
def test_the_account_adds_up_after_every_minute(make_loop: LoopMaker, warehouse: Database) -> None:
    list(make_loop(120).run())
    with warehouse.reading() as connection:
        rows = history.portfolio(connection, "paper", "BTCUSDT", 0, 2**60)
        closed = history.closed_positions(connection, "paper", 0, 2**60)
    assert len(closed) >= 3
    for row in rows:
        assert row.cash == 1000 + row.realized_pnl - row.fees_paid - row.funding_paid
        assert row.equity == row.cash + row.unrealized_pnl
    real = [p for p in closed if not p.shadow]
    assert sum((p.gross_pnl or Decimal(0) for p in real), Decimal(0)) == rows[-1].realized_pnl


def test_a_restarted_loop_decides_as_if_it_had_never_stopped(
    make_loop: LoopMaker,
    warehouse: Database,
    databases: Databases,
    tmp_path: Path,
    connect: Callable[..., Database],
) -> None:
    list(make_loop(60, max_cycles=25).run())
    list(make_loop(60, owner="second").run())
    unbroken = connect(databases.upgraded(tmp_path, "unbroken"))
    list(make_loop(60, database=unbroken).run())
    restarted, whole = decisions(warehouse), decisions(unbroken)
    assert len(restarted) == 60
    assert [d.payload for d in restarted] == [d.payload for d in whole]


def test_a_second_loop_is_refused_while_the_first_is_alive(make_loop: LoopMaker) -> None:
    first = make_loop(30).run()
    next(first)
    with pytest.raises(LeaseLost, match="another loop is alive: test"):
        list(make_loop(30, owner="second").run())
    first.close()


def test_a_replaced_loop_writes_nothing_and_leaves(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    old = make_loop(30, owner="old").run()
    next(old)
    before = len(decisions(warehouse))
    later = SystemClock().now() + STALE_AFTER + 1
    taken = lease.acquire(warehouse, "btc", "new", later, STALE_AFTER)
    assert taken is not None
    assert taken.fence == 2
    with pytest.raises(LeaseLost):
        next(old)
    assert len(decisions(warehouse)) == before


@pytest.mark.slow
def test_a_stopped_loop_finishes_its_minute_and_gives_the_lease_back(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    seen: list[int] = []
    seen.extend(report.as_of for report in make_loop(30).run(lambda: len(seen) >= 3))
    assert len(decisions(warehouse)) == 3
    held = lease.read(warehouse, "btc")
    assert held is not None
    assert held.released_at is not None
    assert next(make_loop(30, owner="next", max_cycles=1).run()).as_of == START + MINUTE


def test_a_minute_without_a_candle_is_recorded_as_missed_not_invented(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    reports = list(make_loop(10, feed=made_up_feed(10, MinutesWithout)).run())
    assert [r.missed for r in reports if r.decision is None] == [
        "the exchange has no closed candle"
    ]
    assert MinutesWithout.lost not in [d.as_of for d in decisions(warehouse)]
    lost = MinutesWithout.lost
    assert missed(warehouse) == [(lost - MINUTE, lost, "the exchange has no closed candle")]


def test_a_locked_database_costs_the_minute_but_no_fact_and_no_state(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    loop = make_loop(10).run()
    for _ in range(4):
        next(loop)
    with blocked(warehouse):
        report = next(loop)
    assert report.decision is None
    assert "could not be written" in (report.missed or "")
    after = list(loop)
    assert len(after) == 5
    assert len(decisions(warehouse)) == 9
    assert missed(warehouse) == [(report.as_of - MINUTE, report.as_of, report.missed)]
    with warehouse.reading() as connection:
        from babingepet_resources.warehouse import candles

        assert (
            candles.missing(connection, "BTCUSDT", "1m", "simulated", START, START + 10 * MINUTE)
            == []
        )


@pytest.mark.slow
def test_checks_that_cannot_be_stored_forbid_entries_and_do_not_end_the_loop(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    loop = make_loop(20).run()
    next(loop)  # the second decision evaluates the checks
    with blocked(warehouse):
        assert next(loop).decision is None
    assert next(loop).decision is not None


@pytest.mark.slow
def test_minutes_missed_while_no_loop_ran_are_recorded(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    list(make_loop(40, max_cycles=5).run())
    late = made_up_feed(40)
    late_start = START + 12 * MINUTE
    first = late.next_minute

    def skip(*, after: int | None, timeout: float) -> CollectedMinute:
        return first(after=late_start - MINUTE if after is None else after, timeout=timeout)

    late.next_minute = skip  # type: ignore[method-assign]
    reports = list(make_loop(40, owner="late", feed=late).run())
    assert reports[0].as_of == late_start
    assert missed(warehouse) == [(START + 5 * MINUTE, late_start - MINUTE, "no loop was running")]


def test_a_failing_blocking_check_forbids_entries_until_it_passes(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    from babingepet.market.intervals import day_key

    broken = CheckRecord(
        name="in_range", asset="btc/candles", partition=day_key(START), source="simulated",
        passed=False, blocking=True, severity="ERROR", detail="a planted price", evaluated_at=1,
    )  # fmt: skip
    with warehouse.writing() as connection:
        checks.put(connection, [broken])
    reports = list(make_loop(10, settings=EAGER).run())
    gates = [
        {refusal.gate: refusal.detail for refusal in r.decision.blocked_by}
        for r in reports
        if r.decision
    ]
    assert gates[0]["CHECK_FAILED"] == "btc/candles in_range: a planted price"
    assert "CHECK_FAILED" not in gates[-1]


class PoorerOnReturn(MadeUpFeed):
    """The made-up market, whose reconnected client saw less of the minutes decided before."""

    def next_minute(self, *, after: int | None, timeout: float) -> CollectedMinute:
        minute = super().next_minute(after=after, timeout=timeout)
        if minute.as_of <= START + 5 * MINUTE:
            return replace(minute, quotes_from=None, quotes=Quotes.empty())
        return minute


@pytest.mark.slow
def test_a_minute_decided_before_keeps_the_tape_that_was_stored(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    list(make_loop(12, max_cycles=5).run())
    list(make_loop(12, owner="second", feed=made_up_feed(12, PoorerOnReturn)).run())
    made = decisions(warehouse)
    assert len(made) == 12
    replays = [replay_cycle(warehouse, "paper", decision.cycle_id) for decision in made[4:]]
    assert all(replay.identical for replay in replays)


def test_the_lease_is_renewed_while_a_long_history_is_fetched(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    heartbeats: set[int] = set()

    class Slow(MadeUpFeed):
        def candles(self, interval: str, start: int, end: int) -> Candles:
            SystemClock().sleep(0.002)
            held = lease.read(warehouse, "btc")
            assert held is not None
            heartbeats.add(held.heartbeat_at)
            return super().candles(interval, start, end)

    next(make_loop(3, feed=made_up_feed(3, Slow)).run())
    assert len(heartbeats) > 3


def test_under_the_exchanges_own_limits_a_small_account_is_told_that_it_cannot_buy_one_step(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    reports = list(make_loop(20, settings=(*EAGER, "exchange_filters=true")).run())
    refusals = [r for one in reports if one.decision for r in one.decision.blocked_by]
    too_small = [refusal for refusal in refusals if refusal.gate == "MIN_NOTIONAL"]
    assert too_small
    assert "less than one step" in too_small[0].detail
    last = decisions(warehouse)[-1]
    assert replay_cycle(warehouse, "paper", last.cycle_id).identical


class BackAfterALongHole(MadeUpFeed):
    """The made-up market, which lacks six minutes at first; later its history has them."""

    hole = (START + 5 * MINUTE, START + 11 * MINUTE)
    asked: int = 0
    answers = True

    def next_minute(self, *, after: int | None, timeout: float) -> CollectedMinute:
        minute = super().next_minute(after=after, timeout=timeout)
        if not self.hole[0] < minute.as_of <= self.hole[1]:
            return minute
        gap = FeedGap("candles", minute.as_of - MINUTE, minute.as_of, "no candle came", None)
        return replace(minute, candles=Candles.empty(), gaps=(gap,))

    def candles(self, interval: str, start: int, end: int) -> Candles:
        if interval == "1m" and start >= START:
            self.asked += 1
            if not self.answers:
                raise ExchangeUnavailable("no history today")
            return self.minutes.between(start, end)
        return super().candles(interval, start, end)


def stored_minutes(database: Database) -> list[int]:
    from babingepet_resources.warehouse import candles

    with database.reading() as connection:
        end = START + 20 * MINUTE
        stored = candles.read(connection, "BTCUSDT", "1m", "simulated", START, end)
    return stored.open_time.tolist()


@pytest.mark.slow
def test_after_an_outage_the_history_is_filled_in_before_the_second_decision(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    feed = made_up_feed(20, BackAfterALongHole)
    reports = list(make_loop(20, feed=feed).run())
    assert sum(r.decision is None for r in reports) == 6
    assert feed.asked == 1
    assert stored_minutes(warehouse) == [START + k * MINUTE for k in range(20)]
    has_vwap = [r.decision.scores["vwap"] is not None for r in reports if r.decision]
    assert has_vwap == [True] * 5 + [False] + [True] * 8
    for decision in decisions(warehouse)[4:8]:
        assert replay_cycle(warehouse, "paper", decision.cycle_id).identical


@pytest.mark.slow
@pytest.mark.parametrize("answers", [True, False])
def test_gaps_that_the_loop_filled_itself_are_closed_when_the_minutes_became_known(
    make_loop: LoopMaker, warehouse: Database, *, answers: bool
) -> None:
    feed = made_up_feed(24, BackAfterALongHole)
    feed.answers = answers
    list(make_loop(24, feed=feed).run())
    with warehouse.reading() as connection:
        found = gaps.read(connection, "BTCUSDT", START, START + 40 * MINUTE, feed="candles")
    assert [gap.start_time for gap in found] == [START + k * MINUTE for k in range(5, 11)]
    second_decision = START + 13 * MINUTE
    repaired = (second_decision, "rest") if answers else (None, None)
    assert {(gap.repaired_at, gap.repaired_from) for gap in found} == {repaired}
    if answers:  # the first decision after the hole was made without its minutes
        assert {gap.cycles_affected for gap in found} == {1}


@pytest.mark.slow
def test_a_history_that_cannot_be_filled_in_is_asked_for_again_and_ends_nothing(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    feed = made_up_feed(20, BackAfterALongHole)
    feed.answers = False
    reports = list(make_loop(20, feed=feed).run())
    assert sum(r.decision is None for r in reports) == 6
    assert feed.asked == 8
    assert len(stored_minutes(warehouse)) == 14


class StandsStill(MadeUpFeed):
    """The made-up market, whose candles show one price for some minutes."""

    frozen = (START + 5 * MINUTE, START + 9 * MINUTE)

    def next_minute(self, *, after: int | None, timeout: float) -> CollectedMinute:
        minute = super().next_minute(after=after, timeout=timeout)
        if not self.frozen[0] < minute.as_of <= self.frozen[1]:
            return minute
        price = np.array([60_000.0])
        still = replace(minute.candles, open=price, high=price, low=price, close=price)
        return replace(minute, candles=still)


def test_three_minutes_at_one_price_forbid_entries_until_it_moves(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    reports = list(make_loop(12, feed=made_up_feed(12, StandsStill)).run())
    frozen = [
        any("frozen at 60000 for 3 minutes" in refusal.detail for refusal in r.decision.blocked_by)
        for r in reports
        if r.decision
    ]
    assert frozen == [False] * 7 + [True] * 2 + [False] * 3


class Leaps(MadeUpFeed):
    """The made-up market, one of whose closes is a third too high."""

    def next_minute(self, *, after: int | None, timeout: float) -> CollectedMinute:
        minute = super().next_minute(after=after, timeout=timeout)
        if minute.as_of != START + 5 * MINUTE:
            return minute
        high = minute.candles.close * 1.33
        return replace(minute, candles=replace(minute.candles, high=high, close=high))


def test_a_close_that_leaps_by_a_fifth_forbids_entries_for_a_quarter_of_an_hour(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    reports = list(make_loop(24, feed=made_up_feed(24, Leaps)).run())
    leapt = [
        any("a close leapt by 33%" in refusal.detail for refusal in r.decision.blocked_by)
        for r in reports
        if r.decision
    ]
    assert leapt == [False] * 4 + [True] * 15 + [False] * 5
