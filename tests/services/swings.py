"""A made-up minute market with trends of hours, up and down, that trades under ``EAGER``."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from babingepet.market.intervals import DAY, MINUTE
from tests.factories import WEDNESDAY

EAGER = ("min_votes=1", "min_coverage=0", "buy_threshold=0.06", "strong_threshold=0.14")
"""Rules under which a vote of three signals trades some times a day."""
DAYS = 12
TREND = 360
"""Minutes of one trend."""


def write_swinging_market(folder: Path, *, days: int = DAYS, seed: int = 1) -> Path:
    """Write the candles; returns the file."""
    count = days * DAY // MINUTE
    rng = np.random.default_rng(seed)
    trend = np.repeat(rng.choice([-1.0, 1.0], -(-count // TREND)), TREND)[:count]
    close = 50_000.0 * np.exp(np.cumsum(trend * 3e-5 + rng.normal(0.0, 4e-4, count)))
    opened = np.concatenate([close[:1], close[:-1]])
    volume = rng.uniform(3.0, 7.0, count)
    table = pa.table(
        {
            "open_time": WEDNESDAY + np.arange(count, dtype=np.int64) * MINUTE,
            "open": opened,
            "high": np.maximum(opened, close) * 1.0002,
            "low": np.minimum(opened, close) * 0.9998,
            "close": close,
            "volume": volume,
            "quote_volume": volume * close,
            "trades": np.full(count, 9),
            "taker_buy_base": volume * (0.5 + 0.2 * trend),
            "taker_buy_quote": volume * close * (0.5 + 0.2 * trend),
        }
    )
    path = folder / "BTCUSDT-swings.parquet"
    pyarrow.parquet.write_table(table, path)
    return path
