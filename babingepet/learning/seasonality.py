"""The table of hours: how often each hour of the UTC day rose, and whether that may be chance.

p_h = (rises + 50 p) / (hours + 50), p the share of rises over all hours: a Beta prior worth 50 hours
draws every share to the mean. Each hour is tested against p by the exact two-sided binomial test
(outcomes no likelier than the one seen), and the 24 p-values by the step-up procedure at a false
discovery rate of 10 %. An hour that closed at its open did not rise.

Inputs: hourly candles. Warm-up: two calendar years before the month. The table of a month reads only
hours before its first day, so all its decisions share one table.
Source: Benjamini, Hochberg, Journal of the Royal Statistical Society B 57(1), 1995.
"""

from __future__ import annotations

import numpy as np

from babingepet.market.context import HourTable
from babingepet.market.frames import Bools, Candles, Floats, Ints
from babingepet.market.history import with_numbers
from babingepet.market.intervals import HOUR, hours_needed_from, month_start

HOURS = 24
PRIOR_HOURS = 50.0
"""Hours at the mean share that every hour of the day starts with."""
DISCOVERY_RATE = 0.10
"""Share of false ones among the hours called significant."""
ROUNDING = 1e-12
"""A p-value this close to its limit has reached it."""


def hour_table(hours: Candles, as_of: int) -> HourTable | None:
    """Count the hours before the month of ``as_of``; None while history is too short.

    Args:
        hours: Hourly candles, ascending; rows from this month on are not read, and one whose
            numbers are not all finite is dropped.
        as_of: Any time of the month, UTC milliseconds.
    """
    until = month_start(as_of)
    known = with_numbers(hours.between(0, until))
    if not len(known) or int(known.open_time[0]) > hours_needed_from(as_of):
        return None
    hour = known.open_time // HOUR % HOURS
    counted = np.bincount(hour, minlength=HOURS)
    rises = np.bincount(hour[known.close > known.open], minlength=HOURS)
    mean = float(rises.sum() / counted.sum())
    p_value, significant = tested_hours(rises, counted, mean)
    return HourTable(
        since=int(known.open_time[0]),
        until=until,
        rises=rises,
        hours=counted,
        share=(rises + PRIOR_HOURS * mean) / (counted + PRIOR_HOURS),
        mean_share=mean,
        p_value=p_value,
        significant=significant,
    )


def tested_hours(rises: Ints, hours: Ints, mean: float) -> tuple[Floats, Bools]:
    """P-value of each hour's rises if all rose alike, and which hours survive all the tests.

    An hour that was never seen has a p-value of 1.
    """
    # SciPy takes a second to import: not paid by a command that only imports the engine.
    from scipy.stats import binomtest, false_discovery_control

    counts = zip(rises.tolist(), hours.tolist(), strict=True)
    p_value = np.array([binomtest(k, n, mean).pvalue if n else 1.0 for k, n in counts])
    least_rate = false_discovery_control(p_value, method="bh")
    return p_value, least_rate <= DISCOVERY_RATE + ROUNDING
