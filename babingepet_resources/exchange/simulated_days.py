"""The simulated market's candles: any day of it, without the days before.

Belongs here: the daily path and the minutes within a day, as whole ticks and steps. Does not
belong here: the trades that make a minute (simulated_minute.py), or serving.

A day is a function of (seed, day): daily log prices are one mean-reverting walk with clustered
volatility and slow drifts, and a bridge of 1 440 minutes joins one day's close to the next.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from babingepet_resources.exchange.candles import MINUTE_MS, Candles

DAY_MINUTES = 1_440
DAY_MS = DAY_MINUTES * MINUTE_MS

EPOCH_MS = 1_567_900_800_000
"""2019-09-08, the day on which the real perpetual was listed: the first simulated day."""

HORIZON_DAYS = 20_000
"""Days that exist: until 2074."""

TICKS_PER_USDT = 10
"""The price tick is 0.10 USDT."""

STEPS_PER_BTC = 1_000
"""The quantity step is 0.001 BTC."""

TRADES_PER_DAY = 180 * DAY_MINUTES
"""The same every day, so that the first trade id of any day is known: 180 a minute on average."""

_FEWEST_TRADES = 20
"""Trades of the quietest minute."""

_FIRST_PRICE, _LONG_RUN_PRICE = 10_400.0, 45_000.0
"""USDT; the price of the first day and the one the walk reverts to."""

_REVERSION = 0.0015
"""Pull to the long-run price a day: a half-life of 15 months keeps decades in a sane range."""

_DAILY_VOLATILITY = 0.024
"""Typical standard deviation of a day's log return; BTCUSDT's of 2023-2025 was 0.024."""

_VOLATILITY_MEMORY, _DRIFT_MEMORY = 0.97, 0.9
"""What one day's log volatility and drift keep of the day before."""

_TREND = 0.15
"""Part of a minute's move that lasts: an hour's variance is about twice that of a random walk."""

_TYPICAL_VOLUME_BTC = 70.0
"""Median volume of a minute in BTC."""

_PATH, _DAY = 0, 1
"""Names of the random streams, so that no two draws of one seed are the same."""

_DAYS_KEPT = 400
"""Days kept in memory, 100 kB each: the ten months that four-hour candles are asked for."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day's minutes as whole numbers; arrays of shape (1440,).

    Attributes:
        opened: First price in ticks; the last close of the minute before.
        high: Highest price in ticks.
        low: Lowest price in ticks.
        close: Last price in ticks.
        volume: Quantity in steps.
        taker_buy: Part of it bought by takers, in steps.
        trade_count: Trades.
        first_trade_id: Id of each minute's first trade.
    """

    opened: NDArray[np.int64]
    high: NDArray[np.int64]
    low: NDArray[np.int64]
    close: NDArray[np.int64]
    volume: NDArray[np.int64]
    taker_buy: NDArray[np.int64]
    trade_count: NDArray[np.int64]
    first_trade_id: NDArray[np.int64]


class SimulatedDays:
    """All days of one seed.

    Args:
        seed: A whole number that is not negative.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._volatility, self._log_close = _daily_path(np.random.default_rng([seed, _PATH]))
        self.day = lru_cache(_DAYS_KEPT)(self._make_day)

    def candles(self, index: int) -> Candles:
        """The minutes of day `index` since the epoch.

        Quote volumes are volume times the mean of open, high, low and close: within the bar's
        range of what its trades amount to, without making the trades of years.
        """
        day = self.day(index)
        prices = np.stack((day.opened, day.high, day.low, day.close), axis=1) / TICKS_PER_USDT
        typical = prices.mean(axis=1)
        base, taker_base = day.volume / STEPS_PER_BTC, day.taker_buy / STEPS_PER_BTC
        sums = (base, base * typical, day.trade_count, taker_base, taker_base * typical)
        open_time = EPOCH_MS + index * DAY_MS + np.arange(DAY_MINUTES) * MINUTE_MS
        return Candles(open_time, np.column_stack((prices, *sums)))

    def daily_return(self, index: int) -> float:
        """Log return of a whole day."""
        return float(self._log_close[index + 1] - self._log_close[index])

    def _make_day(self, index: int) -> Day:
        random = np.random.default_rng([self._seed, _DAY, index])
        start, end = self._log_close[index], self._log_close[index + 1]
        noise = random.standard_normal((6, DAY_MINUTES))
        spread = np.exp(0.45 * _remembering(noise[0], 0.985))
        spread *= self._volatility[index] / np.sqrt(np.square(spread).sum())
        returns = spread * (noise[1] + _TREND * _remembering(noise[2], 0.98))
        weights = np.square(spread)
        returns += (end - start - returns.sum()) * weights / weights.sum()
        close = np.rint(np.exp(start + np.cumsum(returns)) * TICKS_PER_USDT).astype(np.int64)
        close[-1] = _ticks(end)
        opened = np.concatenate(([_ticks(start)], close[:-1]))
        reach = np.rint(0.4 * spread * close * np.abs(noise[3:5])).astype(np.int64)
        surprise = np.abs(returns) / spread
        activity = np.exp(0.7 * _remembering(noise[0], 0.985) + 0.5 * noise[5])
        volume = _TYPICAL_VOLUME_BTC * STEPS_PER_BTC * activity * (0.6 + 0.6 * surprise)
        volume = np.clip(np.rint(volume), 3_000, 5_000_000).astype(np.int64)
        lean = 0.5 + 0.2 * np.tanh(returns / spread) + 0.06 * random.standard_normal(DAY_MINUTES)
        taker_buy = np.rint(volume * np.clip(lean, 0.05, 0.95)).astype(np.int64)
        trade_count = _FEWEST_TRADES + apportion(
            TRADES_PER_DAY - _FEWEST_TRADES * DAY_MINUTES, np.sqrt(volume)
        )
        before = index * TRADES_PER_DAY + 1 + np.cumsum(trade_count) - trade_count
        high = np.maximum(opened, close) + reach[0]
        low = np.minimum(opened, close) - reach[1]
        return Day(opened, high, low, close, volume, taker_buy, trade_count, before)


def apportion(total: int, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole shares of `total` in proportion to `weights`; they add up to it exactly."""
    bounds = np.rint(np.cumsum(weights) * (total / weights.sum())).astype(np.int64)
    bounds[-1] = total
    shares: NDArray[np.int64] = np.diff(bounds, prepend=0)
    return shares


def _ticks(log_price: float) -> int:
    return round(float(np.exp(log_price)) * TICKS_PER_USDT)


def _remembering(noise: NDArray[np.float64], memory: float) -> NDArray[np.float64]:
    """Standard noise turned into a first-order autoregression of unit variance."""
    kernel = memory ** np.arange(300)
    kernel /= np.sqrt(np.square(kernel).sum())
    return np.convolve(noise, kernel)[: len(noise)]


def _daily_path(random: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Volatility of each day, shape (HORIZON_DAYS,), and log closes with the first open before."""
    noise = random.standard_normal((3, HORIZON_DAYS))
    volatility = _DAILY_VOLATILITY * np.exp(0.35 * _remembering(noise[0], _VOLATILITY_MEMORY))
    shocks = volatility * (noise[1] + 0.25 * _remembering(noise[2], _DRIFT_MEMORY))
    level, target = float(np.log(_FIRST_PRICE)), float(np.log(_LONG_RUN_PRICE))
    path = [level]
    for shock in shocks.tolist():
        level += _REVERSION * (target - level) + shock
        path.append(level)
    return volatility, np.array(path)
