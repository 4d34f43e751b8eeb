"""Many instruments at one exchange, as python-binance meets them."""

import asyncio
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet
import pytest

from babingepet.errors import InputError
from babingepet_resources.exchange import opening
from babingepet_resources.exchange.markets import Markets
from babingepet_resources.exchange.opening import open_markets, open_source
from babingepet_resources.exchange.threaded import serve_in_thread

MINUTE = 60_000
HOUR = 60 * MINUTE
START = 1_700_000_040_000


def candle_market(path, symbol):
    return open_source("recorded", data=[path], symbol=symbol, start=None, seed=0)


def folder_markets(folder, *symbols):
    return open_markets("recorded", data=[folder], symbols=symbols, start=None, seed=0)


@pytest.fixture
def three(write_minutes, tmp_path):
    """BTC with thirty minutes, ETH with ten cheaper ones, SOL that settles each four hours."""
    write_minutes("BTCUSDT-1m.parquet")
    write_minutes("ETHUSDT-1m.parquet", 10, volume=[4.0] * 10)
    write_minutes("SOLUSDT-1m.parquet", 10)
    settled = START // (4 * HOUR) * 4 * HOUR
    pyarrow.parquet.write_table(
        pa.table({"funding_time": [settled - 4 * HOUR, settled], "funding_rate": [1e-4, 3e-4]}),
        tmp_path / "SOLUSDT-funding.parquet",
    )
    return folder_markets(tmp_path, "BTCUSDT")


def test_every_symbol_of_a_folder_is_listed_with_its_filters(three, with_client):
    async def talk(client):
        info = await client.binance.futures_exchange_info()
        return info["symbols"], await client.status()

    with serve_in_thread(three) as exchange:
        listed, status = with_client(exchange.url, talk)
    assert [one["symbol"] for one in listed] == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    assert status["symbols"] == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    assert status["symbol"] == "BTCUSDT"
    kinds = ["PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "MIN_NOTIONAL"]
    assert all([f["filterType"] for f in one["filters"]] == kinds for one in listed)
    notionals = [one["filters"][3]["notional"] for one in listed]
    assert notionals == ["100", "20", "5"]


def test_each_symbol_is_answered_by_its_own_market_in_small_letters_too(three, with_client):
    async def talk(client):
        ask = client.binance.futures_klines
        volumes = [
            (await ask(symbol=symbol, interval="1m", limit=1))[0][5]
            for symbol in ("BTCUSDT", "ETHUSDT", "ethusdt")
        ]
        return volumes, await client.refusal(ask(symbol="XRPUSDT", interval="1m"))

    with serve_in_thread(three, start=START + 5 * MINUTE) as exchange:
        volumes, refusal = with_client(exchange.url, talk)
    assert volumes == ["2.50000000", "4.00000000", "4.00000000"]
    assert refusal == (400, -1121, "Invalid symbol.")


def test_without_a_symbol_all_that_have_the_feed_answer(three, with_client):
    async def talk(client):
        b = client.binance
        return (
            await b.futures_ticker(),
            await b.futures_funding_rate(),
            await b.futures_v1_get_funding_info(),
            await b.futures_mark_price(),
            await client.refusal(b.futures_orderbook_ticker()),
            int(b.response.headers["X-MBX-USED-WEIGHT-1M"]),
        )

    with serve_in_thread(three, start=START + 5 * MINUTE) as exchange:
        tickers, rates, intervals, marks, quotes, used = with_client(exchange.url, talk)
    assert [row["symbol"] for row in tickers] == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    assert [(row["symbol"], row["fundingRate"]) for row in rates] == [
        ("SOLUSDT", "0.00010000"), ("SOLUSDT", "0.00030000"),
    ]  # fmt: skip
    assert intervals == [{"symbol": "SOLUSDT", "fundingIntervalHours": 4, "disclaimer": False}]
    assert [(row["symbol"], row["lastFundingRate"]) for row in marks] == [("SOLUSDT", "0.00030000")]
    assert quotes[:2] == (400, -1020)
    assert used == 40 + 0 + 0 + 10 + 5


@pytest.mark.parametrize("limit", [1, 2, 9, 30, 100])
def test_settlements_of_all_instruments_are_the_newest_or_oldest_of_all(
    write_minutes, tmp_path, with_client, limit
):
    settled = START // (8 * HOUR) * 8 * HOUR
    every = []
    for symbol, hours in (("BTCUSDT", 8), ("SOLUSDT", 4), ("XRPUSDT", 1)):
        write_minutes(f"{symbol}-1m.parquet")
        times = [settled - n * hours * HOUR for n in reversed(range(20))]
        every += [(time, symbol) for time in times]
        rates = pa.table({"funding_time": times, "funding_rate": [1e-4] * 20})
        pyarrow.parquet.write_table(rates, tmp_path / f"{symbol}-funding.parquet")
    every.sort()
    first = every[25][0]

    async def talk(client):
        ask = client.binance.futures_funding_rate
        return await ask(limit=limit), await ask(limit=limit, startTime=first)

    with serve_in_thread(folder_markets(tmp_path, "BTCUSDT")) as exchange:
        newest, oldest = with_client(exchange.url, talk)
    assert [row["fundingTime"] for row in newest] == [time for time, _ in every[-limit:]]
    later = [time for time, _ in every if time >= first]
    assert [row["fundingTime"] for row in oldest] == later[:limit]


def test_streams_of_several_instruments_come_on_one_socket(three, with_client):
    async def talk(client):
        socket = await client.subscribe("ethusdt@kline_1m", "btcusdt@kline_1m", "!clock")
        (first,) = await client.until_marker(socket)
        await client.go_on(first["data"]["E"])
        return [(m["stream"], m["data"]["E"] - START) for m in await client.until_marker(socket)]

    with serve_in_thread(three, speed=None) as exchange:
        messages = with_client(exchange.url, talk)
    closing = MINUTE - 1
    assert messages == [
        ("btcusdt@kline_1m", closing), ("ethusdt@kline_1m", closing), ("!clock", MINUTE),
    ]  # fmt: skip


def test_a_file_that_is_wrong_fails_its_own_symbol_and_no_other(
    write_minutes, tmp_path, with_client
):
    write_minutes("BTCUSDT-1m.parquet")
    write_minutes("ETHUSDT-1m.parquet", close=[-1.0] * 30)

    async def talk(client):
        socket = await client.subscribe("ethusdt@kline_1m", "btcusdt@kline_1m", "!clock")
        (first,) = await client.until_marker(socket)
        await client.go_on(first["data"]["E"])
        heard = [m["stream"] for m in await client.until_marker(socket)]
        info = await client.binance.futures_exchange_info()
        wrong = client.binance.futures_klines(symbol="ETHUSDT", interval="1m")
        return heard, [one["symbol"] for one in info["symbols"]], await client.refusal(wrong)

    with serve_in_thread(folder_markets(tmp_path, "BTCUSDT"), speed=None) as exchange:
        heard, listed, (status, code, message) = with_client(exchange.url, talk)
    assert heard == ["btcusdt@kline_1m", "!clock"]
    assert listed == ["BTCUSDT"]
    assert (status, code) == (500, -1000)
    assert "ETHUSDT-1m.parquet: row 1, column 'close'" in message


def test_a_large_folder_serves_only_what_was_named(write_minutes, tmp_path, monkeypatch):
    for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT"):
        write_minutes(f"{symbol}-1m.parquet")
    monkeypatch.setattr(opening, "_SMALL_BYTES", 1_000)
    assert folder_markets(tmp_path, "ETHUSDT", "BTCUSDT").symbols == ("ETHUSDT", "BTCUSDT")


def test_a_file_named_by_itself_brings_no_neighbours(write_minutes):
    path = write_minutes("BTCUSDT-1m.parquet")
    write_minutes("ETHUSDT-1m.parquet")
    assert folder_markets(path, "BTCUSDT").symbols == ("BTCUSDT",)


def test_an_instrument_that_nobody_asks_for_is_never_opened(write_minutes, with_client):
    def explode():
        raise AssertionError("opened for nobody")

    markets = Markets(
        [candle_market(write_minutes("BTCUSDT-1m.parquet"), "BTCUSDT")], {"ETHUSDT": explode}
    )

    async def talk(client):
        await client.subscribe("btcusdt@kline_1m", "!clock")
        await asyncio.sleep(0.05)
        return await client.binance.futures_klines(symbol="BTCUSDT", interval="1m")

    with serve_in_thread(markets, speed=None, start=START + MINUTE) as exchange:
        assert len(with_client(exchange.url, talk)) == 1


def test_an_instrument_is_opened_once_and_fails_the_same_way_again(candles):
    asked = []

    def fail():
        asked.append(1)
        raise InputError("no such file")

    markets = Markets([candles], {"ETHUSDT": fail})
    for _ in range(2):
        with pytest.raises(InputError, match="no such file"):
            markets.open("ETHUSDT")
        assert markets.usable() == [candles]
    assert len(asked) == 1


@pytest.mark.slow
def test_every_simulated_symbol_can_be_asked_for_beside_the_one_that_plays(with_client):
    async def talk(client):
        b = client.binance
        info = await b.futures_exchange_info()
        filters = {
            one["symbol"]: {f["filterType"]: f for f in one["filters"]} for one in info["symbols"]
        }
        return (
            filters,
            await b.futures_ticker(),
            await b.futures_orderbook_ticker(),
            await b.futures_funding_rate(),
            await b.futures_v1_get_funding_info(),
            await b.futures_open_interest(symbol="1000PEPEUSDT"),
            await b.futures_open_interest_hist(symbol="SOLUSDT", period="5m", limit=500),
        )

    markets = open_markets("simulated", data=[], symbols=["ETHUSDT"], start=None, seed=3)
    now = markets.primary.info.start + 90_000
    with serve_in_thread(markets, speed=None, start=now) as exchange:
        filters, tickers, quotes, rates, intervals, reading, history = with_client(
            exchange.url, talk
        )
    symbols = list(filters)
    assert symbols == [row["symbol"] for row in tickers] == [row["symbol"] for row in quotes]
    assert (symbols[0], len(symbols)) == ("ETHUSDT", 31)
    assert filters["ADAUSDT"]["LOT_SIZE"]["stepSize"] == "1"
    assert filters["LTCUSDT"]["MIN_NOTIONAL"]["notional"] == "20"
    assert {row["fundingIntervalHours"] for row in intervals} == {4}
    times = [row["fundingTime"] for row in rates]
    assert (len(times), times) == (100, sorted(times))
    assert {row["symbol"] for row in rates if row["fundingTime"] == times[-1]} == set(symbols)
    assert 0 <= now - reading["time"] <= HOUR
    assert {b["timestamp"] - a["timestamp"] for a, b in pairwise(history)} == {5 * MINUTE}
    assert len(history) == 500
