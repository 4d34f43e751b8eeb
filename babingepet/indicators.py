"""Technical indicators over float64 columns; the one place that calls TA-Lib.

Every function takes columns of equal length n in ascending time and returns n values, NaN during
the warm-up (the only place where NaN is legal). All are causal: the value at t reads nothing
after t.
"""

from __future__ import annotations

import numpy as np
import talib

from babingepet.compiled import rule
from babingepet.market.frames import Floats


@rule
def ema(values: Floats, period: int) -> Floats:
    """Exponential moving average, alpha = 2 / (period + 1), seeded with the first value.

    TA-Lib seeds with a simple average instead; after 100 bars the two still differ by 1e-4 of
    the price, so a score would depend on where history happens to begin.

    Source: pandas ``ewm(span=period, adjust=False)``.
    """
    result = np.empty_like(values)
    alpha = 2.0 / (period + 1.0)
    last = np.nan
    for i in range(len(values)):
        last = values[0] if i == 0 else last + alpha * (values[i] - last)
        result[i] = last
    return result


def average_true_range(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """Wilder's average true range, price units; first value at index ``period``.

    Source: Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib ATR.
    """
    if len(close) <= period:
        return np.full(len(close), np.nan)
    result: Floats = talib.ATR(high, low, close, timeperiod=period)
    return result


def directional_movement(
    high: Floats, low: Floats, close: Floats, period: int
) -> tuple[Floats, Floats, Floats]:
    """ADX, +DI and -DI, each 0 to 100; ADX first at index 2 * period - 1.

    Source: Wilder (1978); TA-Lib ADX, PLUS_DI, MINUS_DI.
    """
    if len(close) < 2 * period:
        return (np.full(len(close), np.nan),) * 3
    return (
        talib.ADX(high, low, close, timeperiod=period),
        talib.PLUS_DI(high, low, close, timeperiod=period),
        talib.MINUS_DI(high, low, close, timeperiod=period),
    )


@rule
def efficiency_ratio(close: Floats, period: int) -> Floats:
    """Net change over the path walked, 0 (noise) to 1 (straight); 0 where nothing moved.

    Source: Kaufman, Trading Systems and Methods.
    """
    result = np.full(len(close), np.nan)
    if len(close) <= period:
        return result
    steps = np.abs(np.diff(close))
    path = np.zeros(len(close) - period)
    for back in range(period):  # oldest step first; the inner loop runs over bars side by side
        for i in range(len(path)):
            path[i] += steps[i + back]
    for i in range(len(path)):
        moved = abs(close[i + period] - close[i])
        result[i + period] = moved / path[i] if path[i] > 0.0 else 0.0
    return result


@rule
def mid_rank(population: Floats, value: float) -> float:
    """Empirical distribution at ``value``: share below plus half the share equal, 0 to 1."""
    below, equal = 0, 0
    for i in range(len(population)):
        below += population[i] < value
        equal += population[i] == value
    return (below + 0.5 * equal) / len(population)


def chandelier(
    high: Floats, low: Floats, close: Floats, period: int, multiple: float
) -> tuple[float, float]:
    """Chandelier exit levels after the last bar: (for a long, for a short), price units.

    A long's level is the highest high of ``period`` bars less ``multiple`` ranges, a short's the
    lowest low plus as much; NaN while fewer than ``period`` + 1 bars exist.

    Source: LeBeau, in Elder, Come Into My Trading Room (2002).
    """
    reach = average_true_range(high, low, close, period)
    if len(close) <= period:
        return np.nan, np.nan
    distance = multiple * float(reach[-1])
    return float(high[-period:].max()) - distance, float(low[-period:].min()) + distance
