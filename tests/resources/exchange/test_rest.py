"""The REST side of the exchange as python-binance meets it."""

import pyarrow as pa
import pyarrow.parquet
from binance.exceptions import BinanceAPIException

from babingepet_resources.exchange.limits import WeightBudget
from babingepet_resources.exchange.opening import open_source
from babingepet_resources.exchange.simulated import SimulatedMarket
from babingepet_resources.exchange.threaded import serve_in_thread

MINUTE = 60_000
START = 1_700_000_040_000
SIMULATED_START = 1_735_689_600_000


def test_candles_arrive_in_binances_shape_and_pages(candles, with_client):
    async def talk(client):
        ask = client.binance.futures_klines
        return (
            await ask(symbol="BTCUSDT", interval="1m", limit=1),
            await ask(symbol="BTCUSDT", interval="1m", startTime=START, limit=2),
            await ask(symbol="BTCUSDT", interval="5m", startTime=START, limit=2),
        )

    with serve_in_thread(candles, speed=None, start=START + 20 * MINUTE) as exchange:
        newest, oldest, longer = with_client(exchange.url, talk)
    assert newest == [
        [
            START + 19 * MINUTE, "119.00000000", "121.00000000", "118.00000000", "120.00000000",
            "2.50000000", START + 20 * MINUTE - 1, "297.50000000", 7, "1.50000000",
            "178.50000000", "0",
        ]
    ]  # fmt: skip
    assert [row[0] for row in oldest] == [START, START + MINUTE]
    first = START // (5 * MINUTE) * 5 * MINUTE + 5 * MINUTE
    assert [(row[0], row[5]) for row in longer] == [
        (first, "12.50000000"), (first + 5 * MINUTE, "12.50000000"),
    ]  # fmt: skip


def test_mistakes_are_refused_in_binances_words(candles, with_client):
    async def talk(client):
        b = client.binance
        return [
            await client.refusal(call)
            for call in (
                b.futures_klines(symbol="NOPE", interval="1m"),
                b.futures_klines(interval="1m"),
                b.futures_klines(symbol="BTCUSDT"),
                b.futures_klines(symbol="BTCUSDT", interval="7m"),
                b.futures_klines(symbol="BTCUSDT", interval="1m", limit=1501),
                b.futures_klines(symbol="BTCUSDT", interval="1m", startTime="x"),
                b.futures_klines(symbol="BTCUSDT", interval="1m", startTime=5, endTime=4),
                b.futures_aggregate_trades(symbol="BTCUSDT"),
                b.futures_order_book(symbol="BTCUSDT"),
                b.futures_open_interest(symbol="BTCUSDT"),
                b.futures_mark_price(symbol="BTCUSDT"),
                b.futures_symbol_ticker(symbol="BTCUSDT"),
            )
        ]

    with serve_in_thread(candles) as exchange:
        refusals = with_client(exchange.url, talk)
    assert [(status, code) for status, code, _ in refusals] == [
        (400, -1121), (400, -1102), (400, -1102), (400, -1120), (400, -1130), (400, -1102),
        (400, -1023), (400, -1020), (400, -1020), (400, -1020), (400, -1020), (404, -5000),
    ]  # fmt: skip
    assert refusals[0][2] == "Invalid symbol."
    assert "'trades' was not recorded" in refusals[7][2]


def test_limits_and_spans_are_refused_as_binance_refuses_them(with_client):
    async def talk(client):
        b, symbol = client.binance, {"symbol": "BTCUSDT"}
        return [
            await client.refusal(call)
            for call in (
                b.futures_order_book(**symbol, limit=7),
                b.futures_aggregate_trades(**symbol, startTime=0, endTime=3_600_001),
                b.futures_aggregate_trades(**symbol, limit=1_001),
                b.futures_klines(**symbol, interval="1m", startTime=10**20),
                b.futures_funding_rate(**symbol, limit=1_001),
            )
        ]

    with serve_in_thread(SimulatedMarket(seed=1)) as exchange:
        refusals = with_client(exchange.url, talk)
    assert [code for _, code, _ in refusals] == [-4021, -1127, -1130, -1102, -1130]


def test_every_feed_of_the_simulated_market_answers(with_client):
    async def talk(client):
        b, symbol = client.binance, {"symbol": "BTCUSDT"}
        return (
            await b.futures_order_book(**symbol, limit=100),
            await b.futures_orderbook_ticker(**symbol),
            await b.futures_mark_price(**symbol),
            await b.futures_funding_rate(**symbol),
            await b.futures_aggregate_trades(**symbol, startTime=SIMULATED_START - 9_000),
            await b.futures_klines(**symbol, interval="1d", limit=100),
        )

    with serve_in_thread(SimulatedMarket(seed=1)) as exchange:
        book, quotes, marks, funding, trades, days = with_client(exchange.url, talk)
    assert len(book["bids"]) == len(book["asks"]) == 100
    assert quotes["bidPrice"] == book["bids"][0][0]
    assert float(quotes["bidPrice"]) < float(marks["markPrice"])
    assert (len(funding), funding[-1]["fundingTime"]) == (100, SIMULATED_START)
    assert SIMULATED_START - 9_000 <= trades[0]["T"] <= trades[-1]["T"] < SIMULATED_START
    assert [row[0] for row in days[-2:]] == [SIMULATED_START - n * 1_440 * MINUTE for n in (2, 1)]
    assert len(days) == 100


def test_the_instrument_states_ticks_and_steps(candles, stream_2023, with_client):
    async def talk(client):
        info = await client.binance.futures_exchange_info()
        filters = {f["filterType"]: f for f in info["symbols"][0]["filters"]}
        tick, step = filters["PRICE_FILTER"]["tickSize"], filters["LOT_SIZE"]["stepSize"]
        return tick, step, filters["MIN_NOTIONAL"]["notional"]

    with serve_in_thread(stream_2023) as exchange:
        assert with_client(exchange.url, talk) == ("0.10", "0.001", "100")


def test_each_request_weighs_and_too_many_are_refused(candles, with_client):
    async def talk(client):
        used = []
        for limit in (100, 500, 1000, 1500):
            await client.binance.futures_klines(symbol="BTCUSDT", interval="1m", limit=limit)
            used.append(int(client.binance.response.headers["X-MBX-USED-WEIGHT-1M"]))
        for _ in range(120):
            await client.refusal(client.binance.futures_aggregate_trades(symbol="BTCUSDT"))
        try:
            await client.binance.futures_ping()
        except BinanceAPIException as error:
            return used, error.status_code, error.code, error.response.headers["Retry-After"]
        return used

    with serve_in_thread(candles) as exchange:
        used, status, code, retry_after = with_client(exchange.url, talk)
    assert [weight - used[0] for weight in used] == [0, 2, 7, 17]
    assert (status, code) == (429, -1003)
    assert 1 <= int(retry_after) <= 60


def test_the_weight_of_a_fast_exchange_is_counted_by_its_own_minutes():
    now = [0]
    budget = WeightBudget(lambda: now[0], monotonic=lambda: 7.0)
    assert budget.spend(2_400)
    assert not budget.spend(1)
    now[0] = MINUTE
    assert budget.spend(1)


def test_before_its_snapshot_the_book_is_not_known_yet_rather_than_not_recorded(
    stream_2023, with_client
):
    async def talk(client):
        return await client.refusal(client.binance.futures_order_book(symbol="BTCUSDT"))

    with serve_in_thread(stream_2023, speed=None) as exchange:
        status, code, message = with_client(exchange.url, talk)
    assert (status, code) == (503, -1001)
    assert "the order book is not known yet" in message


def test_a_funding_file_is_served_as_settlements_on_their_minute(
    write_minutes, tmp_path, with_client
):
    eight_hours = 8 * 3_600_000
    settled = START // eight_hours * eight_hours
    path = tmp_path / "funding.parquet"
    times = [settled - eight_hours, settled + 6, settled + eight_hours]
    pyarrow.parquet.write_table(
        pa.table({"funding_time": times, "funding_rate": [1e-4, -2e-5, 3e-4]}), path
    )
    source = open_source(
        "recorded", data=[write_minutes(), path], symbol="BTCUSDT", start=None, seed=0
    )

    async def talk(client):
        rows = await client.binance.futures_funding_rate(symbol="BTCUSDT")
        premium = await client.binance.futures_mark_price(symbol="BTCUSDT")
        return rows, premium, await client.binance.futures_v1_get_funding_info()

    with serve_in_thread(source) as exchange:
        rows, premium, listed = with_client(exchange.url, talk)
    assert [(row["fundingTime"], row["fundingRate"]) for row in rows] == [
        (settled - eight_hours, "0.00010000"), (settled, "-0.00002000"),
    ]  # fmt: skip
    assert (premium["lastFundingRate"], premium["markPrice"]) == ("-0.00002000", "")
    assert premium["nextFundingTime"] == settled + eight_hours
    assert listed == []
