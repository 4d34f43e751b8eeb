"""A gap says whom it concerned, and a repair never changes what a decision read."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from babingepet.market.frames import Trades
from babingepet.market.intervals import DAY, MINUTE, minutes_needed_from, month_start
from babingepet_resources.clients.archive.files import day_of
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.clients.feed import FeedGap
from babingepet_resources.event_tape.frames import TapedTrades
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import candles, gaps, tape
from babingepet_resources.warehouse.records import GapRecord
from babingepet_services.backfill.kinds import CandleSeries
from babingepet_services.backfill.plan import Request
from babingepet_services.backfill.run import Backfill
from babingepet_services.backfill.sources import Sources
from babingepet_services.backfill.trades import TradeSeries
from babingepet_services.explain.decision import decision_story
from babingepet_services.market import gap_ledger
from babingepet_services.market.gap_ledger import Market, window_start
from babingepet_services.market.gap_report import gap_report
from babingepet_services.market.source import open_warehouse
from babingepet_services.replay.cycle import replay_cycle
from scripts.bench.common.market import START, MadeUpFeed
from tests.fakes import FakeFeed
from tests.loopback_archive import trades_text, zipped
from tests.services.conftest import made_up_feed, new_loop

MARKET = Market("BTCUSDT", "simulated")
HOLE = (START + 30 * MINUTE, START + 35 * MINUTE)
"""Minutes that the loop did not get; the next decision is at HOLE[1] + 1 minute."""
REPAIRED = START + 50 * MINUTE + 2_000


class HoledFeed(MadeUpFeed):
    """The made-up market, whose socket was silent for five minutes."""

    def next_minute(self, *, after, timeout):
        after = HOLE[1] if after == HOLE[0] else after
        minute = super().next_minute(after=after, timeout=timeout)
        if minute.as_of == HOLE[1] + MINUTE:
            return replace(minute, trades_from=HOLE[1], quotes_from=HOLE[1])
        return minute


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    """A loop decides, the hole is filled while it runs, it goes on; then another loop begins."""
    folder = tmp_path_factory.mktemp("decided")
    database = open_warehouse(load_settings(data_dir=folder, market="simulated"), "simulated")
    feed = made_up_feed(70, HoledFeed)
    reports = new_loop(database, 70, feed=feed).run()
    before = [next(reports) for _ in range(45)]  # to the minute before REPAIRED
    fill_candles(database, feed.minutes)
    fill_trades(database, folder)
    after = [next(reports) for _ in range(8)]
    reports.close()
    later = list(new_loop(database, 70, feed=made_up_feed(70, HoledFeed), owner="later").run())
    yield database, folder, [r.decision for r in (*before, *after, *later) if r.decision]
    database.close()


def fill_candles(database, minutes):
    feed = FakeFeed(history={"1m": minutes})
    sources = Sources(None, lambda: feed, lambda: REPAIRED, left_to_loop=0)
    start = START // DAY * DAY
    request = Request(MARKET, start, start + DAY)
    outcome = Backfill(database, CandleSeries(MARKET), request, sources, SystemClock()).run()
    assert outcome.rows == {"rest": 5}


def past_trades():
    times = np.arange(HOLE[0], HOLE[1], 250)
    n = len(times)
    sizes = np.where(np.arange(n) % 100 == 0, 20.0, 0.01)
    return Trades(7_000 + np.arange(n), times, np.full(n, 60_000.0), sizes, times % 500 == 0)


def fill_trades(database, folder):
    file = folder / "BTCUSDT-aggTrades-hole.zip"
    file.write_bytes(zipped("trades.csv", trades_text(past_trades())))
    event_tape = EventTape.open(str(folder / "tape"))
    series = TradeSeries(MARKET, database, event_tape, lambda: REPAIRED)
    parsed = series.parse(file, HOLE)
    with database.writing() as connection:
        written = series.write(connection, parsed.payload, REPAIRED + 5)
    assert len(written.times) == 5


def story(database, decision):
    with database.reading() as connection:
        return decision_story(connection, "paper", decision.cycle_id)


@pytest.mark.slow
def test_the_market_of_this_test_had_a_hole_and_then_had_none(decided):
    database, _, decisions = decided
    with database.reading() as connection:
        missing = candles.missing(
            connection, "BTCUSDT", "1m", "simulated", START, START + 60 * MINUTE
        )
        flow = tape.order_flow_times(connection, "BTCUSDT", "simulated", *HOLE)
    assert (missing, len(flow)) == ([], 5)
    assert not any(HOLE[0] < decision.as_of <= HOLE[1] for decision in decisions)


@pytest.mark.slow
def test_every_decision_is_made_again_to_the_byte_whenever_the_hole_was_filled(decided):
    """Before the hole, after it, after the repair by a loop that never saw it, and by the next."""
    database, _, decisions = decided
    assert len(decisions) > 60
    for decision in decisions[::3]:
        replayed = replay_cycle(database, "paper", decision.cycle_id)
        assert replayed.identical, (decision.cycle_id, replayed.differences)


def test_an_explanation_names_the_gap_and_its_repair(decided):
    database, _, decisions = decided
    after = next(one for one in decisions if one.as_of > HOLE[1])
    told = [gap for gap in story(database, after)["gaps"] if gap["feed"] == "candles"]
    (gap,) = told
    assert (gap["start_time"], gap["end_time"], gap["open_then"]) == (*HOLE, True)
    assert (gap["repaired_at"], gap["repaired_from"]) == (REPAIRED + 1, "rest")


def test_a_decision_after_the_repair_is_told_that_the_gap_was_closed(decided):
    database, _, decisions = decided
    told = [gap for gap in story(database, decisions[-1])["gaps"] if gap["feed"] == "candles"]
    assert [gap["open_then"] for gap in told] == [False]


def test_decisions_of_the_gap_are_those_between_it_and_its_repair(decided):
    database, _, decisions = decided
    with database.reading() as connection:
        (gap,) = gaps.read(connection, "BTCUSDT", *HOLE, feed="candles")
    between = [one for one in decisions if HOLE[0] < one.as_of < REPAIRED // MINUTE * MINUTE]
    assert gap.cycles_affected == len(between) > 10


def test_a_minute_made_of_past_trades_has_volumes_and_large_prints_and_no_imbalance(decided):
    database, _, _ = decided
    trades = past_trades()
    with database.reading() as connection:
        rows = tape.order_flow(connection, "BTCUSDT", "simulated", *HOLE)
        prints = tape.large_prints(connection, "BTCUSDT", "simulated", *HOLE)
    bought = ~trades.is_buyer_maker
    assert sum(row.trade_count for row in rows) == len(trades)
    total = sum(row.taker_buy_base_volume for row in rows)
    assert total == pytest.approx(trades.quantity[bought].sum(), rel=1e-12)
    assert {row.order_flow_imbalance for row in rows} == {None}
    assert {row.quotes_from for row in rows} == {None}
    assert len(prints) == int((trades.quantity == 20.0).sum())


def test_an_hour_that_was_captured_live_is_not_laid_on_the_tape(decided):
    _, folder, _ = decided
    event_tape = EventTape.open(str(folder / "tape"))
    assert event_tape.hours(TapedTrades, "BTCUSDT", "simulated", 0, 2**60) == []


def test_the_ledger_is_told_with_decisions_and_origin(decided):
    _, folder, _ = decided
    settings = load_settings(data_dir=folder, market="simulated")
    told = gap_report(settings, None, None)
    (gap,) = [gap for gap in told["gaps"] if gap["feed"] == "candles"]
    assert (gap["start"], gap["end"], gap["repaired_from"]) == (*HOLE, "rest")
    assert gap["decisions_affected"] > 10
    (missed,) = [gap for gap in told["gaps"] if gap["feed"] == "decision"]
    assert (missed["decisions_affected"], missed["repaired"]) == (5, None)
    assert told["counts"] == {
        "seen": len(told["gaps"]),
        "repaired": 1,
        "open": len(told["gaps"]) - 1,
    }
    assert gap_report(settings, "2030-01-01", None)["gaps"] == []


def gap(feed="candles", start=START, end=START + MINUTE, **given):
    return GapRecord("BTCUSDT", feed, start, end, "why", "simulated", end, **given)


@pytest.mark.parametrize(
    ("feed", "reach"),
    [("trades", 241 * MINUTE), ("quotes", 241 * MINUTE), ("funding", 8 * DAY)],
)
def test_a_gap_concerns_decisions_as_long_as_it_lies_in_their_window(feed, reach):
    one = gap(feed)
    assert not gap_ledger.reads(one, START)
    assert gap_ledger.reads(one, START + MINUTE)
    assert gap_ledger.reads(one, START + MINUTE + reach - 1)
    assert not gap_ledger.reads(one, START + MINUTE + reach)
    assert window_start(feed, START) == START - reach


def test_a_gap_of_candles_concerns_every_month_whose_history_reaches_it():
    one = gap()
    last = month_start(START)
    while minutes_needed_from(last) < one.end_time:
        last = month_start(last, -1)
    assert gap_ledger.reads(one, last - 1)
    assert not gap_ledger.reads(one, last)


def test_a_repaired_gap_concerns_nobody_from_its_minute_on():
    one = gap(repaired_at=START + 10 * MINUTE + 5, repaired_from="rest")
    assert gap_ledger.reads(one, START + 9 * MINUTE)
    assert not gap_ledger.reads(one, START + 10 * MINUTE)


def test_settling_counts_what_was_decided_meanwhile(decided, tmp_path):
    database, _, decisions = decided
    open_gap = gap("quotes", START + 3 * MINUTE, START + 4 * MINUTE)
    with database.writing() as connection:
        gaps.insert(connection, [open_gap])
        gap_ledger.settle(connection, MARKET, START, START + DAY)
        (found,) = gaps.read(connection, "BTCUSDT", START, START + 5 * MINUTE, feed="quotes")
    assert found.cycles_affected == sum(one.as_of > START + 3 * MINUTE for one in decisions)


class BreakingFeed(MadeUpFeed):
    """The made-up market, which tells of a gap of quotes in its third minute."""

    def next_minute(self, *, after, timeout):
        minute = super().next_minute(after=after, timeout=timeout)
        if minute.as_of != START + 3 * MINUTE:
            return minute
        told = FeedGap("quotes", minute.as_of - MINUTE, minute.as_of, "the socket was down", None)
        return replace(minute, gaps=(told,), quotes_from=minute.as_of)


def test_the_loop_counts_the_decisions_of_its_own_gaps(warehouse):
    reports = list(new_loop(warehouse, 40, feed=made_up_feed(40, BreakingFeed)).run())
    assert len(reports) == 40
    with warehouse.reading() as connection:
        (found,) = gaps.read(connection, "BTCUSDT", 0, 2**60, feed="quotes")
    assert found.cycles_affected == 31 - 2  # counted last before the 32nd decision was written


def test_past_trades_whose_numbers_have_a_hole_are_covered_from_there_on_only(tmp_path, warehouse):
    trades = past_trades()
    kept = trades.where(np.arange(len(trades)) != 500)
    file = tmp_path / "trades.zip"
    file.write_bytes(zipped("trades.csv", trades_text(kept)))
    series = TradeSeries(
        MARKET, warehouse, EventTape.open(str(tmp_path / "tape")), lambda: REPAIRED
    )
    rows = series.parse(file, HOLE).payload.minutes
    broken = int(trades.event_time[501])
    assert [row.trades_from for row in rows] == [HOLE[0]] * 2 + [broken] * 3


def test_hours_of_past_trades_lie_on_the_tape(tmp_path, warehouse):
    file = tmp_path / day_of("aggTrades", "BTCUSDT", START).name
    file.write_bytes(zipped("trades.csv", trades_text(past_trades())))
    event_tape = EventTape.open(str(tmp_path / "tape"))
    series = TradeSeries(MARKET, warehouse, event_tape, lambda: REPAIRED)
    day = START // DAY * DAY
    assert len(series.parse(file, (day, day + DAY)).payload.minutes) == 1440
    with closing(warehouse):
        found = event_tape.read(TapedTrades, "BTCUSDT", "simulated", *HOLE)
    assert Trades(**{name: getattr(found, name) for name in Trades.column_names()}).equals(
        past_trades()
    )
    assert set(found.known_at.tolist()) == {REPAIRED}


def test_a_live_minute_that_past_trades_contradict_stays_and_is_counted(decided, tmp_path):
    database, folder, _ = decided
    series = TradeSeries(MARKET, database, EventTape.open(str(tmp_path / "tape")), lambda: REPAIRED)
    span = (HOLE[0] - MINUTE, HOLE[1])
    parsed = series.parse(folder / "BTCUSDT-aggTrades-hole.zip", span)
    with database.writing() as connection:
        written = series.write(connection, parsed.payload, REPAIRED + 9)
    assert written.conflicting.tolist() == [HOLE[0] - MINUTE]
    assert {conflict.column for conflict in written.conflicts} >= {"trade_count"}
