"""A simulated instrument's candles: any day of it, without the days before.

Belongs here: what instruments share, and a day's minutes as whole ticks and steps. Does not belong
here: what moves a price (simulated_path.py), the trades of a minute (simulated_minute.py).
"""

from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from babingepet_resources.exchange.candles import MINUTE_MS, Candles
from babingepet_resources.exchange.instruments import BTC, INSTRUMENTS, Instrument
from babingepet_resources.exchange.simulated_path import (
    DAY_MINUTES,
    DAY_MS,
    EPOCH_MS,
    LogPath,
    Motion,
    remember,
    seasonal,
)

_FIRST_PRICE = 10_400.0
"""USDT of one BTC on the first day."""

FEWEST_TRADES = 20
"""Trades of the quietest minute."""

_HOURLY_VOLUME = (
    0.95, 0.98, 0.92, 0.82, 0.78, 0.76, 0.80, 0.90, 0.88, 0.85, 0.84, 0.86,
    1.02, 1.25, 1.55, 1.50, 1.32, 1.20, 1.10, 1.08, 1.06, 0.90, 0.86, 0.84,
)  # fmt: skip
"""Volume by UTC hour, 1 on average: recorded minutes of 2023 to 2025 have the same shape."""

_WITH_VOLATILITY = 0.8
"""Volume goes with volatility to this power."""

_ACTIVITY = ((0.42, 150.0), (0.34, 5.0), (0.38, 0.1))
"""Spread of log volume that volatility does not explain, and minutes it is remembered for."""

_MEAN_OF_ACTIVITY = 1.3
"""What the factors of volume multiply to on average."""

_TRADES_WITH_VOLUME = 0.6
"""Trades go with volume to this power: busy minutes have larger ones too."""

_WITH_THE_MOVE, _WITH_THE_TREND, _AHEAD, _ALONE = 0.26, 0.15, 0.06, ((0.09, 12.0), (0.16, 0.1))
"""What leans the flow: the minute's move, a trend, the moves to come, and nothing known."""

_FORESIGHT_MINUTES = 8
"""How far ahead those who know something trade: their orders are split over minutes."""

_MOST_LEAN = 0.9

_DAYS_KEPT = 32
"""Days kept in memory, 120 kB each: 4 MB an instrument, 120 MB for all that exist."""

_VOLUME = 2
"""Name of the random stream (0 and 1 belong to paths)."""


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
        agitation: Volatility as a multiple of what is usual.
        forced: Log return of forced moves.
        urge: Lean of those who know something, sells below 0: what large orders follow.
    """

    opened: NDArray[np.int64]
    high: NDArray[np.int64]
    low: NDArray[np.int64]
    close: NDArray[np.int64]
    volume: NDArray[np.int64]
    taker_buy: NDArray[np.int64]
    trade_count: NDArray[np.int64]
    first_trade_id: NDArray[np.int64]
    agitation: NDArray[np.float64]
    forced: NDArray[np.float64]
    urge: NDArray[np.float64]


class SimulatedDays:
    """All days of one instrument.

    An altcoin's log price is its beta times BTC's of the same seed, and a path of its own.

    Args:
        seed: A whole number that is not negative.
        instrument: What it is like.
    """

    def __init__(self, seed: int, instrument: Instrument) -> None:
        self._instrument = instrument
        self.key = (seed, crc32(instrument.symbol.encode()))
        btc = INSTRUMENTS[BTC]
        self._target = float(np.log(btc.typical_price))
        self._market = _market_path(seed)
        explained = instrument.beta * btc.daily_volatility
        own = np.sqrt(max(0.0, instrument.daily_volatility**2 - explained**2))
        self._own = LogPath(self.key, float(own), 0.0, 0.0) if own else None
        self._level = float(np.log(instrument.typical_price))
        self.trades_per_day = instrument.trades * DAY_MINUTES
        self._drawn = lru_cache(2)(self._draw)
        self.day = lru_cache(_DAYS_KEPT)(self._make_day)

    def candles(self, index: int) -> Candles:
        """The minutes of day `index` since the epoch.

        Quote volumes are volume times the mean of open, high, low and close: within the bar's
        range of what its trades amount to, without making the trades of years.
        """
        day = self.day(index)
        ticks = np.stack((day.opened, day.high, day.low, day.close), axis=1)
        prices = ticks / self._instrument.ticks_per_unit
        typical = prices.mean(axis=1)
        base = day.volume / self._instrument.steps_per_unit
        taker_base = day.taker_buy / self._instrument.steps_per_unit
        sums = (base, base * typical, day.trade_count, taker_base, taker_base * typical)
        open_time = EPOCH_MS + index * DAY_MS + np.arange(DAY_MINUTES) * MINUTE_MS
        return Candles(open_time, np.column_stack((prices, *sums)))

    def motion(self, index: int) -> Motion:
        """What moves the price on day `index`."""
        market, beta = self._market.day(index), self._instrument.beta
        log_price = self._level + beta * (market.log_price - self._target)
        if self._own is None:
            return Motion(log_price, market.sigma, market.trend, market.shock)
        own = self._own.day(index)
        share = own.sigma / np.hypot(own.sigma, beta * market.sigma)
        return Motion(
            log_price + own.log_price,
            np.hypot(own.sigma, beta * market.sigma),
            share * own.trend + (1 - share) * market.trend,
            own.shock + beta * market.shock,
        )

    def log_closes(self, index: int) -> NDArray[np.float64]:
        """Log price at the open of every day up to and with `index`."""
        market = self._market.log_close[: index + 1]
        closes = self._level + self._instrument.beta * (market - self._target)
        return closes if self._own is None else closes + self._own.log_close[: index + 1]

    def _make_day(self, index: int) -> Day:
        motion, noise = self.motion(index), self._noise(index)
        agitation = motion.sigma * np.sqrt(DAY_MINUTES) / self._instrument.daily_volatility
        ticks = np.exp(motion.log_price) * self._instrument.ticks_per_unit
        ticks = np.maximum(np.rint(ticks), 3).astype(np.int64)
        opened, close = ticks[:-1], ticks[1:]
        reach = np.rint(0.36 * motion.sigma * close * np.abs(noise[:2])).astype(np.int64)
        moves = np.diff(motion.log_price) / motion.sigma
        volume = self._volume(agitation, moves, noise[2:5], np.exp(motion.log_price[1:]))
        spread_trades = self.trades_per_day - FEWEST_TRADES * DAY_MINUTES
        trade_count = FEWEST_TRADES + apportion(spread_trades, volume**_TRADES_WITH_VOLUME)
        steps = np.maximum(np.rint(volume).astype(np.int64), 4 * trade_count)
        urge = _urge(moves, motion.trend)
        taker_buy = np.rint(steps * (0.5 + 0.5 * _lean(moves, urge, noise[5:])))
        return Day(
            opened=opened,
            high=np.maximum(opened, close) + reach[0],
            low=np.maximum(np.minimum(opened, close) - reach[1], 1),
            close=close,
            volume=steps,
            taker_buy=taker_buy.astype(np.int64),
            trade_count=trade_count,
            first_trade_id=index * self.trades_per_day + 1 + np.cumsum(trade_count) - trade_count,
            agitation=agitation,
            forced=motion.shock,
            urge=urge,
        )

    def _noise(self, index: int) -> NDArray[np.float64]:
        """Standard noise: two reaches, then what volume and flow remember. Shape (7, 1440)."""
        noise = np.concatenate((self._drawn(max(0, index - 1)), self._drawn(index)), axis=1)
        memories = (minutes for _, minutes in (*_ACTIVITY, *_ALONE))
        for row, minutes in enumerate(memories, start=2):
            noise[row] = remember(noise[row], minutes) if minutes > 1 else noise[row]
        return noise[:, DAY_MINUTES:]

    def _draw(self, index: int) -> NDArray[np.float64]:
        random = np.random.default_rng([*self.key, _VOLUME, index])
        return random.standard_normal((7, DAY_MINUTES))

    def _volume(
        self,
        agitation: NDArray[np.float64],
        moves: NDArray[np.float64],
        noise: NDArray[np.float64],
        price: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Volume of each minute in steps."""
        usual = self._instrument.daily_volume * 1e6 / DAY_MINUTES / _MEAN_OF_ACTIVITY
        spreads = np.array([spread for spread, _ in _ACTIVITY])
        activity = agitation**_WITH_VOLATILITY * np.exp(spreads @ noise)
        activity *= seasonal(_HOURLY_VOLUME) ** (1 - _WITH_VOLATILITY)
        activity *= 0.6 + 0.6 * np.abs(moves)
        volume: NDArray[np.float64] = usual * activity / price * self._instrument.steps_per_unit
        return volume


@lru_cache(2)
def _market_path(seed: int) -> LogPath:
    """BTC's path, which all instruments of a seed share."""
    btc = INSTRUMENTS[BTC]
    return LogPath(
        (seed, crc32(BTC.encode())), btc.daily_volatility,
        float(np.log(_FIRST_PRICE)), float(np.log(btc.typical_price)),
    )  # fmt: skip


def _urge(moves: NDArray[np.float64], trend: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a trend and the moves to come lean the flow."""
    passed = np.concatenate((np.zeros(1), np.cumsum(moves)))
    last = np.minimum(np.arange(DAY_MINUTES) + 1 + _FORESIGHT_MINUTES, DAY_MINUTES)
    ahead = (passed[last] - passed[1:]) / np.sqrt(_FORESIGHT_MINUTES)
    urge: NDArray[np.float64] = _WITH_THE_TREND * trend + _AHEAD * ahead
    return urge


def _lean(
    moves: NDArray[np.float64], urge: NDArray[np.float64], noise: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Taker buys minus sells as a part of volume."""
    alone = np.array([spread for spread, _ in _ALONE]) @ noise
    lean = _WITH_THE_MOVE * np.tanh(moves) + urge + alone
    clipped: NDArray[np.float64] = np.clip(lean, -_MOST_LEAN, _MOST_LEAN)
    return clipped


def apportion(total: int, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole shares of `total` in proportion to `weights`; they add up to it exactly."""
    bounds = np.rint(np.cumsum(weights) * (total / weights.sum())).astype(np.int64)
    bounds[-1] = total
    shares: NDArray[np.int64] = np.diff(bounds, prepend=0)
    return shares
