"""What a simulated market's open positions come to: basis, funding and open interest.

Belongs here: readings as of any moment, from the path of the price. Does not belong here: prices
and trades, or how a reading looks on the wire.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from babingepet_resources.exchange import wire
from babingepet_resources.exchange.candles import MINUTE_MS
from babingepet_resources.exchange.instruments import Instrument
from babingepet_resources.exchange.simulated_days import SimulatedDays
from babingepet_resources.exchange.simulated_path import (
    DAY_MINUTES,
    DAY_MS,
    EPOCH_MS,
    HORIZON_DAYS,
    decay,
    remember,
)
from babingepet_resources.exchange.source import OpenInterestReading

HOUR_MS = 60 * MINUTE_MS

_PREMIUM = -0.00044
"""Premium of a market at rest: BTCUSDT traded 4.4 bp below its index in May 2025."""

_CROWDING, _CROWDING_DAYS = 0.010, 3
"""Premium for each unit of the last days' log return: buyers pay up after a rise."""

_RESTLESS = 0.00012
"""Spread of the premium from hour to hour."""

_INTEREST, _DAMPING, _MOST_FUNDING = 0.0001, 0.0005, 0.003
"""Binance's formula for eight hours: the interest part, its damper, and the bound of the rate."""

_INTEREST_SPREAD, _INTEREST_MEMORY = 0.22, 60.0
"""Spread of log open interest over the months, and the days it is remembered for."""

_BUILT, _BUILT_MINUTES = 0.00035, 500.0
"""Log open interest that a minute of a trend adds, and how long it stays."""

_FLUSHED = 3.0
"""Log open interest that each log return of forced moves takes."""

_POSITIONS = 6
"""Name of the random stream."""


class SimulatedPositions:
    """Basis, funding and open interest of one instrument.

    Args:
        days: The instrument's days.
        instrument: Facts of the instrument.
    """

    def __init__(self, days: SimulatedDays, instrument: Instrument) -> None:
        self._days = days
        self._instrument = instrument
        self._interval = instrument.funding_hours * HOUR_MS
        random = np.random.default_rng([*days.key, _POSITIONS])
        noise = remember(random.standard_normal(HORIZON_DAYS + 1), _INTEREST_MEMORY)
        self._level = np.log(instrument.open_interest * 1e6) + _INTEREST_SPREAD * noise
        self._changes = lru_cache(8)(self._changes_of)
        self._premia = lru_cache(64)(self._premia_of)

    def premium(self, now: int) -> float:
        """How far the perpetual trades above its index as of `now`, as a fraction."""
        hour = (now - EPOCH_MS) // HOUR_MS
        return float(self._premia(hour // 24)[hour % 24])

    def rate(self, now: int) -> float:
        """Funding of the running interval: from its hours that have begun before `now`.

        At the end of the interval this is what is settled.
        """
        begun = (now - 1) // self._interval * self._interval
        hours = range(begun, now, HOUR_MS)
        premium = sum(self.premium(hour) for hour in hours) / len(hours)
        pull = min(max(_INTEREST - premium, -_DAMPING), _DAMPING)
        rate = (premium + pull) * self._instrument.funding_hours / 8
        return min(max(rate, -_MOST_FUNDING), _MOST_FUNDING)

    def next_settlement(self, now: int) -> int:
        """The first settlement at or after `now`."""
        return ((now - 1) // self._interval + 1) * self._interval

    def settlements(self, start: int | None, end: int, limit: int) -> range:
        """Times of settlements, paged as the exchange does."""
        first = -(-max(start or 0, EPOCH_MS + DAY_MS) // self._interval)
        times = range(first * self._interval, end + 1, self._interval)
        return times[-limit:] if start is None else times[:limit]

    def open_interest(self, time: int, price: float) -> OpenInterestReading:
        """Open contracts at the minute that begins at or before `time`.

        Args:
            time: UTC milliseconds.
            price: What a base unit is worth in USDT.
        """
        index = (time - EPOCH_MS) // MINUTE_MS
        day, minute = divmod(index, DAY_MINUTES)
        slow = np.interp(minute / DAY_MINUTES, (0, 1), self._level[[day, day + 1]])
        usual = float(np.exp(slow + self._changes(day)[minute]) / self._instrument.typical_price)
        steps = round(usual * self._instrument.steps_per_unit)
        base = self._instrument.quantities([steps])[0]
        moment = EPOCH_MS + index * MINUTE_MS
        return OpenInterestReading(moment, base, wire.decimal(float(base) * price))

    def _changes_of(self, day: int) -> NDArray[np.float64]:
        """What trends built up and forced moves flushed out by the open of each minute."""
        motions = [self._days.motion(index) for index in (max(0, day - 1), day)]
        trend = np.concatenate([motion.trend for motion in motions])
        shock = np.concatenate([motion.shock for motion in motions])
        flow = _BUILT * np.abs(trend) - _FLUSHED * np.abs(shock)
        lasting = decay(flow, _BUILT_MINUTES)
        return lasting[DAY_MINUTES - 1 : -1]

    def _premia_of(self, day: int) -> NDArray[np.float64]:
        """Premium of each hour of a day. Shape (24,)."""
        closes = self._days.log_closes(day)
        change = closes[-1] - closes[max(0, len(closes) - 1 - _CROWDING_DAYS)]
        random = np.random.default_rng([*self._days.key, _POSITIONS, day])
        hours: NDArray[np.float64] = _PREMIUM + _RESTLESS * random.standard_normal(24)
        hours += _CROWDING * change
        return hours
