"""What a signal says: a score in [-1, 1], or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from babingepet.compiled import rule

Raw = Mapping[str, float | int | str | bool | None]


@dataclass(frozen=True, slots=True)
class Score:
    """One signal's measurement at one moment.

    Attributes:
        signal: Name in the registry.
        value: Direction and strength in [-1, 1]; 0.0 is a neutral measurement; None is
            unavailable and never votes.
        reason: Why there is no value; None when there is one.
        observations: How many rows the value rests on.
        raw: The numbers behind the score, by name.
    """

    signal: str
    value: float | None
    reason: str | None
    observations: int
    raw: Raw = field(default_factory=dict)


def measured(signal: str, value: float, observations: int, raw: Raw) -> Score:
    """A score that could be computed."""
    return Score(signal, value, None, observations, raw)


def unavailable(signal: str, reason: str, observations: int = 0, raw: Raw | None = None) -> Score:
    """No score, and why."""
    return Score(signal, None, reason, observations, raw or {})


@rule
def clip1(value: float) -> float:
    """Clip to [-1, 1]."""
    return max(-1.0, min(1.0, value))
