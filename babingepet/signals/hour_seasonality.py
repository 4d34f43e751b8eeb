"""How often the hour that begins has risen, against all hours.

score = clip((p_h - p) / 0.05), p_h the shrunk share of rises of the UTC hour that ``as_of`` lies in,
p the share over all hours; 0 unless the hour survives the false discovery rate over all 24.

Inputs: the table of hours, made of all hours before this month (learning/seasonality.py). Warm-up:
two years of hours, 200 of them in this hour of the day. Units: share of rises.
Source: Benjamini, Hochberg, Journal of the Royal Statistical Society B 57(1), 1995; Baur, Cahill,
Godfrey, Liu, Finance Research Letters 31, 2019, who find no hour of bitcoin that stays special.
"""

from __future__ import annotations

import math

from babingepet.domain.score import Score, clip1, measured, unavailable
from babingepet.market.context import HourTable
from babingepet.market.intervals import hour_of_day, iso, month_start
from babingepet.signals.inputs import SignalInputs

NAME = "hour_seasonality"

FULL = 0.05
"""Distance from the mean share at full strength."""
LEAST_HOURS = 200


def hour_seasonality(inputs: SignalInputs, *, require_fdr: bool = True) -> Score:
    """Score the hour of ``as_of``; without ``require_fdr`` also one that may be chance."""
    table, as_of = inputs.hour_table, inputs.as_of
    if table is not None and table.until != month_start(as_of):
        return unavailable(NAME, f"the table of hours is that of {iso(table.until)}")
    return score_hour(table, hour_of_day(as_of), require_fdr=require_fdr)


def score_hour(table: HourTable | None, hour: int, *, require_fdr: bool = True) -> Score:
    """Score an hour of the UTC day by the month's table."""
    if table is None:
        return unavailable(NAME, "warm-up: less than two years of hours before this month")
    counted = int(table.hours[hour])
    distance = float(table.share[hour]) - table.mean_share
    if counted < LEAST_HOURS or not math.isfinite(distance):
        return unavailable(
            NAME, f"warm-up: {counted} of {LEAST_HOURS} days with the hour {hour:02}:00", counted
        )
    significant = bool(table.significant[hour])
    return measured(
        NAME,
        clip1(distance / FULL) if significant or not require_fdr else 0.0,
        counted,
        {
            "hour": hour,
            "share": float(table.share[hour]),
            "mean_share": table.mean_share,
            "p_value": float(table.p_value[hour]),
            "significant": significant,
            "since": table.since,
            "until": table.until,
        },
    )
