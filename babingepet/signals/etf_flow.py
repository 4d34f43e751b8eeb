"""Money that moved into or out of the US spot ETFs, against its usual size.

score = tanh(0.6 F1 / s + 0.4 F5 / (s sqrt(5))) * 2^(-max(0, age - 1) / 2); F1 is the flow of the
newest known trading day, F5 that of the last 5, s the sample deviation of the last 20, all with the
newest day in them; age in days from that day's 00:00 UTC. Equal flows (s = 0) score 0.

A day's flow is published after its US close, so day D is known from 03:00 UTC of D + 1. The rows are
read as they are given: a holiday is a missing row, a row of 0.0 is a trading day whose flows
cancelled out.

Inputs: daily net creations. Warm-up: 20 trading days; no score from 4 days after the last on.
Units: US dollars. Source: ours; flows as published by the issuers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from babingepet.domain.score import Score, measured, unavailable
from babingepet.market.intervals import DAY, HOUR, day_key
from babingepet.signals.inputs import SignalInputs

NAME = "etf_flow"

PUBLISHED_AFTER = DAY + 3 * HOUR
"""From a trading day's 00:00 UTC to the hour in which its flow is known, ms."""
WINDOW = 20
"""Trading days that say what size is usual."""
WEEK = 5
"""Trading days of the longer flow."""
DAY_WEIGHT, WEEK_WEIGHT = 0.6, 0.4
HALF_LIFE_DAYS = 2.0
"""A flow counts half this long after its first day."""
MAX_AGE = 4 * DAY
"""Friday's flow lasts over the weekend; older ones say nothing about today."""


def etf_flow(inputs: SignalInputs) -> Score:
    """Score the newest flow known at ``as_of``."""
    flows = inputs.etf_flows
    published = np.searchsorted(flows.day, inputs.as_of - PUBLISHED_AFTER, side="right")
    rows = np.flatnonzero(np.isfinite(flows.flow_usd[:published]))
    if len(rows) < WINDOW:
        return unavailable(NAME, f"warm-up: {len(rows)} of {WINDOW} days of flows", len(rows))
    day = int(flows.day[rows[-1]])
    age = inputs.as_of - day
    if age > MAX_AGE:
        return unavailable(NAME, f"stale: the last flow is that of {day_key(day)}", len(rows))
    recent = flows.flow_usd[rows[-WINDOW:]].tolist()
    strength, deviation = flow_strength(recent)
    age_days = age / DAY
    fading = 2.0 ** (-max(0.0, age_days - 1.0) / HALF_LIFE_DAYS)
    return measured(
        NAME,
        math.tanh(strength) * fading,
        WINDOW,
        {
            "day": day,
            "age_days": age_days,
            "flow_usd": recent[-1],
            "flow_5_days_usd": math.fsum(recent[-WEEK:]),
            "deviation_usd": deviation,
            "fading": fading,
        },
    )


def flow_strength(recent: Sequence[float]) -> tuple[float, float]:
    """Size of the newest flows in usual ones, and the deviation that is usual.

    Flows are first divided by the largest: no square overflows, and equal flows become exact ones
    without a deviation.
    """
    largest = max(map(abs, recent)) or 1.0
    flows = [flow / largest for flow in recent]
    mean = math.fsum(flows) / len(flows)
    deviation = math.sqrt(math.fsum((flow - mean) ** 2 for flow in flows) / (len(flows) - 1))
    if deviation == 0.0:
        return 0.0, 0.0
    day = flows[-1] / deviation
    week = math.fsum(flows[-WEEK:]) / (deviation * math.sqrt(WEEK))
    return DAY_WEIGHT * day + WEEK_WEIGHT * week, deviation * largest
