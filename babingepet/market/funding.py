"""Funding settlements that fell due between two minutes, and at which price they are paid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from babingepet.market.frames import Candles, FundingRates
from babingepet.market.intervals import HOUR, MINUTE


class Settlement(NamedTuple):
    """One settlement as the account pays it."""

    time: int
    funding_rate: float
    """Fraction for the interval."""
    mark_price: float
    """Close of the last minute at or before the settlement."""
    assumed: bool
    """True where the rate of this settlement is missing and the last known one stands in."""


def settlements_due(
    rates: FundingRates, minutes: Candles, after: int, until: int
) -> tuple[Settlement, ...]:
    """Settlements with after < time <= until, ascending.

    A scheduled settlement without a rate pays the last known one and is marked; before the first
    known rate there is nothing to pay.
    """
    known = rates.between(0, until + 1)
    if not len(known):
        return ()
    step = int(known.interval_hours[-1] * HOUR)
    scheduled = range((after // step + 1) * step, until + 1, step)
    listed = known.between(after + 1, until + 1).funding_time.tolist()
    times = sorted({*scheduled, *listed})
    due = (_settlement(known, minutes, time) for time in times)
    return tuple(settlement for settlement in due if settlement is not None)


def _settlement(known: FundingRates, minutes: Candles, time: int) -> Settlement | None:
    row = int(np.searchsorted(known.funding_time, time, side="right")) - 1
    mark = int(np.searchsorted(minutes.open_time, time - MINUTE, side="right")) - 1
    if row < 0 or mark < 0:
        return None
    return Settlement(
        time,
        float(known.funding_rate[row]),
        float(minutes.close[mark]),
        int(known.funding_time[row]) != time,
    )
