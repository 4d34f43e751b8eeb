"""Recorded markets as frames, for the comparisons with reference implementations."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from babingepet.market.frames import Candles, Quotes
from babingepet.market.intervals import DAY

SPOT_MINUTES = "crypto/btc_spot_1m/BTCUSDT-spot-1m-2023-06_2025-05.parquet"
BOOKS = ("usdm_btcusdt_20230405.dat.gz", "usdm_btcusdt_20240719.gz")


@lru_cache(maxsize=2)
def spot_minutes(folder: Path, start: int, days: int) -> Candles:
    """Recorded minutes of some days, with holes where the exchange was down."""
    import pyarrow.parquet as pq

    end = start + days * DAY
    table = pq.read_table(
        folder / SPOT_MINUTES, filters=[("open_time", ">=", start), ("open_time", "<", end)]
    )
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


def _book_tickers(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt") as lines:
        for line in lines:
            if "@bookTicker" in line:
                yield json.loads(line.partition(" ")[2])["data"]


@lru_cache(maxsize=2)
def book_tickers(folder: Path, name: str) -> Quotes:
    """Recorded best quotes of some minutes, in the order of their update id."""
    rows = [
        (t["u"], t["T"], float(t["b"]), float(t["B"]), float(t["a"]), float(t["A"]))
        for t in _book_tickers(folder / "crypto/perp_l2_ws" / name)
    ]
    return Quotes.from_rows(sorted(rows))
