"""What the vote is made with: thresholds, weights and hours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


def hour_set(hours: Iterable[int]) -> int:
    """A set of UTC hours as bits, so that compiled rules can carry it."""
    return sum(1 << hour for hour in set(hours))


class VotingRules(NamedTuple):
    """Thresholds of the vote; scores are fractions of full strength."""

    buy_threshold: float = 0.20
    """Score from which the verdict is BUY, and below whose negative it is SELL."""
    strong_threshold: float = 0.28
    """Score from which the verdict is STRONG."""
    boosted_hours: int = hour_set((7, 8, 9, 1, 2, 3))
    """UTC hours with lower thresholds, as bits."""
    boost: float = 0.85
    """Factor on the BUY threshold in a boosted hour."""
    strong_boost: float = 0.92
    """Factor on the STRONG threshold in a boosted hour."""
    blocked_hours: int = hour_set((18, 23, 0))
    """UTC hours without new entries, as bits; exits always run."""
    vote_floor: float = 0.10
    """Least absolute score of a signal that votes."""
    min_votes: int = 4
    """Signals of 13 that must agree with the side."""
    min_coverage: float = 0.60
    """Least share of the source's signal weight that must be measured."""
    min_capability: float = 0.35
    """Least signal weight a source must be able to supply; below it a run refuses to start."""
    min_agreement: float = 0.40
    """Least agreement of the AI consensus."""
    ai_required: bool = False
    """Whether a missing consensus blocks entries."""
    max_data_age: int = 180_000
    """Age of the last closed minute, ms, above which data are stale."""
    max_clock_skew: int = 30_000
    """Difference of our clock to the exchange's, ms, above which nothing is opened."""
    confirmations: int = 2
    """Consecutive minutes of one side before an entry."""
    strong_confirmations: int = 1
    """The same when the verdict is STRONG."""
    reversal_confirmations: int = 3
    """The same against the side of the last entry, also when STRONG."""
    entry_spacing: int = 300_000
    """Least time between two entries, ms."""


SCALE = 0.88
"""Sum of the base weights: the largest absolute score. Not renormalised when weights evolve, so
that the thresholds keep their meaning."""

ROUNDING = 1e-12
"""Comparisons with a threshold favour the inclusive side by this much."""
