"""The quality of an entry, 0 to 100 points of what the source can attain."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from babingepet.compiled import rule
from babingepet.domain.codes import Grade
from babingepet.voting.rules import ROUNDING

SCORE_POINTS, FULL_SCORE = 40.0, 0.40
VOTE_POINTS, FULL_VOTES = 20.0, 8.0
AI_POINTS = 15.0
TREND_POINTS = 15.0
SPREAD_POINTS, WORST_SPREAD_BPS, SPREAD_RANGE_BPS = 10.0, 5.0, 4.0
"""A spread of 1 bp or less earns all points, 5 bp or more none."""
LEAST_A, LEAST_B, LEAST_C = 70.0, 55.0, 40.0

A, B, C, D = Grade.A.value, Grade.B.value, Grade.C.value, Grade.D.value


class GradeInputs(NamedTuple):
    """What the grade rests on, seen from the side of the score."""

    score: float
    votes: int
    side_agreement: float
    """Agreement of the AI consensus when it is on this side, else 0; NaN without a consensus."""
    trend_fraction: float
    """Share of the interval weight that trends to this side."""
    spread_bps: float
    """NaN when no quote is known."""
    has_ai: bool
    """Whether the source can supply a consensus at all."""
    has_book: bool


@rule
def grade_points(inputs: GradeInputs) -> float:
    """Points earned over points attainable, 0 to 100.

    Where the source has no AI or no book, those points leave both sides of the fraction.
    """
    points = SCORE_POINTS * min(1.0, abs(inputs.score) / FULL_SCORE)
    points += VOTE_POINTS * min(1.0, inputs.votes / FULL_VOTES)
    points += TREND_POINTS * inputs.trend_fraction
    attainable = SCORE_POINTS + VOTE_POINTS + TREND_POINTS
    if inputs.has_ai:
        attainable += AI_POINTS
        if not np.isnan(inputs.side_agreement):
            points += AI_POINTS * inputs.side_agreement
    if inputs.has_book:
        attainable += SPREAD_POINTS
        if not np.isnan(inputs.spread_bps):
            room = (WORST_SPREAD_BPS - inputs.spread_bps) / SPREAD_RANGE_BPS
            points += SPREAD_POINTS * min(1.0, max(0.0, room))
    return points / attainable * 100.0


@rule
def grade_of(points: float) -> int:
    """A from 70 points, B from 55, C from 40, else D."""
    if points >= LEAST_A - ROUNDING:
        return A
    if points >= LEAST_B - ROUNDING:
        return B
    return C if points >= LEAST_C - ROUNDING else D
