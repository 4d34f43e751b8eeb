"""Whether probabilities were right: Brier score, skill, and shares that came true by bin.

Brier BS = mean((p - y)^2) with y = 1 when the price was higher; reference BS_ref = m (1 - m) with
m = mean(y), the score of whoever always says m; skill = 1 - BS / BS_ref, which is undefined while
only one outcome was seen. Ten bins of equal width; a p on an edge belongs to the bin below it, 0 to
the first.

Surprise Z = sum((y - p)(1 - 2p)) / sqrt(sum((1 - 2p)^2 p (1 - p))) is about standard normal while
the probabilities are what they claim to be: positive when they promised more than came.

Units: probability. Source: Brier, Verification of Forecasts Expressed in Terms of Probability,
Monthly Weather Review 78(1), 1950; Murphy, A New Vector Partition of the Probability Score, Journal
of Applied Meteorology 12, 1973; Spiegelhalter, Probabilistic Prediction in Patient Management and
Clinical Trials, Statistics in Medicine 5, 1986. Bins and edges are those of scikit-learn's ``calibration_curve``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from babingepet.errors import InputError
from babingepet.market.frames import Floats

BINS = 10
"""Bins of equal width over [0, 1]."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions with a probability in (low, high], or [low, high] in the first bin.

    Attributes:
        low: Lower edge.
        high: Upper edge.
        n: Predictions in it.
        mean_p: Their mean probability; None in an empty bin.
        share_up: Share of them that came true; None in an empty bin.
    """

    low: float
    high: float
    n: int
    mean_p: float | None
    share_up: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """How good the probabilities of an agent, a group or a consensus were.

    Attributes:
        n: Predictions.
        brier: Mean squared error, 0 (perfect) to 1; None without a prediction.
        reference: The same of whoever always says the mean outcome.
        skill: Share of the reference's error that is gone; negative is worse than the reference.
        bins: Ten bins, ascending.
        reason: Why numbers are missing; None when none is.
    """

    n: int
    brier: float | None
    reference: float | None
    skill: float | None
    bins: tuple[Bin, ...]
    reason: str | None


def calibrate(predictions: Sequence[tuple[float, bool]]) -> Calibration:
    """Judge probabilities by what happened.

    Args:
        predictions: Probability that the price would be higher, and whether it was; any order.

    Raises:
        InputError: A probability is not in [0, 1]; its place is named.
    """
    p, y = _columns(predictions)
    bins = _bins(p, y)
    if not len(p):
        return Calibration(0, None, None, None, bins, "no prediction is resolved yet")
    brier, mean = float(np.mean((p - y) ** 2)), float(np.mean(y))
    reference = mean * (1.0 - mean)
    if reference == 0.0:
        reason = f"the price came up {'never' if mean == 0.0 else 'every time'}: skill is undefined"
        return Calibration(len(p), brier, reference, None, bins, reason)
    return Calibration(len(p), brier, reference, 1.0 - brier / reference, bins, None)


def surprise(predictions: Sequence[tuple[float, bool]]) -> float | None:
    """How far what happened is from what was promised, in standard deviations of chance.

    Predictions whose outcomes overlap in time are not independent: leave all but one of them out.

    Args:
        predictions: As of ``calibrate``.

    Returns:
        Z; None when nothing was promised: no prediction, or all of them 0, one half or 1.

    Raises:
        InputError: A probability is not in [0, 1]; its place is named.
    """
    p, y = _columns(predictions)
    variance = float(np.sum((1.0 - 2.0 * p) ** 2 * p * (1.0 - p)))
    if variance == 0.0:
        return None
    return float(np.sum((y - p) * (1.0 - 2.0 * p))) / math.sqrt(variance)


def _columns(predictions: Sequence[tuple[float, bool]]) -> tuple[Floats, Floats]:
    """Probabilities, and outcomes as 0 and 1."""
    p = np.array([probability for probability, _ in predictions], dtype=np.float64)
    wrong = np.flatnonzero(~((p >= 0.0) & (p <= 1.0)))
    if wrong.size:
        raise InputError(f"p_up: prediction {wrong[0] + 1} is {p[wrong[0]]}, not a probability.")
    return p, np.array([came_up for _, came_up in predictions], dtype=np.float64)


def _bins(p: Floats, y: Floats) -> tuple[Bin, ...]:
    edges = np.linspace(0.0, 1.0, BINS + 1)
    places = np.searchsorted(edges[1:-1], p)
    return tuple(_bin(edges, i, p[places == i], y[places == i]) for i in range(BINS))


def _bin(edges: Floats, place: int, p: Floats, y: Floats) -> Bin:
    low, high = float(edges[place]), float(edges[place + 1])
    if not len(p):
        return Bin(low, high, 0, None, None)
    return Bin(low, high, len(p), float(np.mean(p)), float(np.mean(y)))
