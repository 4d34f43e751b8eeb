"""Agreement of the trend over four intervals.

Per interval x = clip((EMA20 - EMA50) / ATR14); the score is the mean weighted 5m .15, 15m .25,
1h .30, 4h .30 over the available ones, at least two.

Inputs: 5m, 15m, 1h, 4h bars. Warm-up: 150 closed bars (three times the longest EMA) in two
intervals. Units: average true ranges. Source: Wilder (1978) for the ATR; the weights are ours.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from babingepet.compiled import rule
from babingepet.domain.score import Score, clip1, measured, unavailable
from babingepet.indicators import average_true_range, ema
from babingepet.market.frames import Candles, Floats
from babingepet.market.history import has_recent_hole, seed_of
from babingepet.market.intervals import INTERVALS
from babingepet.signals.inputs import SignalInputs

NAME = "mtf_alignment"

WEIGHTS = {"5m": 0.15, "15m": 0.25, "1h": 0.30, "4h": 0.30}
FAST, SLOW, RANGE = 20, 50, 14
WARM_UP = 150
LEAST_INTERVALS = 2


class Alignment(NamedTuple):
    """The interval trends together."""

    value: float
    """Their weighted mean; NaN below two available intervals."""
    up: float
    """Share of the available weight whose trend points up, 0 to 1."""
    down: float


NOT_ALIGNED = Alignment(math.nan, 0.0, 0.0)
SHARES = np.array(list(WEIGHTS.values()))


@rule
def align(trends: Floats) -> Alignment:
    """Put the trends together, in the order of ``WEIGHTS``; NaN is an interval not available."""
    available, total, value, up, down = 0, 0.0, 0.0, 0.0, 0.0
    for i in range(len(trends)):
        if np.isnan(trends[i]):
            continue
        available += 1
        total += SHARES[i]
        value += SHARES[i] * trends[i]
        up += SHARES[i] if trends[i] > 0.0 else 0.0
        down += SHARES[i] if trends[i] < 0.0 else 0.0
    if available < LEAST_INTERVALS:
        return NOT_ALIGNED
    return Alignment(clip1(value / total), up / total, down / total)


@rule
def align_all(trends: Floats) -> Floats:
    """``align`` at every moment; value, up and down of shape (3, n) from trends of shape (4, n)."""
    moments = trends.shape[1]
    result, one = np.empty((3, moments)), np.empty(len(trends))
    for i in range(moments):
        for interval in range(len(trends)):
            one[interval] = trends[interval, i]
        result[0, i], result[1, i], result[2, i] = align(one)
    return result


@rule
def trend_of(fast: Floats, slow: Floats, reach: Floats) -> Floats:
    """clip((fast - slow) / range) of every bar; 0 while nothing has moved."""
    result = np.empty(len(fast))
    for i in range(len(fast)):
        result[i] = 0.0 if reach[i] == 0.0 else clip1((fast[i] - slow[i]) / reach[i])
    return result


def trend_series(bars: Candles) -> Floats:
    """clip((EMA20 - EMA50) / ATR14) after each bar."""
    reach = average_true_range(bars.high, bars.low, bars.close, RANGE)
    return trend_of(ema(bars.close, FAST), ema(bars.close, SLOW), reach)


@lru_cache(maxsize=8)  # the same bars come again until one closes
def trend(bars: Candles) -> float:
    """The trend after the last bar."""
    return float(trend_series(bars)[-1])


def trends(inputs: SignalInputs) -> dict[str, float]:
    """Trend of each available interval."""
    return {
        interval: trend(bars)
        for interval, bars in inputs.bars.items()
        if len(bars) >= WARM_UP
        and not has_recent_hole(bars.open_time, INTERVALS[interval], inputs.as_of)
    }


def alignment(score: Score) -> Alignment:
    """The alignment that a score was made of."""
    by_interval = (score.raw.get(name) for name in WEIGHTS)
    return align(np.array([x if isinstance(x, float) else np.nan for x in by_interval]))


def _reason(inputs: SignalInputs) -> str:
    counts = ", ".join(f"{name} {len(bars)}" for name, bars in inputs.bars.items())
    holes = [
        name
        for name, bars in inputs.bars.items()
        if len(bars) >= WARM_UP and has_recent_hole(bars.open_time, INTERVALS[name], inputs.as_of)
    ]
    if holes:
        return f"more than 3 bars in a row are missing in {', '.join(holes)}; bars: {counts}"
    return f"warm-up: {WARM_UP} bars in {LEAST_INTERVALS} intervals needed, have {counts}"


def mtf_alignment(inputs: SignalInputs) -> Score:
    """Score the alignment of the available intervals."""
    by_interval = trends(inputs)
    if len(by_interval) < LEAST_INTERVALS:
        return unavailable(NAME, _reason(inputs))
    seeds = {seed_of(inputs.bars[name].open_time, name, inputs.as_of) for name in by_interval}
    seed = "short" if "short" in seeds else "anchored"
    observations = sum(len(inputs.bars[name]) for name in by_interval)
    value = align(np.array([by_interval.get(name, np.nan) for name in WEIGHTS])).value
    return measured(NAME, value, observations, {**by_interval, "seed": seed})
