"""Minutes as they come out of the sockets: gaps, repairs, disorder, and their counters."""

import asyncio
import time
from collections.abc import Callable

import pytest
from aiohttp import web

from babingepet_resources.clients.binance.feed import BinanceFeed
from tests.resources.clients.scripted_exchange import (
    START,
    ScriptedExchange,
    answer,
    depth_message,
    kline,
    kline_message,
    mark_message,
    minute,
    quote_message,
    trade_message,
    trade_row,
)

Connect = Callable[..., BinanceFeed]
T1, T2, T3 = START + 60_000, START + 120_000, START + 180_000


def test_a_minute_holds_what_the_sockets_brought(exchange: ScriptedExchange, feed: BinanceFeed):
    exchange.send("public", quote_message(7, START + 5), depth_message(START + 100))
    exchange.send(
        "market",
        trade_message(1, START + 5),
        trade_message(2, START + 9, m=True),
        mark_message(START + 1_000, rate="0.0001", next_time=START + 3_600_000),
        kline_message(START),
    )
    exchange.mark(T1)
    got = minute(feed, START)
    assert (got.as_of, got.clock) == (T1, T1)
    assert got.candles.open_time.tolist() == [START]
    assert got.trades.trade_id.tolist() == [1, 2]
    assert got.trades.is_buyer_maker.tolist() == [False, True]
    assert got.quotes.update_id.tolist() == [7]
    assert got.quotes_from == START
    assert got.depth is not None
    assert got.depth.bid_price.tolist() == [100.0, 99.9]
    assert got.mark_price == 100.2
    assert got.gaps == ()
    assert exchange.requests == []


def test_a_minute_waits_for_its_marker_on_every_socket(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.send("market", kline_message(START), {"e": "clock", "E": T1})
    assert feed.next_minute(after=START, timeout=0.1) is None
    exchange.send("public", {"e": "clock", "E": T1})
    assert minute(feed, START).as_of == T1


def test_rows_from_the_boundary_on_belong_to_the_next_minute(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.send("market", kline_message(START), trade_message(1, T1 - 1), trade_message(2, T1))
    exchange.send("public", quote_message(1, T1 - 1), quote_message(2, T1))
    exchange.mark(T1)
    first = minute(feed, START)
    exchange.send("market", kline_message(T1))
    exchange.mark(T2)
    second = minute(feed, T1)
    assert (first.trades.trade_id.tolist(), second.trades.trade_id.tolist()) == ([1], [2])
    assert (first.quotes.update_id.tolist(), second.quotes.update_id.tolist()) == ([1], [2])


def test_missing_trade_ids_are_fetched_and_the_gap_is_told(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.trades = [trade_row(n, START + n) for n in range(1, 10)]
    exchange.send("public", quote_message(1, START))
    exchange.send("market", kline_message(START), trade_message(1, START + 1))
    exchange.send("market", trade_message(6, START + 6))
    exchange.mark(T1)
    got = minute(feed, START)
    assert got.trades.trade_id.tolist() == [1, 2, 3, 4, 5, 6]
    assert got.trades_from == START - 1_000
    (gap,) = got.gaps
    assert (gap.feed, gap.start, gap.end, gap.repaired_from) == (
        "trades", START + 1, START + 6, "rest",
    )  # fmt: skip
    assert got.health.counters["repaired_trades"] == 4


def test_trades_that_cannot_be_fetched_break_the_coverage(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.send("public", quote_message(1, START))
    exchange.send("market", kline_message(START), trade_message(1, START + 1))
    exchange.send("market", trade_message(6, START + 6))
    exchange.next_answers.append(answer(400, '{"code":-4166,"msg":"too old"}'))
    exchange.mark(T1)
    got = minute(feed, START)
    assert got.trades.trade_id.tolist() == [1, 6]
    assert got.trades_from == START + 6
    (gap,) = got.gaps
    assert gap.repaired_from is None
    assert "too old" in gap.reason


def test_the_first_minute_carries_the_trades_of_the_quarter_of_an_hour_before(
    exchange: ScriptedExchange, connect: Connect
):
    exchange.trades = [trade_row(n, START - 1_000_000 + n * 400) for n in range(2_400)]
    feed = connect()
    exchange.mark(START)
    got = minute(feed)
    assert got.trades_from == START - 900_000
    assert got.trades.trade_id.tolist() == list(range(250, 2_400))


def test_a_window_that_pages_cannot_fill_is_covered_from_its_oldest_trade_on(
    exchange: ScriptedExchange, connect: Connect
):
    exchange.trades = [trade_row(n, START - 600_000 + n * 100) for n in range(5_000)]
    feed = connect(trade_pages=2)
    exchange.mark(START)
    got = minute(feed)
    assert got.trades.trade_id.tolist() == list(range(3_000, 5_000))
    assert got.trades_from == START - 300_000


def test_repeated_and_disordered_rows_come_once_and_in_order(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    order = (1, 3, 2, 3)
    exchange.send("market", kline_message(START), *[trade_message(n, START + n) for n in order])
    exchange.send("public", *[quote_message(n, START + n) for n in order])
    exchange.mark(T1)
    got = minute(feed, START)
    assert got.trades.trade_id.tolist() == [1, 2, 3]
    assert got.quotes.update_id.tolist() == [1, 2, 3]
    assert got.health.counters["duplicates"] == 2
    assert got.health.counters["out_of_order"] == 2


def test_a_row_older_than_the_last_minutes_newest_is_counted_and_left_out(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.trades = [trade_row(n, START + n) for n in range(1, 6)]
    exchange.send("market", kline_message(START), trade_message(5, START + 5))
    exchange.send("public", quote_message(5, START + 5))
    exchange.mark(T1)
    minute(feed, START)
    exchange.send("market", kline_message(T1), trade_message(5, T1 + 5), trade_message(6, T1 + 6))
    exchange.send("public", quote_message(4, T1 + 5), quote_message(6, T1 + 6))
    exchange.mark(T2)
    got = minute(feed, T1)
    assert got.trades.trade_id.tolist() == [6]
    assert got.quotes.update_id.tolist() == [6]
    assert got.health.counters["late"] == 2


def test_a_forming_candle_is_never_passed_on(exchange: ScriptedExchange, feed: BinanceFeed):
    exchange.send("market", kline_message(START, closed=False, c="100.9"))
    exchange.send("market", kline_message(START), kline_message(T1, closed=False))
    exchange.mark(T1)
    got = minute(feed, START)
    assert got.candles.close.tolist() == [101.0]
    assert got.health.counters["unclosed"] == 2


def test_unusable_messages_are_counted_and_go_no_further(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.send("market", kline_message(START, h="1.0"), trade_message(1, START, p="NaN"))
    exchange.send("market", trade_message(2, START, s="ETHUSDT"), {"e": "surprise", "E": START})
    exchange.send("public", quote_message(1, START, b="0"), depth_message(START, b=[["-1", "1"]]))
    exchange.candles[START] = kline(START)
    exchange.mark(T1)
    got = minute(feed, START)
    assert (len(got.trades), len(got.quotes), got.depth) == (0, 0, None)
    assert got.health.counters["rejected"] == 6
    assert got.candles.open_time.tolist() == [START]
    assert {(gap.feed, gap.repaired_from) for gap in got.gaps} == {
        ("candles", "rest"),
        ("trades", "rest"),
        ("quotes", None),
    }


def test_a_candle_the_exchange_does_not_have_either_is_a_gap(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.mark(T1)
    got = minute(feed, START)
    assert len(got.candles) == 0
    assert [(gap.feed, gap.start, gap.end, gap.repaired_from) for gap in got.gaps] == [
        ("candles", START, T1, None)
    ]


def test_a_reconnect_breaks_the_coverage_of_quotes_and_repairs_the_trades(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.send("public", quote_message(1, START + 1))
    exchange.send("market", trade_message(1, START + 1))
    exchange.mark(T1)
    exchange.candles[START] = kline(START)
    minute(feed, START)
    exchange.trades = [trade_row(n, START + n) for n in range(1, 4)]
    exchange.trades.append(trade_row(4, T1 + 700))
    exchange.drop("public")
    exchange.drop("market")
    exchange.send("public", quote_message(9, T1 + 500))
    exchange.send("market", kline_message(T1))
    exchange.mark(T2)
    got = minute(feed, T1)
    assert got.quotes_from == T1 + 500
    assert got.trades.trade_id.tolist() == [2, 3, 4]
    assert got.trades_from == START - 1_000
    assert {(gap.feed, gap.repaired_from) for gap in got.gaps} == {
        ("quotes", None),
        ("trades", "rest"),
    }
    assert got.health.counters["reconnects"] == 2


def test_quotes_are_covered_again_in_the_minute_after_a_reconnect(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.drop("public")
    exchange.send("public", quote_message(1, START + 500))
    exchange.mark(T1)
    minute(feed, START)
    exchange.mark(T2)
    got = minute(feed, T1)
    assert got.quotes_from == START + 500
    assert "quotes" not in {gap.feed for gap in got.gaps}


def test_a_frame_that_is_not_json_is_counted_and_breaks_the_coverage_of_quotes_only(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    async def garble() -> None:
        for socket in exchange._sockets["public"]:
            await socket.send_str('{"stream":"btc')

    exchange._await(garble())
    exchange.send("public", quote_message(1, START + 500))
    exchange.mark(T1)
    got = minute(feed, START)
    assert (got.health.counters["rejected"], exchange.connections["public"]) == (1, 1)
    assert START < got.quotes_from <= START + 500
    assert ("quotes", None) in {(gap.feed, gap.repaired_from) for gap in got.gaps}


def test_a_settlement_is_read_off_the_mark_price_when_the_list_lacks_it(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    following = T1 + 28_800_000
    exchange.send("market", kline_message(START))
    exchange.send("market", mark_message(T1 - 1_000, rate="0.0003", next_time=T1))
    exchange.mark(T1)
    assert len(minute(feed, START).funding) == 0
    exchange.send("market", kline_message(T1))
    exchange.send("market", mark_message(T1 + 1_000, rate="-0.0009", next_time=following))
    exchange.mark(T2)
    funding = minute(feed, T1).funding
    assert funding.funding_time.tolist() == [T1]
    assert funding.funding_rate.tolist() == [0.0003]
    assert funding.interval_hours.tolist() == [4.0]
    assert funding.derived.tolist() == [True]
    exchange.mark(T3)
    assert len(minute(feed, T2).funding) == 0
    assert feed.funding_rates(T1, T2).derived.tolist() == [True]


def test_a_settlement_is_handed_over_on_its_hour_and_only_once(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    hour = START - START % 3_600_000 + 3_600_000
    exchange.settlements = [{"fundingTime": hour + 4, "fundingRate": "0.0001"}]
    exchange.mark(hour)
    assert minute(feed, hour - 60_000).funding.funding_time.tolist() == [hour]
    exchange.mark(hour + 3_600_000)
    assert len(minute(feed, hour + 3_540_000).funding) == 0


def test_a_listed_settlement_wins_over_the_derived_one(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.settlements = [{"fundingTime": T1 + 4, "fundingRate": "0.0004"}]
    exchange.send("market", mark_message(T1 - 1_000, rate="0.0003", next_time=T1))
    exchange.mark(T1)
    funding = minute(feed, START).funding
    assert funding.funding_rate.tolist() == [0.0004]
    assert funding.derived.tolist() == [False]
    exchange.send("market", mark_message(T1 + 1_000, rate="0.0001", next_time=T1 + 28_800_000))
    exchange.mark(T2)
    assert len(minute(feed, T1).funding) == 0


def test_a_candle_the_exchange_has_only_later_comes_with_a_later_minute(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.mark(T1)
    assert len(minute(feed, START).candles) == 0
    exchange.candles[START] = kline(START)
    exchange.send("market", kline_message(T1))
    exchange.mark(T2)
    got = minute(feed, T1)
    assert got.candles.open_time.tolist() == [START, T1]
    assert [(gap.start, gap.repaired_from) for gap in got.gaps] == [(START, "rest")]
    exchange.send("market", kline_message(T2))
    exchange.mark(T3)
    assert minute(feed, T2).candles.open_time.tolist() == [T2]


@pytest.mark.slow
def test_repairs_of_a_slow_exchange_end_at_the_deadline(
    exchange: ScriptedExchange, connect: Connect
):
    exchange.trades = [trade_row(n, START - 600_000 + n * 50) for n in range(12_000)]
    feed = connect(deadline_s=0.5, attempt_s=0.4)

    async def slow(request):
        await asyncio.sleep(0.2)
        return web.json_response(exchange._answer_aggTrades(request.query))

    exchange.candles[START - 60_000] = kline(START - 60_000)
    exchange.next_answers.append(lambda _: web.json_response([kline(START - 60_000)]))
    exchange.next_answers.extend([slow] * 9)
    exchange.mark(START)
    began = time.monotonic()
    got = minute(feed)
    assert time.monotonic() - began < 8
    assert got.trades_from == got.trades.event_time[0] > START - 300_000
    assert "0.5 s" in next(gap.reason for gap in got.gaps if gap.feed == "trades")
    exchange.next_answers.clear()


@pytest.mark.parametrize(
    ("asked_at", "expected"), [(START - 1_000, 99.5), (START, None), (START - 61_000, None)]
)
def test_the_first_minutes_mark_price_is_asked_for_when_its_socket_came_too_late(
    exchange: ScriptedExchange, connect: Connect, asked_at: int, expected: float | None
):
    exchange.premium_index = {"symbol": "BTCUSDT", "markPrice": "99.5", "time": asked_at}
    feed = connect()
    exchange.mark(START)
    assert minute(feed).mark_price == expected
    exchange.mark(T1)
    assert minute(feed, START).mark_price is None
