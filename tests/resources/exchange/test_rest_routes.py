"""The day's figures, open interest and the age of trades, against references of their own."""

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from babingepet_resources.exchange.opening import open_source
from babingepet_resources.exchange.threaded import serve_in_thread
from tests.resources.exchange.conftest import minute_columns, stream_message

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 1_700_000_040_000


def test_the_ticker_is_the_last_24_hours_of_minutes(write_minutes, with_client):
    count = 2_000
    close = 100 + np.cumsum(np.random.default_rng(7).normal(0, 0.1, count))
    opened = np.roll(close, 1)
    columns = minute_columns(count) | {
        "open": opened, "close": close,
        "high": np.maximum(opened, close) + 0.5, "low": np.minimum(opened, close) - 0.5,
        "quote_volume": 2.5 * close, "taker_buy_quote": 1.5 * close,
    }  # fmt: skip
    source = open_source(
        "recorded", data=[write_minutes(count=count, **columns)], symbol="BTCUSDT", start=None,
        seed=0,
    )  # fmt: skip
    now = START + 1_900 * MINUTE + 30_000

    async def talk(client):
        return await client.binance.futures_ticker(symbol="BTCUSDT")

    with serve_in_thread(source, speed=None, start=now) as exchange:
        ticker = with_client(exchange.url, talk)
    day = pd.DataFrame(columns).set_index("open_time").loc[now - 30_000 - DAY : now - MINUTE]
    assert len(day) == 1_440
    expected = {
        "priceChange": day.close.iloc[-1] - day.open.iloc[0],
        "weightedAvgPrice": day.quote_volume.sum() / day.volume.sum(),
        "lastPrice": day.close.iloc[-1],
        "openPrice": day.open.iloc[0],
        "highPrice": day.high.max(),
        "lowPrice": day.low.min(),
        "volume": day.volume.sum(),
        "quoteVolume": day.quote_volume.sum(),
        "count": day.trades.sum(),
    }
    assert {name: float(ticker[name]) for name in expected} == pytest.approx(expected, abs=1e-7)
    change = (day.close.iloc[-1] / day.open.iloc[0] - 1) * 100
    assert float(ticker["priceChangePercent"]) == pytest.approx(change, abs=5e-4)
    assert (ticker["openTime"], ticker["closeTime"]) == (day.index[0], now)
    assert (ticker["lastQty"], ticker["firstId"], ticker["lastId"]) == ("", -1, -1)


def test_the_ticker_has_the_fields_that_the_exchange_sends(recorded_data, candles, with_client):
    async def talk(client):
        return await client.binance.futures_ticker(symbol="BTCUSDT")

    with serve_in_thread(candles, start=START + MINUTE) as exchange:
        ticker = with_client(exchange.url, talk)
    fixtures = recorded_data / "crypto" / "rest_ws_fixtures" / "rec-crypto-data"
    recorded = orjson.loads((fixtures / "binance_tickers.futures_api.json").read_bytes())[0]
    assert list(ticker) == list(recorded)
    assert list(map(type, ticker.values())) == list(map(type, recorded.values()))


@pytest.fixture
def readings(write_minutes, tmp_path):
    """Forty days of minutes and of open interest each four hours, the exchange's own CSV columns."""
    first = START // DAY * DAY
    minutes = 40 * 1_440
    write_minutes("BTCUSDT-1m.parquet", minutes, start=first)
    rows = ["symbol,sumOpenInterest,sumOpenInterestValue,CMCCirculatingSupply,timestamp"]
    rows += [
        f"BTCUSDT,{80_000 + n}.125,{5e9 + n},1997062.0,{first + n * 4 * HOUR}" for n in range(240)
    ]
    (tmp_path / "BTCUSDT-oi-4h.csv").write_text("\n".join(rows) + "\n")
    return first, open_source("recorded", data=[tmp_path], symbol="BTCUSDT", start=None, seed=0)


def test_recorded_open_interest_is_served_on_the_grid_it_was_recorded_on(readings, with_client):
    first, source = readings
    now = first + 35 * DAY + 6 * HOUR

    async def talk(client):
        b, symbol = client.binance, {"symbol": "BTCUSDT"}
        ask = b.futures_open_interest_hist
        return (
            await b.futures_open_interest(**symbol),
            await ask(**symbol, period="4h", limit=3),
            await ask(**symbol, period="5m", limit=500),
            await ask(**symbol, period="1d", startTime=first + 10 * DAY, limit=2),
        )

    with serve_in_thread(source, speed=None, start=now) as exchange:
        newest, latest, month, days = with_client(exchange.url, talk)
    number = 35 * 6 + 1
    assert newest == {
        "openInterest": f"{80_000 + number}.12500000", "symbol": "BTCUSDT",
        "time": first + number * 4 * HOUR,
    }  # fmt: skip
    assert [row["timestamp"] for row in latest] == [
        first + n * 4 * HOUR for n in (number - 2, number - 1, number)
    ]
    assert latest[-1]["sumOpenInterestValue"] == f"{5e9 + number:.8f}"
    assert len(month) == 30 * 6
    assert month[0]["timestamp"] >= now - 30 * DAY
    assert [row["timestamp"] for row in days] == [first + 10 * DAY, first + 11 * DAY]


def test_a_reading_is_not_known_before_it_was_taken(readings, with_client):
    first, source = readings

    async def talk(client):
        b, symbol = client.binance, {"symbol": "BTCUSDT"}
        return (
            await b.futures_open_interest_hist(**symbol, period="4h"),
            await b.futures_open_interest(**symbol),
        )

    with serve_in_thread(source, speed=None, start=first + 8 * HOUR) as exchange:
        history, newest = with_client(exchange.url, talk)
    assert [row["timestamp"] for row in history] == [first, first + 4 * HOUR]
    assert newest["time"] == first + 4 * HOUR


def test_the_history_of_open_interest_has_the_fields_that_the_exchange_sends(
    recorded_data, readings, with_client
):
    first, source = readings

    async def talk(client):
        return await client.binance.futures_open_interest_hist(symbol="BTCUSDT", period="4h")

    with serve_in_thread(source, start=first + DAY) as exchange:
        row = with_client(exchange.url, talk)[0]
    captured = recorded_data / "crypto" / "rest_ws_fixtures" / "captured_2026-08-02"
    recorded = orjson.loads((captured / "openInterestHist_1h.json").read_bytes())[0]
    assert list(row) == list(recorded)
    assert list(map(type, row.values())) == list(map(type, recorded.values()))


def test_old_open_interest_is_unknown_rather_than_present(write_minutes, tmp_path, with_client):
    path = tmp_path / "oi.parquet"
    hour = START // HOUR * HOUR
    times = [hour - 4 * HOUR, hour - 3 * HOUR]
    pyarrow.parquet.write_table(
        pa.table({"timestamp": times, "sum_open_interest": [80_000.0, 80_001.0]}), path
    )
    source = open_source(
        "recorded", data=[write_minutes(), path], symbol="BTCUSDT", start=None, seed=0
    )

    async def talk(client):
        b, symbol = client.binance, {"symbol": "BTCUSDT"}
        stale = await client.refusal(b.futures_open_interest(**symbol))
        return stale, await b.futures_open_interest_hist(**symbol, period="1h")

    with serve_in_thread(source, start=START + MINUTE) as exchange:
        (status, code, message), history = with_client(exchange.url, talk)
    assert (status, code) == (503, -1001)
    assert "the open interest is not known yet" in message
    assert [(row["timestamp"], row["sumOpenInterestValue"]) for row in history] == [
        (time, "") for time in times
    ]


def test_statistics_are_refused_as_the_exchange_refuses_them(readings, with_client):
    first, source = readings

    async def talk(client):
        ask = client.binance.futures_open_interest_hist
        now = first + 35 * DAY
        return [
            await client.refusal(ask(**query))
            for query in (
                {"period": "4h"},
                {"symbol": "BTCUSDT"},
                {"symbol": "BTCUSDT", "period": "3m"},
                {"symbol": "BTCUSDT", "period": "4h", "limit": 501},
                {"symbol": "BTCUSDT", "period": "4h", "startTime": now - 30 * DAY - 1},
            )
        ]

    with serve_in_thread(source, speed=None, start=first + 35 * DAY) as exchange:
        refusals = with_client(exchange.url, talk)
    assert [(status, code) for status, code, _ in refusals] == [
        (400, -1102), (400, -1102), (400, -1130), (400, -1130), (400, -1130),
    ]  # fmt: skip


def test_trades_older_than_two_days_are_refused(record_stream, with_client):
    def trade(number, time):
        return stream_message(
            "BTCUSDT", "trade", time, e="trade", T=time, t=number, p=f"{number}.10", q="0.5",
            X="MARKET", m=False,
        )  # fmt: skip

    moments = [START, START + HOUR, START + 3 * DAY, START + 3 * DAY + MINUTE]
    source = record_stream([trade(n, time) for n, time in enumerate(moments, 1)])
    now = START + 3 * DAY + 30_000

    async def talk(client):
        ask = client.binance.futures_aggregate_trades
        symbol = {"symbol": "BTCUSDT"}
        refused = [
            await client.refusal(ask(**symbol, **query))
            for query in (
                {"startTime": START},
                {"endTime": START + HOUR},
                {"fromId": 2},
            )
        ]
        return refused, await ask(**symbol, fromId=3), await ask(**symbol, startTime=now - HOUR)

    with serve_in_thread(source, speed=None, start=now) as exchange:
        refused, by_id, by_time = with_client(exchange.url, talk)
    assert refused == [(400, -4166, "Search window is restricted to recent 2 days only.")] * 3
    assert [row["T"] for row in by_id] == [row["T"] for row in by_time] == [START + 3 * DAY]
