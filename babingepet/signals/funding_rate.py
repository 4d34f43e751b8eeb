"""Against the side that pays: a crowded side pays the other to stay.

score = clip((1e-4 - r8) / 4e-4), r8 the last settled rate per 8 hours; 1e-4 is the interest
baseline of 0.01 %. The running rate between settlements drifts and has no history, so it is not
scored.

Inputs: settled funding rates. Warm-up: one settlement. Units: fraction per 8 hours.
Source: Binance, introduction to funding rates (interest rate 0.01 % per 8 hours).
"""

from __future__ import annotations

import numpy as np

from babingepet.compiled import rule
from babingepet.domain.score import Score, clip1, measured, unavailable
from babingepet.market.frames import Floats, Ints
from babingepet.market.history import newest_rows
from babingepet.market.intervals import HOUR, MINUTE, iso
from babingepet.signals.inputs import SignalInputs

NAME = "funding_rate"

BASELINE = 1e-4
FULL = 4e-4
"""Distance from the baseline, fraction per 8 hours, at full strength."""
GRACE = 10 * MINUTE
"""How much later than its interval a settlement may be before the last one is stale."""


@rule
def is_stale(age: int, interval_hours: float) -> bool:
    """Whether a settlement is older than its interval and the grace."""
    return age > interval_hours * HOUR + GRACE


@rule
def rate_score(rate: float, interval_hours: float) -> float:
    """Score of one settled rate, a fraction per interval."""
    return clip1((BASELINE - rate * 8.0 / interval_hours) / FULL)


@rule
def funding_series(
    funding_time: Ints, rate: Floats, interval_hours: Floats, as_ofs: Ints
) -> Floats:
    """The score at each moment; NaN where it is unavailable."""
    result = np.full(len(as_ofs), np.nan)
    known = newest_rows(funding_time, as_ofs)
    for i in range(len(as_ofs)):
        row = known[i]
        if row >= 0 and not is_stale(as_ofs[i] - funding_time[row], interval_hours[row]):
            result[i] = rate_score(rate[row], interval_hours[row])
    return result


def funding_rate(inputs: SignalInputs) -> Score:
    """Score the newest settlement known at ``as_of``."""
    rates = inputs.funding
    known = int(np.searchsorted(rates.funding_time, inputs.as_of, side="right"))
    if not known:
        return unavailable(NAME, "no settlement has been seen yet")
    settled = int(rates.funding_time[known - 1])
    interval = float(rates.interval_hours[known - 1])
    age = inputs.as_of - settled
    if is_stale(age, interval):
        return unavailable(NAME, f"stale: the last settlement was {iso(settled)}", known)
    rate = float(rates.funding_rate[known - 1])
    rate_8h = rate * 8.0 / interval
    return measured(
        NAME,
        rate_score(rate, interval),
        known,
        {
            "funding_rate": rate,
            "funding_rate_8h": rate_8h,
            "funding_time": settled,
            "derived": bool(rates.derived[known - 1]),
        },
    )
