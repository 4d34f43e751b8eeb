"""Distance of the price from the day's volume-weighted average, in its own deviations.

Anchored at 00:00 UTC: VWAP = sum(tp v) / sum(v), tp = (high + low + close) / 3; z = (close - VWAP)
/ sigma. In a trend the price is expected to run: score = z / 2 up to z = 2, fading to 0 at 3 and
reversing to -1 at 4. Otherwise it is expected to return: score = clip(-z / 2).

Inputs: minutes of the day, the confirmed regime. Warm-up: 30 minutes after 00:00 UTC.
Units: standard deviations. Source: the volume-weighted mean and deviation (West, Updating Mean and
Variance Estimates, Communications of the ACM 22(9), 1979); the map by regime is ours.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from babingepet.compiled import rule
from babingepet.domain.codes import Regime
from babingepet.domain.score import Score, clip1, measured, unavailable
from babingepet.market.frames import Bools, Floats, Ints
from babingepet.market.history import has_recent_hole
from babingepet.market.intervals import DAY, MINUTE, day_start
from babingepet.signals.inputs import SignalInputs

NAME = "vwap"

WARM_UP = 30
FULL = 2.0
"""Deviations at which the score is at full strength."""
TRENDING = (Regime.TRENDING_UP.value, Regime.TRENDING_DOWN.value)


class Moments(NamedTuple):
    """Weighted mean and sum of squares so far."""

    weight: float = 0.0
    mean: float = math.nan
    squares: float = 0.0


NO_MOMENTS = Moments()


@rule
def add_weighted(m: Moments, value: float, weight: float) -> Moments:
    """The moments with one more value; one without weight changes nothing.

    By West's update: plain sums of squares lose seven digits at bitcoin's price.

    Source: West, Communications of the ACM 22(9), 1979.
    """
    if weight <= 0.0:
        return m
    if m.weight == 0.0:
        return Moments(weight, value, 0.0)
    total = m.weight + weight
    step = value - m.mean
    mean = m.mean + step * weight / total
    return Moments(total, mean, m.squares + weight * step * (value - mean))


@rule
def deviation_of(m: Moments) -> float:
    """Weighted deviation; NaN without weight."""
    # A minute with 1e16 times the volume before it can leave the sum of squares below 0.
    return np.sqrt(max(m.squares, 0.0) / m.weight) if m.weight > 0.0 else np.nan


@rule
def weighted_moments(values: Floats, weights: Floats) -> tuple[float, float]:
    """Weighted mean and deviation; NaN without weight."""
    moments = NO_MOMENTS
    for i in range(len(values)):
        moments = add_weighted(moments, values[i], weights[i])
    return moments.mean, deviation_of(moments)


@rule
def distance_of(close: float, mean: float, deviation: float) -> float:
    """z: the distance from the mean in deviations, 0 where nothing moved."""
    return (close - mean) / deviation if deviation > 0.0 else 0.0


@rule
def vwap_score(z: float, state: int) -> float:
    """Map the distance to a score, by the code of the confirmed regime."""
    if state not in TRENDING:
        return clip1(-z / FULL)
    size = abs(z)
    if size <= FULL:
        return z / FULL
    return math.copysign(1.0, z) * max(-1.0, 1.0 - (size - FULL))


@rule
def vwap_series(
    open_time: Ints,
    high: Floats,
    low: Floats,
    close: Floats,
    base_volume: Floats,
    after_hole: Bools,
    states: Ints,
) -> Floats:
    """The score at the close of every minute; NaN where it is unavailable.

    The minutes begin with the first of a UTC day; ``states`` are the codes of the confirmed regime.
    """
    result = np.full(len(close), np.nan)
    moments, midnight, seen = NO_MOMENTS, open_time[0], 0
    for i in range(len(close)):
        if open_time[i] >= midnight:
            moments, midnight, seen = NO_MOMENTS, (open_time[i] // DAY + 1) * DAY, 0
        typical = (high[i] + low[i] + close[i]) / 3.0
        moments = add_weighted(moments, typical, base_volume[i])
        seen += 1
        is_over = open_time[i] + MINUTE == midnight  # the decision is already one of the next day
        if is_over or seen < WARM_UP or after_hole[i] or moments.weight == 0.0:
            continue
        z = distance_of(close[i], moments.mean, deviation_of(moments))
        result[i] = vwap_score(z, states[i])
    return result


def vwap(inputs: SignalInputs, state: Regime) -> Score:
    """Score the last close against the day's VWAP."""
    day = inputs.minutes.between(day_start(inputs.as_of), inputs.as_of)
    if len(day) < WARM_UP:
        return unavailable(NAME, f"warm-up: {len(day)} of {WARM_UP} minutes since 00:00", len(day))
    if has_recent_hole(inputs.minutes.open_time, MINUTE, inputs.as_of):
        return unavailable(NAME, "more than 3 minutes in a row are missing in the last hour")
    typical = (day.high + day.low + day.close) / 3.0
    mean, deviation = weighted_moments(typical, day.base_volume)
    if math.isnan(mean):
        return unavailable(NAME, "no volume since 00:00", len(day))
    z = distance_of(float(day.close[-1]), mean, deviation)
    return measured(
        NAME,
        vwap_score(z, state.value),
        len(day),
        {"vwap": mean, "deviation": deviation, "z": z, "regime": state.name},
    )
