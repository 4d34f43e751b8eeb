"""Funding settlements that fell due between two minutes, and at which price they are paid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from babingepet.compiled import rule
from babingepet.market.frames import Bools, Candles, Floats, FundingRates, Ints
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


class Due(NamedTuple):
    """Settlements in ascending order, all of shape (k,); see ``Settlement``."""

    time: Ints
    funding_rate: Floats
    mark_price: Floats
    assumed: Bools


@rule
def due_times(funding_time: Ints, step: int, after: int, until: int) -> Ints:
    """Listed and scheduled settlements with after < time <= until, ascending, none twice."""
    listed = np.searchsorted(funding_time, after, side="right")
    scheduled = (after // step + 1) * step
    result = np.empty(until // step - after // step + len(funding_time) - listed, np.int64)
    count = 0
    while True:
        time = scheduled
        if listed < len(funding_time):
            time = min(time, funding_time[listed])
        if time > until:
            return result[:count]
        result[count] = time
        count += 1
        if time == scheduled:
            scheduled += step
        if listed < len(funding_time) and funding_time[listed] == time:
            listed += 1


@rule
def due_between(
    funding_time: Ints,
    funding_rate: Floats,
    interval_hours: Floats,
    open_time: Ints,
    close: Floats,
    after: int,
    until: int,
) -> Due:
    """``settlements_due`` over columns of rates and of minutes."""
    known = np.searchsorted(funding_time, until, side="right")
    step = int(interval_hours[known - 1] * HOUR) if known > 0 else 1
    times = due_times(funding_time[:known], step, after, until) if known > 0 else funding_time[:0]
    paid, count = np.empty((2, len(times))), 0
    kept, assumed = np.empty(len(times), np.int64), np.empty(len(times), np.bool_)
    for time in times:
        row = np.searchsorted(funding_time, time, side="right") - 1
        mark = np.searchsorted(open_time, time - MINUTE, side="right") - 1
        if row < 0 or mark < 0:
            continue
        kept[count], assumed[count] = time, funding_time[row] != time
        paid[0, count], paid[1, count] = funding_rate[row], close[mark]
        count += 1
    return Due(kept[:count], paid[0, :count], paid[1, :count], assumed[:count])


@rule
def paid_per_unit(due: Due) -> float:
    """What a long pays per base unit over the settlements."""
    total = 0.0
    for i in range(len(due.time)):
        total += due.funding_rate[i] * due.mark_price[i]
    return total


@rule
def funding_by_minute(
    funding_time: Ints,
    funding_rate: Floats,
    interval_hours: Floats,
    open_time: Ints,
    close: Floats,
    first: int,
) -> Floats:
    """``paid_per_unit`` of what fell due since the minute before, for the minutes from row ``first``.

    The minute at ``first`` pays what fell due in the minute before it. After a hole, everything that
    fell due within it is paid.
    """
    result = np.zeros(len(open_time) - first)
    listed, next_due = np.searchsorted(funding_time, open_time[first] - MINUTE, side="right"), 0
    for i in range(first, len(open_time)):
        until = open_time[i]
        arrived = listed < len(funding_time) and funding_time[listed] <= until
        if not arrived and (listed == 0 or until < next_due):
            continue
        after = open_time[i - 1] if i > first else until - MINUTE
        result[i - first] = paid_per_unit(
            due_between(funding_time, funding_rate, interval_hours, open_time, close, after, until)
        )
        while listed < len(funding_time) and funding_time[listed] <= until:
            listed += 1
        step = int(interval_hours[listed - 1] * HOUR)
        next_due = (until // step + 1) * step
    return result


def settlements_due(
    rates: FundingRates, minutes: Candles, after: int, until: int
) -> tuple[Settlement, ...]:
    """Settlements with after < time <= until, ascending.

    A scheduled settlement without a rate pays the last known one and is marked; before the first
    known rate there is nothing to pay.
    """
    due = due_between(
        rates.funding_time,
        rates.funding_rate,
        rates.interval_hours,
        minutes.open_time,
        minutes.close,
        after,
        until,
    )
    return tuple(map(Settlement, *(column.tolist() for column in due)))
