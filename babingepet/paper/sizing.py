"""How much: Kelly's fraction of equity, bounded, then floored to the exchange's step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from babingepet.compiled import rule
from babingepet.domain.codes import Grade
from babingepet.domain.edge import Edge
from babingepet.domain.money import round8

FLOOR_POLICY, VETO_POLICY = 0, 1
NOMINAL_ODDS = 0.025 / 0.006
"""Target over stop, before costs."""
NO_EDGE = 1e-9
GRADE_B = Grade.B.value
GRADE_B_FACTOR = 0.75
STEP_SLACK = 1e-9
"""A quantity this close below a step, in steps, is on it: 0.3 / 0.1 is 2.9999999999999996."""


class SizingRules(NamedTuple):
    """Bounds of the size."""

    least_fraction: float = 0.08
    most_fraction: float = 0.20
    kelly_fraction: float = 1.0
    """Factor on Kelly's fraction before the bounds; 0.5 is the usual caution."""
    leverage: float = 1.0
    edge_policy: int = FLOOR_POLICY
    """0 floor: the size never leaves its bounds; 1 veto: no edge, no entry."""
    nominal_odds: bool = False
    """Size with the fixed odds of target over stop instead of those of the record."""
    quantity_step: float = 1e-5
    """Base units. The exchange's 0.001 BTC would forbid every trade of a 1 000 USDT account."""
    min_quantity: float = 0.0
    """Base units; the exchange's least order where it is more than one step."""
    min_notional: float = 5.0
    exchange_filters: bool = False
    """Take step, least order and price tick from the exchange when the loop starts."""


class Size(NamedTuple):
    """Outcome of sizing."""

    kelly: float
    """f* = p - (1 - p) / b, may be negative."""
    fraction: float
    """Share of equity committed, after bounds and multipliers; 0 when nothing is allowed."""
    quantity: float
    """Base units, floored to the step; 0 when below the exchange's least."""


@rule
def kelly_fraction(edge: Edge, nominal: bool) -> float:
    """Kelly's share of equity for these odds.

    Source: Kelly, A New Interpretation of Information Rate (1956).
    """
    odds = NOMINAL_ODDS if nominal else edge.win / edge.loss
    return edge.p - (1.0 - edge.p) / odds


@rule
def bounded_fraction(kelly: float, rules: SizingRules) -> float:
    """Kelly's share within the bounds; 0 only under the veto policy."""
    if rules.edge_policy == VETO_POLICY and kelly <= NO_EDGE:
        return 0.0
    return min(max(kelly * rules.kelly_fraction, rules.least_fraction), rules.most_fraction)


@rule
def floor_quantity(notional: float, price: float, rules: SizingRules) -> float:
    """Whole steps that the notional buys, never rounded up; 0 below the exchange's least."""
    steps = np.floor(notional / price / rules.quantity_step + STEP_SLACK)
    quantity = round8(steps * rules.quantity_step)
    if steps < 1.0 or quantity < rules.min_quantity or quantity * price < rules.min_notional:
        return 0.0
    return quantity


@rule
def size_entry(
    edge: Edge, grade: int, pattern: float, equity: float, price: float, rules: SizingRules
) -> Size:
    """Size an entry at ``price``: Kelly, bounds, pattern multiplier, grade, step.

    Boosts never lift the share above the bound.
    """
    kelly = kelly_fraction(edge, rules.nominal_odds)
    fraction = min(bounded_fraction(kelly, rules) * pattern, rules.most_fraction)
    if grade == GRADE_B:
        fraction *= GRADE_B_FACTOR
    notional = fraction * equity * rules.leverage
    return Size(kelly, fraction, floor_quantity(notional, price, rules))
