"""Recorded markets as frames, for the comparisons with reference implementations."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from babingepet.market.frames import Candles, FundingRates, Quotes, Trades
from babingepet.market.intervals import DAY, MINUTE

ETF_FLOWS = "crypto/etf_flows/btc_spot_etf_flows_farside.csv"
FUNDING = "crypto/btc_perp_funding/BTCUSDT-funding-8h-2022-01_2025-05.parquet"
SPOT_HOURS = "crypto/btc_spot_1h/BTCUSDT-spot-1h-2017-08_2025-05.parquet"
SPOT_MINUTES = "crypto/btc_spot_1m/BTCUSDT-spot-1m-2023-06_2025-05.parquet"
BOOKS = ("usdm_btcusdt_20230405.dat.gz", "usdm_btcusdt_20240719.gz")


@lru_cache(maxsize=2)
def spot_minutes(folder: Path, start: int, days: int) -> Candles:
    """Recorded minutes of some days."""
    import pyarrow.parquet as pq

    end = start + days * DAY
    return _candles(
        pq.read_table(
            folder / SPOT_MINUTES, filters=[("open_time", ">=", start), ("open_time", "<", end)]
        )
    )


@lru_cache(maxsize=1)
def spot_hours(folder: Path) -> Candles:
    """Recorded hours of almost eight years."""
    import pyarrow.parquet as pq

    return _candles(pq.read_table(folder / SPOT_HOURS))


def _candles(table: Any) -> Candles:
    columns = {
        "open_time": "open_time",
        "open": "open",
        "high": "high",
        "low": "low",
        "close": "close",
        "base_volume": "volume",
        "quote_volume": "quote_volume",
        "trade_count": "trades",
        "taker_buy_base_volume": "taker_buy_base",
    }
    return Candles(
        **{
            name: np.asarray(table[source].to_numpy(), np.int64 if name == "open_time" else float)
            for name, source in columns.items()
        }
    )


@lru_cache(maxsize=1)
def etf_table(folder: Path) -> pd.DataFrame:
    """Recorded flows by fund and in total, millions of dollars, indexed by day; holidays included."""
    return pd.read_csv(folder / ETF_FLOWS, parse_dates=["date"], index_col="date")


def _messages(path: Path, stream: str) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt") as lines:
        for line in lines:
            if f'{stream}"' in line:
                yield json.loads(line.partition(" ")[2])["data"]


@lru_cache(maxsize=2)
def book_tickers(folder: Path, name: str) -> Quotes:
    """Recorded best quotes of some minutes, in the order of their update id."""
    rows = [
        (t["u"], t["T"], float(t["b"]), float(t["B"]), float(t["a"]), float(t["A"]))
        for t in _messages(folder / "crypto/perp_l2_ws" / name, "@bookTicker")
    ]
    return Quotes.from_rows(sorted(rows))


@lru_cache(maxsize=4)
def trades(folder: Path, name: str) -> Trades:
    """Recorded trades of some minutes, in the order of their id; transfers are no trades."""
    rows = [
        (t["t"], t["T"], float(t["p"]), float(t["q"]), t["m"])
        for t in _messages(folder / "crypto/perp_l2_ws" / name, "@trade")
        if t.get("X", "MARKET") == "MARKET"
    ]
    return Trades.from_rows(sorted(rows))


@lru_cache(maxsize=1)
def funding_rates(folder: Path) -> FundingRates:
    """Recorded settlements of the perpetual, times floored to their minute."""
    import pyarrow.parquet as pq

    table = pq.read_table(folder / FUNDING)
    time = table["funding_time"].to_numpy() // MINUTE * MINUTE
    rates = table["funding_rate"].to_numpy()
    return FundingRates(time, rates, np.full(len(time), 8.0), np.zeros(len(time), np.bool_))
