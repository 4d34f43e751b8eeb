"""The reduced tape goes on through restarts, late trades and older versions of itself."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from babingepet.market.frames import Trades
from babingepet.market.intervals import MINUTE
from babingepet.market.volume_clock import advance, volume_clock
from babingepet.signals.vpin import bucket_volume
from babingepet_resources.clients.feed import CollectedMinute
from babingepet_resources.warehouse import history, tape
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_services.capture.content import summary_digest, tape_minute, tape_summary
from babingepet_services.replay.cycle import replay_cycle
from scripts.bench.common.market import START, MadeUpFeed
from tests import factories as f
from tests.databases import Databases
from tests.services.conftest import LoopMaker, made_up_feed, new_loop

LATER_KEYS = {"last_trade_id", "volume_clock"}
MINUTES = 40


def reduced(database: Database) -> list[dict[str, Any]]:
    """What was stored of each minute since the market began, oldest first."""
    with database.reading() as connection:
        rows = tape.order_flow(connection, "BTCUSDT", "simulated", START, 2**60)
    assert [row.open_time for row in rows] == [START + k * MINUTE for k in range(len(rows))]
    return [dict(row.summary) for row in rows]


def trades_of(summaries: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    """What the trades of each minute came to."""
    names = ("trade_count", "last_trade_time", "last_trade_id", "prints", "volume_clock")
    return [tuple(summary.get(name) for name in names) for summary in summaries]


def is_replayed(database: Database, row: int) -> bool:
    """Whether the decision of that row can be made again."""
    with database.reading() as connection:
        decisions = history.decisions(connection, "paper", "BTCUSDT", 0, 2**60)
    return replay_cycle(database, "paper", decisions[row].cycle_id).identical


@pytest.fixture(scope="module")
def unbroken(
    lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    """The minutes of a loop that never stopped."""
    database = open_database(lasting_databases.upgraded(tmp_path_factory.mktemp("unbroken")))
    list(new_loop(database, MINUTES).run())
    found = reduced(database)
    database.close()
    return found


def test_the_volume_clock_counts_all_trades_of_the_tape(unbroken: list[dict[str, Any]]) -> None:
    feed = made_up_feed(MINUTES)
    minutes = [feed.next_minute(after=START + k * MINUTE, timeout=1) for k in range(MINUTES)]
    trades = Trades.concat(minute.trades for minute in minutes)
    size = bucket_volume(feed.minutes, START)
    clock, signed = advance(volume_clock(size), trades.quantity, trades.is_buyer_maker)
    assert len(signed) >= 2
    last = unbroken[-1]["volume_clock"]
    assert last == {**clock._asdict(), "recent": signed.tolist()}
    assert sum(summary["trade_count"] for summary in unbroken) == len(trades)


class Reconnected(MadeUpFeed):
    """The made-up market; a client that begins late brings the quarter of an hour before."""

    begins = START

    def next_minute(self, *, after: int | None, timeout: float) -> CollectedMinute:
        minute = super().next_minute(after=after, timeout=timeout)
        if after is not None:
            return minute
        trades = [minute.trades]
        while minute.as_of < self.begins:
            minute = super().next_minute(after=minute.as_of, timeout=timeout)
            trades.append(minute.trades)
        window = Trades.concat(trades[-15:])
        return replace(minute, trades=window, trades_from=int(window.event_time[0]))


@pytest.mark.slow
@pytest.mark.parametrize("away", [0, 6])
def test_after_a_restart_no_trade_is_lost_or_counted_twice(
    away: int, make_loop: LoopMaker, warehouse: Database, unbroken: list[dict[str, Any]]
) -> None:
    list(make_loop(MINUTES, max_cycles=20).run())
    late = made_up_feed(MINUTES, Reconnected)
    assert isinstance(late, Reconnected)
    late.begins = START + (21 + away) * MINUTE
    list(make_loop(MINUTES, owner="second", feed=late).run())
    assert trades_of(reduced(warehouse)) == trades_of(unbroken)
    assert is_replayed(warehouse, 20)


@pytest.mark.slow
def test_after_a_longer_absence_the_volume_clock_begins_anew(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    list(make_loop(MINUTES, max_cycles=5).run())
    late = made_up_feed(MINUTES, Reconnected)
    assert isinstance(late, Reconnected)
    late.begins = START + 30 * MINUTE
    list(make_loop(MINUTES, owner="second", feed=late, max_cycles=1).run())
    with warehouse.reading() as connection:
        rows = tape.order_flow(connection, "BTCUSDT", "simulated", START + 5 * MINUTE, 2**60)
    assert [row.open_time for row in rows] == [START + k * MINUTE for k in range(15, 30)]
    clock = rows[0].summary["volume_clock"]
    poured = rows[0].taker_buy_base_volume + rows[0].taker_sell_base_volume
    assert clock["filled"] == pytest.approx(poured * 1e8)
    assert is_replayed(warehouse, -1)


class Late(MadeUpFeed):
    """The made-up market, whose exchange publishes the last trade of a minute after its end."""

    held = Trades.empty()

    def next_minute(self, *, after: int | None, timeout: float) -> CollectedMinute:
        minute = super().next_minute(after=after, timeout=timeout)
        newest = len(minute.trades) - 1
        known = Trades.concat([self.held, minute.trades.rows(0, newest)])
        self.held = minute.trades.rows(newest, newest + 1)
        return replace(minute, trades=known)


@pytest.mark.slow
def test_a_trade_that_came_late_is_counted_and_replayed(
    make_loop: LoopMaker, warehouse: Database, unbroken: list[dict[str, Any]]
) -> None:
    list(make_loop(MINUTES, feed=made_up_feed(MINUTES, Late)).run())
    found = reduced(warehouse)
    counts = [summary["trade_count"] for summary in found]
    assert counts == [199] + [200] * (MINUTES - 1)
    late, whole = found[-1]["volume_clock"], unbroken[-1]["volume_clock"]
    assert late["recent"] == whole["recent"]
    assert late["filled"] < whole["filled"]
    assert is_replayed(warehouse, -1)


def test_a_stored_minute_is_read_as_it_was() -> None:
    clock, _ = advance(volume_clock(0.3), np.array([1.0, 0.7]), np.array([True, False]))
    minute = f.tape_minute(last_trade_id=17, volume_clock=clock)
    again = tape_minute(minute.open_time, tape_summary(minute))
    assert again.last_trade_id == 17
    assert again.volume_clock is not None
    assert again.volume_clock[:3] == clock[:3]
    assert again.volume_clock.recent.tobytes() == clock.recent.tobytes()


def test_a_minute_stored_by_an_older_version_keeps_its_bytes() -> None:
    old = tape_summary(f.tape_minute())
    assert not LATER_KEYS & set(old)
    again = tape_summary(tape_minute(0, old))
    assert summary_digest(again) == summary_digest(old)


@pytest.mark.slow
def test_what_an_older_version_stored_is_replayed(
    make_loop: LoopMaker, warehouse: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_it_was(minute: Any) -> dict[str, Any]:
        summary: Callable[..., dict[str, Any]] = tape_summary
        return {k: v for k, v in summary(minute).items() if k not in LATER_KEYS}

    monkeypatch.setattr("babingepet_services.btc.facts.tape_summary", as_it_was)
    list(make_loop(8).run())
    assert not any(LATER_KEYS & set(summary) for summary in reduced(warehouse))
    assert is_replayed(warehouse, -1)
