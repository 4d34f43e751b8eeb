"""From what an analyst reads to its answer: p = .5 + .25 clip(x).

x is the weighted mean of the readings an analyst names; one that is missing is dropped with its
weight, and nothing left is an abstention. So a rule never votes beyond .25 or .75.

Confidence is the size of x: LOW while the vote is neutral (|x| <= .2, p within .45 to .55), HIGH
from .6 (p beyond .35 or .65), MED between. Units: scores in [-1, 1]. Source: ours.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from babingepet.domain.score import clip1
from babingepet.errors import InputError
from babingepet.swarm.answers import Answer, Confidence, State, silent, vote
from babingepet.swarm.consensus import BEAR, BULL, ROUNDING

CENTRE, REACH = 0.5, 0.25
"""A neutral vote, and how far the strongest lies from it."""
NEUTRAL, STRONG = 0.2, 0.6
"""|x| up to which confidence is LOW, and from which it is HIGH."""
FULL_SCORE, BONUS, BUSY = 0.40, 0.2, 2.0
"""Of the quants: a composite that counts in full, what a bonus adds, a volume ratio that earns it."""

Shares = tuple[tuple[float, str], ...]
"""Weight and name of each reading of a weighted mean."""


class Lean(NamedTuple):
    """Where an analyst leans, and why.

    ``x`` is None when nothing it reads is there; ``because`` then names what is missing.
    """

    x: float | None
    because: str


def blend(shares: Shares, readings: Mapping[str, float | None]) -> Lean:
    """Weighted mean of the readings that are there, summed in the order of the shares.

    Example:
        >>> blend(((0.5, "trend"), (0.3, "regime")), {"trend": 0.6, "regime": None})
        Lean(x=0.6, because='trend +0.60 (without regime)')
    """
    total, weight = 0.0, 0.0
    for share, name in shares:
        reading = readings[name]
        if reading is not None:
            total += share * reading
            weight += share
    lacking = missing(readings, [name for _, name in shares])
    if weight == 0.0:
        return Lean(None, f"nothing to read: no {', '.join(lacking)}")
    return Lean(total / weight, told(readings, [name for _, name in shares]))


def missing(readings: Mapping[str, float | None], names: Iterable[str]) -> list[str]:
    """Which of the named readings are not there."""
    return [name for name in names if readings[name] is None]


def told(readings: Mapping[str, float | None], names: Iterable[str], form: str = "+.2f") -> str:
    """The named readings with their numbers; which of them are missing comes last."""
    named = list(names)
    there = [f"{name} {value:{form}}" for name in named if (value := readings[name]) is not None]
    lacking = missing(readings, named)
    return ", ".join(there) + (f" (without {', '.join(lacking)})" if lacking else "")


def answer(agent: str, lean: Lean, confidence: Confidence | None = None) -> Answer:
    """The vote of a lean, or an abstention; a confidence given replaces that of its size."""
    if lean.x is None:
        return silent(agent, State.ABSTAIN, lean.because)
    p_up = CENTRE + REACH * clip1(lean.x)
    return vote(agent, p_up, confidence or _confidence(lean.x), f"{lean.because}: {_side(p_up)}")


def scored(
    composite: float | None, rsi: float | None, likes: tuple[float, float], ratio: float | None
) -> Lean:
    """A quant's lean: composite / .40, + .2 if RSI is in what it likes, + .2 from twice the volume.

    A bonus whose reading is missing is not given; without a composite there is no lean.
    """
    if composite is None:
        return Lean(None, "nothing to read: no composite")
    low, high = likes
    in_spot = rsi is not None and low - ROUNDING <= rsi <= high + ROUNDING
    is_busy = ratio is not None and ratio >= BUSY - ROUNDING
    readings = {"composite": composite, "RSI": rsi, "volume_ratio": ratio}
    return Lean(
        composite / FULL_SCORE + BONUS * (in_spot + is_busy), told(readings, readings, ".2f")
    )


def _confidence(x: float) -> Confidence:
    if abs(x) <= NEUTRAL + ROUNDING:
        return Confidence.LOW
    return Confidence.HIGH if abs(x) >= STRONG - ROUNDING else Confidence.MED


def _side(p_up: float) -> str:
    if p_up > BULL + ROUNDING:
        return "leans up"
    return "leans down" if p_up < BEAR - ROUNDING else "no side"


Range = tuple[float, float]
SCORE: Range = (-1.0, 1.0)
SHARE: Range = (0.0, 1.0)
PERCENT: Range = (0.0, 100.0)
POSITIVE: Range = (0.0, math.inf)
ANY: Range = (-math.inf, math.inf)


def expect(name: str, value: float | None, within: Range) -> None:
    """Refuse a reading that is there and is no finite number of its range.

    Raises:
        InputError: The reading is named.
    """
    low, high = within
    if value is not None and not (math.isfinite(value) and low <= value <= high):
        raise InputError(f"{name}: {value} is no number from {low:g} to {high:g}.")
