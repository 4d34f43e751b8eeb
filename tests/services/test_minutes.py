"""Every minute is decided, missed for a stated reason, or known to nobody."""

from dataclasses import replace

import pytest

from babingepet.errors import InputError, LeaseLost, WarehouseUnavailable
from babingepet.market.frames import Candles
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import cycles, gaps, lease, outbox
from babingepet_services.btc import late, missed
from babingepet_services.btc.loop import STALE_AFTER
from babingepet_services.btc.minute_report import minute_report
from babingepet_services.btc.minutes import account_minutes
from babingepet_services.market.gap_ledger import Market
from scripts.bench.common.market import START, MadeUpFeed
from tests.fakes import FakeClock
from tests.resources.warehouse import builders as b
from tests.services.conftest import made_up_feed

MADE_UP = Market("BTCUSDT", "simulated")


def account(database, first=0, last=10, *, start=START, market=MADE_UP):
    with database.reading() as connection:
        return account_minutes(connection, market, start + first * MINUTE, start + last * MINUTE)


def told(found, start=START):
    """Stretches as minutes since the beginning."""
    return [
        ((one.start - start) // MINUTE, (one.end - start) // MINUTE, one.reason)
        for one in found.not_decided
    ]


def stored(warehouse, *minutes, noted=()):
    """Decisions that end after these minutes, and noted misses (first, last, reason)."""
    for minute in minutes:
        cycles.commit(warehouse, None, b.cycle(minute, gaps=[]), now=b.START)
    with warehouse.writing() as connection:
        for first, last, reason in noted:
            start, end = b.START + first * MINUTE, b.START + last * MINUTE
            gap = b.gap(feed="decision", start_time=start, end_time=end, reason=reason)
            gaps.insert(connection, [gap])


def stored_account(warehouse, last):
    market = Market(b.SYMBOL, b.SOURCE)
    return account(warehouse, 0, last, start=b.START, market=market)


def test_decided_missed_and_unknown_minutes_add_up(warehouse):
    stored(warehouse, 1, 2, 7, noted=[(2, 4, "asleep"), (4, 5, "away")])
    found = stored_account(warehouse, 9)
    assert (found.decided, found.missed, found.unknown, found.both) == (3, 3, 3, 0)
    assert found.minutes == 9
    assert found.reasons == {"asleep": 2, "away": 1}
    assert told(found, b.START) == [(2, 4, "asleep"), (4, 5, "away"), (5, 6, None), (7, 9, None)]
    assert found.fences == {1: 3}


def test_a_minute_that_was_decided_although_it_was_noted_counts_as_decided_and_is_told(warehouse):
    stored(warehouse, 1, 2, noted=[(0, 3, "asleep")])
    found = stored_account(warehouse, 3)
    assert (found.decided, found.missed, found.both) == (2, 1, 2)


def test_of_two_reasons_the_one_that_was_noted_first_counts(warehouse):
    stored(warehouse, 1, noted=[(2, 3, "first"), (1, 4, "second")])
    assert stored_account(warehouse, 4).reasons == {"second": 2, "first": 1}


def test_nothing_of_another_market_counts(warehouse):
    stored(warehouse, 1, noted=[(1, 2, "asleep")])
    other = account(warehouse, 0, 2, start=b.START, market=Market(b.SYMBOL, "binance"))
    assert (other.decided, other.missed, other.unknown) == (0, 0, 2)


def test_a_period_without_a_minute_is_empty(warehouse):
    assert stored_account(warehouse, 0).minutes == 0


class WithoutCandles(MadeUpFeed):
    """The made-up market, some of whose candles never arrive; others are handed over late."""

    lost = range(4, 7)
    late = ()
    behind = START

    def now(self):
        return self.behind

    def next_minute(self, *, after, timeout):
        minute = super().next_minute(after=after, timeout=timeout)
        number = (minute.as_of - START) // MINUTE
        self.behind = minute.as_of + (MINUTE if number in self.late else 0)
        if number in self.lost:
            return replace(minute, candles=Candles.empty())
        return replace(minute, clock=self.behind)


def test_minutes_without_a_candle_are_noted_while_they_are_missed(make_loop, warehouse):
    loop = make_loop(10, feed=made_up_feed(10, WithoutCandles)).run()
    for _ in range(5):
        next(loop)
    assert told(account(warehouse, last=5)) == [(3, 5, missed.NO_CANDLE)]
    list(loop)
    found = account(warehouse)
    assert told(found) == [(3, 6, missed.NO_CANDLE)]
    assert (found.decided, found.both) == (7, 0)


class FromTheEighth(MadeUpFeed):
    """The made-up market, heard from its eighth minute on."""

    def next_minute(self, *, after, timeout):
        return super().next_minute(after=max(after or 0, START + 7 * MINUTE), timeout=timeout)


@pytest.mark.slow
def test_a_loop_that_is_killed_in_an_outage_leaves_its_reasons_to_the_next(make_loop, warehouse):
    old = make_loop(10, feed=made_up_feed(10, WithoutCandles), owner="old").run()
    for _ in range(5):
        next(old)
    later = FakeClock(SystemClock().now() + STALE_AFTER + MINUTE)
    taken = lease.acquire(warehouse, "btc", "new", later.now(), STALE_AFTER)
    lease.release(warehouse, taken, later.now())
    list(make_loop(10, feed=made_up_feed(10, FromTheEighth), owner="new").run())
    assert told(account(warehouse)) == [(3, 5, missed.NO_CANDLE), (5, 7, missed.NO_LOOP)]
    with pytest.raises(LeaseLost):
        next(old)


class Tardy(WithoutCandles):
    """Three minutes in a row are handed over when the next is over."""

    lost = ()
    late = range(4, 7)


def test_a_late_minute_is_skipped_and_not_queued_and_the_habit_is_told_once(make_loop, warehouse):
    reports = list(make_loop(10, feed=made_up_feed(10, Tardy)).run())
    assert [r.missed for r in reports if r.decision is None] == [missed.LATE] * 3
    found = account(warehouse)
    assert told(found) == [(3, 6, missed.LATE)]
    with warehouse.reading() as connection:
        messages = [m for m in outbox.pending(connection) if m.topic == late.TOPIC]
    assert [m.payload["kind"] for m in messages] == ["fault", "recovered"]


def test_two_late_minutes_are_no_habit(warehouse):
    watch = late.Punctuality(warehouse)
    for behind in (MINUTE, MINUTE, 0, MINUTE, MINUTE):
        watch.done(START, START + behind, 0)
    with warehouse.reading() as connection:
        assert outbox.newest(connection, late.TOPIC) is None
    assert watch.in_a_row == 2


def test_a_habit_that_could_not_be_told_is_told_with_the_next_minute(warehouse, monkeypatch):
    refused = iter([WarehouseUnavailable("away")])

    def add(connection, messages, add=outbox.add):
        for error in refused:
            raise error
        return add(connection, messages)

    monkeypatch.setattr(outbox, "add", add)
    watch = late.Punctuality(warehouse)
    for number in range(4):
        watch.done(START + number, START + number + MINUTE, 0)
    with warehouse.reading() as connection:
        assert outbox.newest(connection, late.TOPIC).payload["as_of"] == START + 3


class Stalled(WithoutCandles):
    lost = range(3, 99)


def test_a_stuck_loop_makes_room_for_a_successor_that_stands_by(make_loop, warehouse, monkeypatch):
    loop = make_loop(10, feed=made_up_feed(10, Stalled), owner="old")
    reports = loop.run()
    for _ in range(4):
        next(reports)
    now = SystemClock().now()
    held = lease.read(warehouse, "btc")
    lease.ask_handover(warehouse, "btc", held.fence, "it decided nothing")
    lease.stand_by(warehouse, "btc", "new", now, STALE_AFTER)
    next(reports)
    next(reports)
    assert loop.successor is None
    monkeypatch.setattr("babingepet_services.btc.loop.STUCK", 0.0)
    list(reports)
    assert loop.successor == "new"


@pytest.fixture
def settings(tmp_path, warehouse_url):
    return load_settings(data_dir=tmp_path, database_url=warehouse_url)


def test_the_report_ends_where_a_played_market_is_known_to_end(settings, warehouse):
    stored(warehouse, 1, 2, noted=[(2, 5, "asleep")])
    document = minute_report(settings, FakeClock(), first="2025-05-10")
    assert (document["to"], document["minutes"]) == (b.START + 5 * MINUTE, 5)
    assert document["source"] == b.SOURCE
    assert document["stretches"] == [
        {
            "start": b.START + 2 * MINUTE,
            "end": b.START + 5 * MINUTE,
            "minutes": 3,
            "state": "missed",
            "reason": "asleep",
        }
    ]


@pytest.mark.parametrize(("age", "begins", "unknown"), [(10, 0, 9), (3 * 1440, 2 * 1440, 1440)])
def test_of_the_real_market_it_ends_now_and_tells_a_day_or_since_the_book_began(
    settings, warehouse, age, begins, unknown
):
    decision = b.decision(1, source="binance")
    portfolio = b.portfolio(1, source="binance")
    write = b.cycle(1, gaps=[], decision=decision, portfolio=portfolio)
    cycles.commit(warehouse, None, write, now=b.START)
    document = minute_report(settings, FakeClock(b.START + age * MINUTE + 999))
    assert document["from"] == b.START + begins * MINUTE
    assert document["to"] == b.START + age * MINUTE
    assert document["unknown"] == unknown


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "last"), [("2025-05-11", "2025-05-10"), ("2020-01-01", None), ("soon", None)]
)
def test_a_period_that_is_none_is_refused(settings, warehouse, first, last):
    stored(warehouse, 1)
    with pytest.raises(InputError, match="--from"):
        minute_report(settings, FakeClock(), first, last)
