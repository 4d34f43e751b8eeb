"""Agreement of the trend over four intervals.

Per interval x = clip((EMA20 - EMA50) / ATR14); the score is the mean weighted 5m .15, 15m .25,
1h .30, 4h .30 over the available ones, at least two.

Inputs: 5m, 15m, 1h, 4h bars. Warm-up: 150 closed bars (three times the longest EMA) in two
intervals. Units: average true ranges. Source: Wilder (1978) for the ATR; the weights are ours.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from babingepet.domain.score import Score, clip1, measured, unavailable
from babingepet.indicators import average_true_range, ema
from babingepet.market.frames import Candles
from babingepet.market.history import has_recent_hole, seed_of
from babingepet.market.intervals import INTERVALS
from babingepet.signals.inputs import SignalInputs

NAME = "mtf_alignment"

WEIGHTS = {"5m": 0.15, "15m": 0.25, "1h": 0.30, "4h": 0.30}
FAST, SLOW, RANGE = 20, 50, 14
WARM_UP = 150
LEAST_INTERVALS = 2


class Alignment(NamedTuple):
    """Share of the available interval weight whose trend points up, and down; each 0 to 1."""

    up: float
    down: float


@lru_cache(maxsize=8)
def trend(bars: Candles) -> float:
    """clip((EMA20 - EMA50) / ATR14) after the last bar; 0 when nothing ever moved.

    Remembered per frame: the same bars come again until one closes.
    """
    reach = float(average_true_range(bars.high, bars.low, bars.close, RANGE)[-1])
    if reach == 0.0:
        return 0.0
    return clip1(float(ema(bars.close, FAST)[-1] - ema(bars.close, SLOW)[-1]) / reach)


def trends(inputs: SignalInputs) -> dict[str, float]:
    """Trend of each available interval."""
    return {
        interval: trend(bars)
        for interval, bars in inputs.bars.items()
        if len(bars) >= WARM_UP
        and not has_recent_hole(bars.open_time, INTERVALS[interval], inputs.as_of)
    }


def alignment(score: Score) -> Alignment:
    """Weight shares of the score's interval trends, by sign; both 0 when it is unavailable."""
    by_interval = {name: score.raw[name] for name in WEIGHTS if name in score.raw}
    total = sum(WEIGHTS[name] for name in by_interval)
    if score.value is None or total == 0.0:
        return Alignment(0.0, 0.0)
    up = sum(WEIGHTS[name] for name, x in by_interval.items() if isinstance(x, float) and x > 0)
    down = sum(WEIGHTS[name] for name, x in by_interval.items() if isinstance(x, float) and x < 0)
    return Alignment(up / total, down / total)


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
    total = sum(WEIGHTS[name] for name in by_interval)
    value = sum(WEIGHTS[name] * x for name, x in by_interval.items()) / total
    seeds = {seed_of(inputs.bars[name].open_time, name, inputs.as_of) for name in by_interval}
    seed = "short" if "short" in seeds else "anchored"
    observations = sum(len(inputs.bars[name]) for name in by_interval)
    return measured(NAME, clip1(value), observations, {**by_interval, "seed": seed})
