"""From 13 scores to one: the weighted score, its votes, its coverage and its verdict."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from babingepet.compiled import rule
from babingepet.domain.codes import Verdict
from babingepet.market.frames import Bools, Floats
from babingepet.voting.rules import ROUNDING, SCALE, VotingRules

STRONG_BUY, BUY = Verdict.STRONG_BUY.value, Verdict.BUY.value
SELL, STRONG_SELL = Verdict.SELL.value, Verdict.STRONG_SELL.value
HOLD = Verdict.HOLD.value


class Thresholds(NamedTuple):
    """BUY and STRONG thresholds in force in one hour."""

    buy: float
    strong: float


@rule
def weighted_score(scores: Floats, weights: Floats) -> float:
    """0.88 * sum(w s) / sum(w) over all weights; an unavailable score (NaN) adds nothing.

    Missing signals therefore make an entry harder: the denominator keeps their weight.
    """
    total, weight = 0.0, 0.0
    for i in range(len(scores)):
        weight += weights[i]
        if not np.isnan(scores[i]):
            total += weights[i] * scores[i]
    return float(SCALE * total / weight)


@rule
def coverage(scores: Floats, weights: Floats, capability: Bools) -> float:
    """Weight of the measured signals over the weight of those the source can supply."""
    measured, possible = 0.0, 0.0
    for i in range(len(scores)):
        if capability[i]:
            possible += weights[i]
            if not np.isnan(scores[i]):
                measured += weights[i]
    return measured / possible if possible > 0.0 else 0.0


@rule
def count_votes(scores: Floats, score: float, floor: float) -> int:
    """Signals of the score's sign and at least the floor's strength; none for a score of 0."""
    votes = 0
    for s in scores:
        votes += (s * score > 0.0) & (abs(s) >= floor - ROUNDING)  # no branch to be mispredicted
    return int(votes)


@rule
def in_hours(hours: int, hour: int) -> bool:
    """Whether the hour is in the set of bits."""
    return (hours >> hour) & 1 == 1


@rule
def thresholds_at(hour: int, rules: VotingRules) -> Thresholds:
    """Thresholds in force in a UTC hour."""
    if in_hours(rules.boosted_hours, hour):
        return Thresholds(
            rules.buy_threshold * rules.boost, rules.strong_threshold * rules.strong_boost
        )
    return Thresholds(rules.buy_threshold, rules.strong_threshold)


@rule
def verdict_of(score: float, thresholds: Thresholds) -> int:
    """STRONG_BUY, BUY, HOLD, SELL or STRONG_SELL by inclusive thresholds."""
    if score == 0.0:  # without a side, even where the thresholds are 0
        return HOLD
    size = abs(score) + ROUNDING
    if size >= thresholds.strong:
        return STRONG_BUY if score > 0.0 else STRONG_SELL
    if size >= thresholds.buy:
        return BUY if score > 0.0 else SELL
    return HOLD
