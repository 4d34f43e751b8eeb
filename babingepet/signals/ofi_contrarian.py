"""Against the order-flow imbalance of the last minute.

z of the minute's imbalance among the 240 before it; score = -tanh(z / 2). The imbalance explains
the price of its own minute; over the next one part of the move reverts (book resiliency, bid-ask
bounce), and following it would pay the spread.

Inputs: best-quote updates. Warm-up: 60 whole minutes of quotes. Units: base units.
Source: Cont, Kukanov, Stoikov, The Price Impact of Order Book Events, Journal of Financial
Econometrics 12(1), 2014.
"""

from __future__ import annotations

import math

import numpy as np

from babingepet.domain.score import Score, measured, unavailable
from babingepet.market.intervals import MINUTE
from babingepet.signals.inputs import TAPE_MINUTES, SignalInputs

NAME = "ofi_contrarian"

POPULATION = TAPE_MINUTES - 1
LEAST_POPULATION = 60
PRESSURE, STRONG_PRESSURE = 1.0, 2.0
"""Absolute z from which the pressure is named, and named strong."""


def ofi_pressure(z: float) -> str:
    """STRONG_BUY, BUY, NEUTRAL, SELL or STRONG_SELL: the pressure itself, not the contrarian view."""
    if abs(z) < PRESSURE:
        return "NEUTRAL"
    return ("STRONG_" if abs(z) >= STRONG_PRESSURE else "") + ("BUY" if z > 0 else "SELL")


def ofi_contrarian(inputs: SignalInputs) -> Score:
    """Score the imbalance of the minute that ends at ``as_of``."""
    now = inputs.as_of - MINUTE
    if not inputs.tape or inputs.tape[-1].open_time != now:
        return unavailable(NAME, "no quotes were collected for the last minute")
    current = inputs.tape[-1].order_flow_imbalance
    if current is None:
        return unavailable(NAME, "warm-up: the last minute of quotes was not covered whole")
    before = np.array(
        [
            minute.order_flow_imbalance
            for minute in inputs.tape[:-1]
            if minute.order_flow_imbalance is not None
            and minute.open_time >= now - POPULATION * MINUTE
        ]
    )
    if len(before) < LEAST_POPULATION:
        return unavailable(
            NAME,
            f"warm-up: {len(before)} of {LEAST_POPULATION} minutes of quotes",
            len(before),
            {"imbalance": current},
        )
    spread = float(before.std(ddof=1))
    z = (current - float(before.mean())) / spread if spread > 0.0 else 0.0
    return measured(
        NAME,
        -math.tanh(z / 2.0),
        len(before),
        {
            "imbalance": current,
            "z": z,
            "pressure": ofi_pressure(z),
            "quotes": inputs.tape[-1].quote_count,
        },
    )
