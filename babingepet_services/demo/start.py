"""When a rehearsal on a simulated market begins that was not told when: at a lively hour.

Belongs here: choosing that hour. It lies in a trend: the market has moved one way for hours and
days, and large orders still lean that way. What comes after it is as open as at any other hour: the
trend may end the next minute, and no price after the hour is looked at.
"""

from __future__ import annotations

import numpy as np

from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet_resources.exchange.simulated import DEFAULT_START_MS, SimulatedMarket

OPENING_HOUR = 13
"""UTC hour before the busiest ones of the day; the five after it may be traded in."""

_BAR = 15 * MINUTE
_RECENT, _LONGER = 6 * HOUR, (24 * HOUR, 72 * HOUR - _BAR)
"""The move of the last hours, and the longer ones that have to be of its direction."""

_LEAST_EFFICIENCY = 0.30
"""Net move of the recent hours as a part of all their moves: where they begin to be a trend."""

_VOLATILITY = (0.022, 0.050)
"""Daily volatility of the recent hours: no less than usual, and not a panic, which is not traded."""

_DAYS_SEARCHED = 730


def lively_start(seed: int, symbol: str) -> int:
    """The first 13:00 UTC of 2025 in a trend, or that of the first day when there is none.

    Units: UTC milliseconds.

    Raises:
        InputError: The symbol is not simulated, or the seed is negative.
    """
    market = SimulatedMarket(seed=seed, symbol=symbol)
    first = DEFAULT_START_MS + OPENING_HOUR * HOUR
    starts = range(first, first + _DAYS_SEARCHED * DAY, DAY)
    return next((start for start in starts if _is_lively(market, start)), first)


def _is_lively(market: SimulatedMarket, start: int) -> bool:
    minutes = market.minutes(start - 72 * HOUR, start)
    price = np.log(minutes.values[_BAR // MINUTE - 1 :: _BAR // MINUTE, 3])
    recent = np.diff(price[-_RECENT // _BAR - 1 :])
    moves = [price[-1] - price[-1 - span // _BAR] for span in (_RECENT, *_LONGER)]
    efficiency = abs(recent.sum()) / np.abs(recent).sum()
    volatility = np.sqrt(np.square(recent).mean() * DAY / _BAR)
    is_led = market.leaning(start) * moves[0] > 0
    is_moderate = _VOLATILITY[0] <= volatility <= _VOLATILITY[1]
    is_one_way = np.ptp(np.sign(moves)) == 0
    return bool(efficiency >= _LEAST_EFFICIENCY and is_moderate and is_one_way and is_led)
