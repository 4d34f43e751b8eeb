"""A made-up minute market that trades: a steady rise, a jump that arms the trail, a fall.

Played from ``PLAY`` with ``EAGER`` it opens one position that leaves by its trail and one that
leaves by its stop.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from babingepet.market.intervals import DAY, HOUR, MINUTE

MONDAY = 1_746_403_200_000
PLAY = MONDAY + 3 * DAY + 10 * HOUR
PLAY_FROM = "2025-05-08T10:00"
EAGER = ("min_votes=1", "min_coverage=0", "buy_threshold=0.1", "confirmations=1")
"""Rules that let the vote of three signals through."""
UNPROFITABLE = (
    "edge_policy=veto", "target=0.001", "taker_fee=0.02", "first_cooldown=0", "second_cooldown=0",
    "entry_spacing=60000",
)  # fmt: skip
"""Added to EAGER: fees of 4 % make the record say no after two trades; the third is a shadow."""
SHADOW = "btc-20250508T1011Z-shadow"
CYCLES = 40
TRADES = ("btc-20250508T1001Z-trade", "btc-20250508T1031Z-trade")

RISE, JUMP, FALL = 2e-4, 1.2e-3, -2.0e-3
"""Returns a minute once it is played."""


def write_trending_market(folder: Path) -> Path:
    """Write the candles; returns the file."""
    before = 100_000 * np.exp(np.arange((PLAY - MONDAY) // MINUTE) * 2e-5)
    played = np.cumprod([1 + RISE] * 10 + [1 + JUMP] * 15) * before[-1]
    fallen = np.cumprod([1 + FALL] * 35) * played[-1]
    close = np.concatenate([before, played, fallen])
    opened = np.concatenate([close[:1], close[:-1]])
    volume = np.full(len(close), 5.0)
    table = pa.table(
        {
            "open_time": MONDAY + np.arange(len(close), dtype=np.int64) * MINUTE,
            "open": opened,
            "high": np.maximum(opened, close) + 5,
            "low": np.minimum(opened, close) - 5,
            "close": close,
            "volume": volume,
            "quote_volume": volume * close,
            "trades": np.full(len(close), 9),
            "taker_buy_base": volume * 0.6,
            "taker_buy_quote": volume * close * 0.6,
        }
    )
    path = folder / "BTCUSDT-trend.parquet"
    pyarrow.parquet.write_table(table, path)
    return path


def eager_options() -> list[str]:
    """EAGER as options of a command."""
    return [part for pair in EAGER for part in ("--set", pair)]
