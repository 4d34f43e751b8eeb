"""The logarithm of a made-up price, minute by minute: any day of it, without the days before.

Belongs here: what moves a price (regimes, shocks, clustered volatility, the hours of the day).
Does not belong here: ticks, volumes, trades, or what several instruments share.

Daily closes are one mean-reverting walk, drawn at once; within a day a bridge of 1 440 minutes
joins one close to the next. What lasts over midnight is made from the noise of two days, this one
and the one before, so that any day can be made alone.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from babingepet_resources.exchange.candles import MINUTE_MS

DAY_MINUTES = 1_440
DAY_MS = DAY_MINUTES * MINUTE_MS

EPOCH_MS = 1_567_900_800_000
"""2019-09-08, the day on which the real perpetual was listed: the first simulated day."""

HORIZON_DAYS = 20_000
"""Days that exist: until 2074."""

_REVERSION = 0.0015
"""Pull to the long-run price a day: a half-life of 15 months keeps decades in a sane range."""

_SLOWER = 0.85
"""A day's deviation as a part of what its minutes amount to: real days revert a little."""

_LEVEL_SPREAD, _LEVEL_MEMORY = 0.34, 0.97
"""Spread of a day's log volatility, and what it keeps of the day before."""

_DRIFT_MEMORY = 0.9
"""What a day's drift keeps of the day before."""

_HOURLY_VOLATILITY = (
    0.98, 1.00, 0.93, 0.80, 0.76, 0.75, 0.78, 0.80, 0.80, 0.80, 0.79, 0.82,
    1.02, 1.20, 1.35, 1.28, 1.19, 1.18, 1.11, 1.08, 1.10, 1.08, 1.04, 0.92,
)  # fmt: skip
"""Volatility by UTC hour, 1 on average: recorded minutes of 2023 to 2025 have the same shape."""

_SLOW, _FAST = (0.34, 400.0), (0.29, 20.0)
"""Spread of log volatility within a day and the minutes it is remembered for."""

_TAIL = 5.5
"""Degrees of freedom of a minute's surprise."""

_TREND_SHARE = 0.065
"""Drift of a trend in standard deviations a minute: 12 in three hours, where chance alone has 13."""

_OVERSHOOT, _OVERSHOOT_MINUTES = 0.9, 40.0
"""A part of each move comes back within the hour; without it trends would add up to free money."""

_SHOCKS_PER_DAY = 0.9
_SHOCK_SIZE = (3.5, 0.9)
"""Median size of a shock in standard deviations of a quiet minute, and its log spread."""

_FALLS = 0.6
"""Part of the shocks that are falls."""

_CASCADE_MINUTES, _AFTERSHOCK_MINUTES, _AFTERSHOCK = 1.6, 50.0, 0.9
"""A shock unfolds over minutes; log volatility stays up by this much and decays."""

_REBOUND, _REBOUND_MINUTES = 0.4, 15.0
"""The part of a shock that comes back, and over how long."""

_CALM, _TRENDING, _VOLATILE = range(3)
_QUIET_ODDS, _ACTIVE_ODDS = (0.50, 0.38, 0.12), (0.15, 0.65, 0.20)
_ACTIVE_MINUTES = (12 * 60, 19 * 60)
"""Odds of each regime, and the minutes of a day (UTC) of the active ones: America is awake."""

_REGIME_LEVEL = np.array((-0.22, 0.0, 0.42))
"""Log volatility of each regime."""

_DIRECTED = 0.3
"""How much more often a trend has the direction of its day than the other one."""

_SWITCHES = 4.0
"""Changes of regime in a day, on average."""

_SCALE = 1.40
"""Root mean square of everything that multiplies a quiet minute's volatility."""

_SHORT_KERNEL = 64

_DAILY, _WITHIN = 0, 1
"""Names of the random streams."""


@dataclass(frozen=True, slots=True)
class Motion:
    """A day of a path.

    Attributes:
        log_price: At the open of the day and at each minute's end. Shape (1441,).
        sigma: Standard deviation of each minute's log return. Shape (1440,).
        trend: Direction in which traders with large orders lean, -1 to 1. Shape (1440,).
        shock: Log return of forced moves: what liquidations follow. Shape (1440,).
    """

    log_price: NDArray[np.float64]
    sigma: NDArray[np.float64]
    trend: NDArray[np.float64]
    shock: NDArray[np.float64]


class _Noise(NamedTuple):
    """Draws of one day: rows of 1 440 standard normals, surprises, and shocks in deviations."""

    normal: NDArray[np.float64]
    surprise: NDArray[np.float64]
    impulse: NDArray[np.float64]


class LogPath:
    """One endless path.

    Args:
        key: What the random streams are named after: seed and instrument.
        volatility: Standard deviation of a day's log return.
        first: Log price of the first day.
        target: Log price that the walk reverts to.
    """

    def __init__(
        self, key: tuple[int, ...], volatility: float, first: float, target: float
    ) -> None:
        self._key = key
        random = np.random.default_rng([*key, _DAILY])
        noise = random.standard_normal((3, HORIZON_DAYS))
        self._regime = random.choice(3, HORIZON_DAYS + 1, p=_QUIET_ODDS)
        luck = random.random(HORIZON_DAYS + 1)
        level = _LEVEL_SPREAD * remember(noise[0], -1 / np.log(_LEVEL_MEMORY))
        self._level = np.append(level, level[-1])
        self._volatility = volatility
        drift = 0.25 * remember(noise[2], -1 / np.log(_DRIFT_MEMORY))
        shocks = _SLOWER * volatility * np.exp(level) * (noise[1] + drift)
        price, closes = first, [first]
        for shock in shocks.tolist():
            price += _REVERSION * (target - price) + shock
            closes.append(price)
        self.log_close = np.array(closes)
        typical = np.diff(closes, append=price) / (_SLOWER * volatility)
        self._odds_of_rise = 0.5 + _DIRECTED * np.tanh(typical)
        self._side = np.where(luck < self._odds_of_rise, 1.0, -1.0)
        self._noise = lru_cache(3)(self._draw)
        self.day = lru_cache(8)(self._make_day)

    def _make_day(self, index: int) -> Motion:
        """The motion of day `index` since the epoch."""
        before, today = self._noise(max(0, index - 1)), self._noise(index)
        normal = np.concatenate((before.normal, today.normal), axis=1)
        impulse = np.concatenate((before.impulse, today.impulse))
        quiet = self._volatility / (_SCALE * np.sqrt(DAY_MINUTES))
        shock = quiet * decay(impulse, _CASCADE_MINUTES)[-DAY_MINUTES:] / _CASCADE_MINUTES
        rebound = quiet * decay(impulse, _REBOUND_MINUTES)[-DAY_MINUTES:] / _REBOUND_MINUTES
        aftershock = decay((impulse != 0).astype(np.float64), _AFTERSHOCK_MINUTES)[-DAY_MINUTES:]
        regime, side = self._episodes(index)
        sigma = quiet * np.exp(
            np.linspace(self._level[index], self._level[index + 1], DAY_MINUTES)
            + _SLOW[0] * remember(normal[0], _SLOW[1])[-DAY_MINUTES:]
            + _FAST[0] * remember(normal[1], _FAST[1])[-DAY_MINUTES:]
            + _REGIME_LEVEL[regime]
            + _AFTERSHOCK * np.minimum(aftershock, 1.5)
        )
        sigma *= seasonal(_HOURLY_VOLATILITY)
        trend = np.where(regime == _TRENDING, side, 0.0)
        surprise = today.surprise + _TREND_SHARE * trend
        noisy = remember(normal[2], _OVERSHOOT_MINUTES)[-DAY_MINUTES - 1 :]
        returns = sigma * (surprise + _OVERSHOOT * np.diff(noisy)) + shock - _REBOUND * rebound
        start, end = self.log_close[index], self.log_close[index + 1]
        weights = np.square(sigma)
        returns += (end - start - returns.sum()) * weights / weights.sum()
        log_price = start + np.concatenate(((0.0,), np.cumsum(returns)))
        log_price[-1] = end
        return Motion(log_price, sigma, trend, shock)

    def _draw(self, index: int) -> _Noise:
        random = np.random.default_rng([*self._key, _WITHIN, index])
        normal = random.standard_normal((3, DAY_MINUTES))
        surprise = random.standard_t(_TAIL, DAY_MINUTES) * np.sqrt((_TAIL - 2) / _TAIL)
        impulse = np.zeros(DAY_MINUTES)
        count = random.poisson(_SHOCKS_PER_DAY)
        size = _SHOCK_SIZE[0] * np.exp(_SHOCK_SIZE[1] * np.abs(random.standard_normal(count)))
        sign = np.where(random.random(count) < _FALLS, -1.0, 1.0)
        impulse[random.integers(0, DAY_MINUTES, count)] = sign * size
        return _Noise(normal, surprise, impulse)

    def _episodes(self, index: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Regime and direction of each minute; the last of a day goes on in the next."""
        random = np.random.default_rng([*self._key, _WITHIN, index, 1])
        count = 1 + random.poisson(_SWITCHES - 1)
        switches = np.sort(random.integers(0, DAY_MINUTES, count))
        begins = np.concatenate(((0,), switches))
        is_active = (begins >= _ACTIVE_MINUTES[0]) & (begins < _ACTIVE_MINUTES[1])
        bounds = np.cumsum(np.where(is_active[:, None], _ACTIVE_ODDS, _QUIET_ODDS), axis=1)
        regimes = (random.random(count + 1)[:, None] >= bounds[:, :-1]).sum(axis=1)
        sides = np.where(random.random(count + 1) < self._odds_of_rise[index], 1.0, -1.0)
        regimes[[0, -1]] = self._regime[[index, index + 1]]
        sides[[0, -1]] = self._side[[index, index + 1]]
        episode = np.searchsorted(switches, np.arange(DAY_MINUTES), side="right")
        return regimes[episode], sides[episode]


def decay(impulses: NDArray[np.float64], minutes: float) -> NDArray[np.float64]:
    """Each impulse fading exponentially, summed up; at most some 5 000 values."""
    faded = np.exp(-np.arange(len(impulses)) / minutes)
    return _convolve(impulses, faded[: int(12 * minutes) + 1])


def remember(noise: NDArray[np.float64], minutes: float) -> NDArray[np.float64]:
    """Standard noise as a first-order autoregression of unit variance that fades in `minutes`."""
    memory = np.exp(-1 / minutes)
    kernel = memory ** np.arange(min(len(noise), int(5 * minutes)))
    return _convolve(noise, kernel / np.sqrt(np.square(kernel).sum()))


def _convolve(values: NDArray[np.float64], kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """As np.convolve, as long as `values`; long kernels by Fourier transforms, ten times as fast."""
    if len(kernel) <= _SHORT_KERNEL:
        result: NDArray[np.float64] = np.convolve(values, kernel)[: len(values)]
        return result
    size = 1 << (len(values) + len(kernel) - 1).bit_length()
    product = np.fft.rfft(values, size) * np.fft.rfft(kernel, size)
    return np.fft.irfft(product, size)[: len(values)]


def seasonal(hourly: tuple[float, ...]) -> NDArray[np.float64]:
    """A value for each minute of a day from one an hour, without jumps. Shape (1440,)."""
    middles = 60 * np.arange(24) + 30
    return np.interp(np.arange(DAY_MINUTES), middles, hourly, period=DAY_MINUTES)
