"""The markets that the checker reads: a random one with a tape, and recorded months."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from babingepet.market.frames import Candles, FundingRates, Quotes, Trades
from babingepet.market.intervals import DAY, HOUR, MINUTE
from tests import factories as f
from tests.lookahead.facts import Facts, random_facts
from tests.parity.recorded import spot_minutes

FUNDING = "crypto/btc_perp_funding/BTCUSDT-funding-8h-2022-01_2025-05.parquet"
FEEDS = frozenset({"candles", "taker_volume", "trades", "quotes", "funding"})
"""What the facts hold: signals that need other feeds are not read here."""


def made_up(seed: int, *, days: int = 27, tape: int = 0, hour: int = 15) -> Facts:
    """A random market that ends within a Wednesday, rising on its last day."""
    end = f.WEDNESDAY + hour * HOUR + 40 * MINUTE
    return random_facts(seed, f.WEDNESDAY - days * DAY, end, tape=tape, drift=1e-4)


@lru_cache(maxsize=1)
def recorded(folder: Path, start: int, days: int) -> Facts:
    """Recorded minutes and the funding rates of the perpetual."""
    import pyarrow.parquet as pq

    minutes = spot_minutes(folder, start, days)
    table = pq.read_table(folder / FUNDING)
    time = np.asarray(table["funding_time"].to_numpy()) // MINUTE * MINUTE
    rates = FundingRates(
        time,
        np.asarray(table["funding_rate"].to_numpy()),
        np.full(len(time), 8.0),
        np.zeros(len(time), np.bool_),
    )
    return Facts(
        minutes,
        Candles.empty(),
        Trades.empty(),
        Quotes.empty(),
        rates.between(start, start + (days + 1) * DAY),
    )


def decidable(facts: Facts, as_ofs: range | list[int]) -> list[int]:
    """Those whose last minute exists: without one nothing is decided."""
    closed = set((facts.minutes.open_time + MINUTE).tolist())
    return [as_of for as_of in as_ofs if as_of in closed]
