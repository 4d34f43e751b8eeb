"""Sockets and REST are asked the same question now and then; what was heard always stays."""

from collections.abc import Callable

import pytest

from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.binance.feed import BinanceFeed
from babingepet_resources.clients.feed import Agreement, CollectedMinute
from tests.resources.clients.scripted_exchange import (
    START,
    ScriptedExchange,
    answer,
    kline,
    kline_message,
    minute,
    trade_message,
    trade_row,
)

Connect = Callable[..., BinanceFeed]
T1, T2, T3 = START + MINUTE, START + 2 * MINUTE, START + 3 * MINUTE
SIDES = {"v": "5.0", "V": "3.0"}


@pytest.fixture
def compared(exchange: ScriptedExchange, connect: Connect) -> Callable[..., list[CollectedMinute]]:
    """Two minutes heard, and a third in which REST is asked about the first of them."""

    def collect(every: int = 1, **told: object) -> list[CollectedMinute]:
        exchange.trades = [trade_row(0, START - 1_000)]
        exchange.candles[START - MINUTE] = kline(START - MINUTE)
        feed = connect(agree_every=every)
        exchange.mark(START)
        minutes = [minute(feed)]
        for number, as_of in enumerate((T1, T2)):
            first = 1 + 2 * number
            exchange.send("market", trade_message(first, as_of - 900, q="3.0"))
            exchange.send("market", trade_message(first + 1, as_of - 800, q="2.0", m=True))
            exchange.send("market", kline_message(as_of - MINUTE))
            exchange.candles[as_of - MINUTE] = kline(as_of - MINUTE, **told)
            exchange.mark(as_of)
            minutes.append(minute(feed, as_of - MINUTE))
        return minutes

    return collect


def test_what_is_told_alike_is_no_disagreement(compared: Callable[..., list[CollectedMinute]]):
    _, first, second = compared()
    assert first.agreement is None
    assert second.agreement == Agreement(START, T1, compared=10, differing=())
    assert "disagreements" not in second.health.counters


@pytest.mark.parametrize(
    ("told", "differing"),
    [
        ({"c": "101.5"}, [("candles", "close", 101.0, 101.5)]),
        (
            {"v": "5.5"},
            [("candles", "base_volume", 5.0, 5.5), ("trades", "base_volume", 5.0, 5.5)],
        ),
        (
            {"V": "2.5"},
            [
                ("candles", "taker_buy_base_volume", 3.0, 2.5),
                ("trades", "taker_buy_base_volume", 3.0, 2.5),
            ],
        ),
    ],
    ids=["a price", "the volume", "the taker's side"],
)
def test_what_rest_tells_otherwise_is_counted_and_does_not_replace_what_was_heard(
    compared: Callable[..., list[CollectedMinute]],
    told: dict[str, str],
    differing: list[tuple[str, str, float, float]],
):
    _, first, second = compared(**told)
    assert second.agreement is not None
    found = [(one.feed, one.column, one.heard, one.told) for one in second.agreement.differing]
    assert found == differing
    assert {one.open_time for one in second.agreement.differing} == {START}
    assert second.health.counters["disagreements"] == len(differing)
    assert first.candles.close.tolist() == second.candles.close.tolist() == [101.0]


def test_a_trade_that_came_a_minute_late_counts_for_its_own_minute(
    exchange: ScriptedExchange, connect: Connect
):
    exchange.trades = [trade_row(0, START - 1_000)]
    exchange.candles = {time: kline(time) for time in (START - MINUTE, START)}
    feed = connect(agree_every=1)
    exchange.mark(START)
    minute(feed)
    exchange.send("market", kline_message(START), trade_message(1, START + 1, q="3.0"))
    exchange.mark(T1)
    minute(feed, START)
    exchange.send("market", trade_message(2, T1 - 1, q="2.0", m=True), kline_message(T1))
    exchange.mark(T2)
    agreement = minute(feed, T1).agreement
    assert agreement is not None
    assert agreement.differing == ()


def test_rest_is_asked_only_now_and_then_and_for_a_weight_of_one(
    exchange: ScriptedExchange, compared: Callable[..., list[CollectedMinute]]
):
    minutes = compared(every=15)  # the first minute ends a quarter of an hour: nothing was heard
    assert [one.agreement for one in minutes] == [None, None, None]
    assert exchange.requests.count("klines") == 2


def test_a_comparison_that_is_refused_is_made_later(exchange: ScriptedExchange, connect: Connect):
    exchange.candles = {START + n * MINUTE: kline(START + n * MINUTE) for n in range(-1, 4)}
    exchange.status["feeds"] = ["candles"]
    feed = connect(agree_every=1)
    exchange.send("market", {"e": "clock", "E": START})
    minute(feed)
    for as_of in (T1, T2, T3):
        exchange.send("market", kline_message(as_of - MINUTE), {"e": "clock", "E": as_of})
        if as_of == T2:
            exchange.next_answers.append(answer(400, '{"code":-1000,"msg":"busy"}'))
        got = minute(feed, as_of - MINUTE)
        if as_of == T2:
            assert (got.agreement, got.gaps) == (None, ())
    assert got.agreement == Agreement(START, T2, compared=16, differing=())


def test_a_candle_that_was_fetched_is_not_compared_with_itself(
    exchange: ScriptedExchange, connect: Connect
):
    exchange.candles = {START + n * MINUTE: kline(START + n * MINUTE) for n in range(-1, 4)}
    exchange.status["feeds"] = ["candles"]
    feed = connect(agree_every=1)
    for as_of in (START, T1, T2):
        exchange.send("market", {"e": "clock", "E": as_of})
        assert minute(feed, as_of - MINUTE).agreement is None
