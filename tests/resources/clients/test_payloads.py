import math

import numpy as np
import pytest

from babingepet_resources.clients.binance import payloads
from tests.resources.clients.scripted_exchange import (
    START,
    depth_message,
    kline,
    kline_message,
    mark_message,
    quote_message,
    trade_message,
)


def test_a_candle_is_parsed_into_the_frames_column_order():
    assert payloads.candle(kline(START), 60_000) == (
        START, 100.0, 102.0, 99.0, 101.0, 5.0, 500.0, 7.0, 3.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    "over",
    [
        {"o": "0"},
        {"c": "-1.0"},
        {"h": "NaN"},
        {"h": "inf"},
        {"h": "98.0", "l": "99.0"},
        {"o": "103.0"},
        {"c": "98.5"},
        {"v": "-1"},
        {"q": "nan"},
        {"n": -3},
        {"V": "6.0"},
        {"T": START + 1},
        {"t": START + 30_000, "T": START + 89_999},
        {"l": None},
        {"v": "abc"},
    ],
)
def test_an_impossible_candle_is_refused(over: dict):
    with pytest.raises(payloads.BAD_ROW):
        payloads.candle(kline(START, **over), 60_000)


def test_a_short_candle_row_is_refused():
    with pytest.raises(payloads.BAD_ROW):
        payloads.candle(kline(START)[:8], 60_000)


def test_a_forming_candle_is_none_and_a_closed_one_equals_the_rest_row():
    assert payloads.closed_candle(kline_message(START, closed=False)) is None
    assert payloads.closed_candle(kline_message(START)) == payloads.candle(kline(START), 60_000)


def test_a_column_that_was_never_recorded_is_nan():
    row = payloads.without(payloads.candle(kline(START), 60_000), frozenset({8}))
    assert math.isnan(row[8])
    assert row[:8] == payloads.candle(kline(START), 60_000)[:8]


@pytest.mark.parametrize(
    "over",
    [{"p": "0"}, {"p": "NaN"}, {"q": "-0.1"}, {"q": "0"}, {"m": "true"}, {"a": None}, {"T": "x"}],
)
def test_an_impossible_trade_is_refused(over: dict):
    with pytest.raises(payloads.BAD_ROW):
        payloads.trade(trade_message(1, START, **over))


@pytest.mark.parametrize("over", [{"b": "0"}, {"a": "inf"}, {"B": "-1"}, {"A": "nan"}, {"u": None}])
def test_an_impossible_quote_is_refused(over: dict):
    with pytest.raises(payloads.BAD_ROW):
        payloads.quote(quote_message(1, START, **over))


def test_a_mark_price_without_a_rate_has_none():
    assert payloads.mark_price(mark_message(START, rate="", next_time=0)).funding_rate is None
    rate = payloads.mark_price(mark_message(START, rate="-0.0002", next_time=1)).funding_rate
    assert rate == -0.0002


def test_a_settlement_time_is_floored_to_its_minute():
    row = {"fundingTime": START + 7, "fundingRate": "0.0001"}
    assert payloads.funding(row) == (START, 0.0001)


def test_a_book_with_one_side_shorter_has_nan_there():
    book = payloads.book(depth_message(START))
    assert book.level.tolist() == [0, 1]
    assert book.bid_price.tolist() == [100.0, 99.9]
    assert np.isnan(book.ask_price[1])


@pytest.mark.parametrize(
    "over", [{"b": [["99.9", "1"], ["100.0", "1"]]}, {"a": [["0", "1"]]}, {"a": [["100.1"]]}]
)
def test_an_impossible_book_is_refused(over: dict):
    with pytest.raises(payloads.BAD_ROW):
        payloads.book(depth_message(START, **over))


def listing(**replaced):
    lots = {"stepSize": "0.001", "minQty": "0.001"}
    filters = {
        "PRICE_FILTER": {"tickSize": "0.10"},
        "LOT_SIZE": lots,
        "MARKET_LOT_SIZE": lots,
        "MIN_NOTIONAL": {"notional": "100"},
    } | replaced
    rows = [{"filterType": name} | one for name, one in filters.items() if one is not None]
    return {
        "symbols": [{"symbol": "ETHUSDT", "filters": []}, {"symbol": "BTCUSDT", "filters": rows}]
    }


def test_the_stricter_of_the_two_lot_filters_counts():
    stated = listing(MARKET_LOT_SIZE={"stepSize": "0.01", "minQty": "0.02"})
    assert payloads.filters(stated, "BTCUSDT") == (0.1, 0.01, 0.02, 100.0)
    assert payloads.filters(listing(MARKET_LOT_SIZE=None), "BTCUSDT") == (0.1, 0.001, 0.001, 100.0)


@pytest.mark.parametrize(
    ("stated", "symbol"),
    [
        (listing(), "XRPUSDT"),
        (listing(), "ETHUSDT"),
        (listing(MIN_NOTIONAL=None), "BTCUSDT"),
        (listing(PRICE_FILTER={"tickSize": "0"}), "BTCUSDT"),
        (listing(LOT_SIZE={"stepSize": "nan", "minQty": "1"}), "BTCUSDT"),
        ({}, "BTCUSDT"),
    ],
)
def test_limits_that_are_missing_or_senseless_are_refused(stated, symbol):
    with pytest.raises(payloads.BAD_ROW):
        payloads.filters(stated, symbol)
