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

HURST_LAGS = 20
"""Longest lag, in bars, over which the spread of price changes is followed."""
LEAST_HURST_BARS = 120
FLAT = 1e-12
"""Log price changes that spread less than this are rounding, not movement."""
GARMAN_KLASS_BODY = 2.0 * np.log(2.0) - 1.0


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


def relative_strength(close: Floats, period: int) -> Floats:
    """Wilder's relative strength index, 0 to 100; first value at index ``period``.

    A price that never moved is neither strong nor weak: 50. TA-Lib calls it 0, the weakest of all.

    Source: Wilder (1978); TA-Lib RSI.
    """
    if len(close) <= period:
        return np.full(len(close), np.nan)
    moved = average_true_range(close, close, close, period)  # average gain plus average loss
    result: Floats = np.where(moved == 0.0, 50.0, talib.RSI(close, timeperiod=period))
    return result


def macd_histogram(close: Floats, fast: int, slow: int, signal: int) -> Floats:
    """Gap of two averages less its own average, price units; no warm-up is cut off.

    Made of ``ema``: TA-Lib's MACD is another series until its seeds have faded.

    Source: Appel, The Moving Average Convergence-Divergence Trading Method (1979).
    """
    gap = ema(close, fast) - ema(close, slow)
    return gap - ema(gap, signal)


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
def window_sums(values: Floats, period: int) -> Floats:
    """Sum of the last ``period`` values, each window added anew: no rounding is carried along."""
    result = np.full(len(values), np.nan)
    for row in range(period - 1, len(values)):
        total = 0.0
        for i in range(row - period + 1, row + 1):
            total += values[i]
        result[row] = total
    return result


@rule
def log_changes(close: Floats) -> Floats:
    """Log return of each bar over the one before; NaN at index 0."""
    result = np.full(len(close), np.nan)
    for i in range(1, len(close)):
        result[i] = np.log(close[i] / close[i - 1])
    return result


def volatility_over(close: Floats, period: int) -> Floats:
    """Root of the summed squares of ``period`` log returns; first value at index ``period``.

    Units: fraction over the whole window, not annualised.
    """
    return np.sqrt(window_sums(log_changes(close) ** 2, period))


@rule
def garman_klass(open_: Floats, high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """Volatility from the extremes of ``period`` bars; first value at index ``period`` - 1.

    Root of the mean of ln(high / low)^2 / 2 - (2 ln 2 - 1) ln(close / open)^2, at least 0.

    Units: fraction per bar, not annualised.
    Source: Garman, Klass, Journal of Business 53(1), 1980.
    """
    variance = np.empty(len(close))
    for i in range(len(close)):
        reach, body = np.log(high[i] / low[i]), np.log(close[i] / open_[i])
        variance[i] = 0.5 * reach * reach - GARMAN_KLASS_BODY * body * body
    mean = window_sums(variance, period) / period
    return np.sqrt(np.where(mean < 0.0, 0.0, mean))


@rule
def rolling_z(values: Floats, period: int) -> Floats:
    """Distance of each value from the mean of the last ``period``, itself included, in deviations.

    Sample deviation; 0 where nothing moved. Differences from the newest value are averaged: those
    of equal values are exactly 0.
    """
    result = np.full(len(values), np.nan)
    for row in range(period - 1, len(values)):
        first, mean, squares = row - period + 1, 0.0, 0.0
        for i in range(first, row + 1):
            mean += (values[i] - values[row]) / period
        for i in range(first, row + 1):
            squares += (values[i] - values[row] - mean) ** 2
        deviation = np.sqrt(squares / (period - 1))
        result[row] = 0.0 if deviation == 0.0 else -mean / deviation
    return result


def bollinger_position(close: Floats, period: int) -> Floats:
    """Place of the close between the bands two deviations off the average: -1 lower, 1 upper.

    By the sample deviation, like every deviation here. Bollinger divides by ``period``: his bands
    are narrower by one and the same share on every bar, 2.5 % for 20 bars.

    Source: Bollinger, Bollinger on Bollinger Bands (2001).
    """
    return rolling_z(close, period) / 2.0


@rule
def hurst(close: Floats) -> float:
    """Hurst exponent of a whole series: .5 for a random walk, more if moves go on, less if they turn.

    Least-squares slope of ln(deviation of the log change over k bars) on ln(k), k = 2 to 20; NaN
    below 120 bars and where nothing but a drift moved. Standard error about .1 at 200 bars.

    Source: structure function of order 2, with the population deviation in place of the mean
    square; Di Matteo, Multi-scaling in Finance, Quantitative Finance 7(1), 2007.
    """
    if len(close) < LEAST_HURST_BARS:
        return np.nan
    walk = np.zeros(len(close))
    changes = log_changes(close)
    for i in range(1, len(close)):
        walk[i] = walk[i - 1] + changes[i]
    lags = np.log(np.arange(2.0, HURST_LAGS + 1.0))
    spreads = np.empty(len(lags))
    for k in range(2, HURST_LAGS + 1):
        spread = np.std(walk[k:] - walk[:-k])
        if not spread > FLAT:
            return np.nan
        spreads[k - 2] = np.log(spread)
    lags -= lags.mean()
    return float((lags * spreads).sum() / (lags * lags).sum())


@rule
def rolling_hurst(close: Floats, period: int) -> Floats:
    """``hurst`` of the last ``period`` closes; first value at index ``period`` - 1."""
    result = np.full(len(close), np.nan)
    for row in range(period - 1, len(close)):
        result[row] = hurst(close[row - period + 1 : row + 1])
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
) -> tuple[Floats, Floats]:
    """Chandelier exit levels: (for a long, for a short), price units; first at index ``period``.

    A long's level is the highest high of ``period`` bars less ``multiple`` ranges, a short's the
    lowest low plus as much.

    Source: LeBeau, in Elder, Come Into My Trading Room (2002).
    """
    distance = multiple * average_true_range(high, low, close, period)
    if len(close) <= period:
        return distance, distance
    return talib.MAX(high, period) - distance, talib.MIN(low, period) + distance
