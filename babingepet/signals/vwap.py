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

import numpy as np

from babingepet.compiled import rule
from babingepet.domain.codes import Regime
from babingepet.domain.score import Score, clip1, measured, unavailable
from babingepet.market.frames import Floats
from babingepet.market.history import has_recent_hole
from babingepet.market.intervals import MINUTE, day_start
from babingepet.signals.inputs import SignalInputs

NAME = "vwap"

WARM_UP = 30
FULL = 2.0
"""Deviations at which the score is at full strength."""
TRENDING = (Regime.TRENDING_UP, Regime.TRENDING_DOWN)


@rule
def weighted_moments(values: Floats, weights: Floats) -> tuple[float, float]:
    """Weighted mean and deviation; NaN without weight.

    By West's update: plain sums of squares lose seven digits at bitcoin's price.

    Source: West, Communications of the ACM 22(9), 1979.
    """
    total, mean, squares = 0.0, np.nan, 0.0
    for i in range(len(values)):
        if weights[i] <= 0.0:
            continue
        if total == 0.0:
            total, mean = weights[i], values[i]
            continue
        total += weights[i]
        step = values[i] - mean
        mean += step * weights[i] / total
        squares += weights[i] * step * (values[i] - mean)
    # A minute with 1e16 times the volume before it can leave the sum of squares below 0.
    return mean, np.sqrt(max(squares, 0.0) / total) if total > 0.0 else np.nan


def vwap_score(z: float, state: Regime) -> float:
    """Map the distance to a score, by regime."""
    if state not in TRENDING:
        return clip1(-z / FULL)
    size = abs(z)
    if size <= FULL:
        return z / FULL
    return math.copysign(1.0, z) * max(-1.0, 1.0 - (size - FULL))


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
    z = (float(day.close[-1]) - mean) / deviation if deviation > 0.0 else 0.0
    return measured(
        NAME,
        vwap_score(z, state),
        len(day),
        {"vwap": mean, "deviation": deviation, "z": z, "regime": state.name},
    )
