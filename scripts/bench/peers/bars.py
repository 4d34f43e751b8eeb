"""Made-up minutes of one market in a file that every environment can read.

The log price is a random walk of 0.06 % a minute whose drift turns slowly, so that trends begin and
end; prices have two decimals. Needs only numpy.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

YEAR = 525_600
"""Minutes."""
MINUTE, FUNDING = 60_000, 8 * 3_600_000
"""Milliseconds."""
START = 1_640_995_200_000
"""2022-01-01 UTC: two years without a leap day follow, so that a year is 525,600 minutes."""
OPENING_PRICE = 60_000.0
VOLATILITY, REACH = 6e-4, 3e-4
"""Standard deviations of a minute's log return, and of how far a wick goes."""
DRIFT, DRIFT_MINUTES = 4e-5, 3_000.0
"""Largest drift a minute, and the minutes in which it turns by one radian."""
USUAL_RATE, RATE_NOISE = 1e-4, 1e-4
"""Funding: a fraction per eight hours."""


class Bars(NamedTuple):
    """Equally long columns of minutes, and of settlements; prices in USDT, volumes in BTC."""

    open_time: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    base_volume: Floats
    taker_buy_base_volume: Floats
    funding_time: Ints
    funding_rate: Floats

    def first(self, minutes: int) -> Bars:
        """The beginning of the series."""
        settled = int(np.searchsorted(self.funding_time, START + minutes * MINUTE))
        lengths = {"funding_time": settled, "funding_rate": settled}
        return Bars(
            **{
                name: column[: lengths.get(name, minutes)]
                for name, column in self._asdict().items()
            }
        )

    def save(self, path: Path) -> None:
        """Write to an .npz file."""
        np.savez(path, **self._asdict())

    @classmethod
    def load(cls, path: Path) -> Bars:
        """Read what ``save`` wrote."""
        with np.load(path) as columns:
            return cls(*(columns[name] for name in cls._fields))


def made_up_bars(minutes: int, seed: int = 7) -> Bars:
    """A series of so many minutes; about half of each minute's volume is bought by takers."""
    random = np.random.default_rng(seed)
    row = np.arange(minutes)
    steps = random.normal(0.0, VOLATILITY, minutes) + DRIFT * np.sin(row / DRIFT_MINUTES)
    close = np.round(OPENING_PRICE * np.exp(np.cumsum(steps)), 2)
    open_ = np.concatenate([[OPENING_PRICE], close[:-1]])
    wicks = np.abs(random.normal(0.0, REACH, (2, minutes)))
    volume = np.round(random.lognormal(1.5, 0.8, minutes) + 0.001, 3)
    taker_share = np.clip(random.normal(0.5, 0.1, minutes), 0.0, 1.0)
    settled = np.arange(START, START + minutes * MINUTE, FUNDING)
    return Bars(
        START + row * MINUTE,
        open_,
        np.round(np.maximum(open_, close) * (1 + wicks[0]), 2),
        np.round(np.minimum(open_, close) * (1 - wicks[1]), 2),
        close,
        volume,
        np.round(volume * taker_share, 3),
        settled,
        np.round(random.normal(USUAL_RATE, RATE_NOISE, len(settled)), 8),
    )
