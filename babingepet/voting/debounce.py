"""How long a side must persist, and how far apart entries must lie."""

from __future__ import annotations

from typing import NamedTuple

from babingepet.compiled import rule
from babingepet.voting.rules import VotingRules

CYCLE = 60_000
"""Milliseconds between two decisions; a longer distance is a missed cycle."""

STRONG = 2
NEVER = -(2**62)
"""Time of an entry that has not happened."""


class Debounce(NamedTuple):
    """Consecutive minutes of one side, and the entries so far."""

    as_of: int = NEVER
    """The last decision."""
    side: int = 0
    """Side of its verdict."""
    minutes: int = 0
    """Consecutive minutes of that side, that one included."""
    entry_side: int = 0
    """Side of the last real entry."""
    entry_as_of: int = NEVER
    """Decision that ordered the last real entry."""
    shadow_as_of: int = NEVER
    """Decision that ordered the last shadow entry."""


@rule
def count_minute(state: Debounce, as_of: int, verdict: int, covered: bool) -> Debounce:
    """Count this minute's verdict; HOLD, thin coverage or a missed cycle begin anew.

    BUY and STRONG_BUY are one side.
    """
    side = (verdict > 0) - (verdict < 0)
    minutes = 0
    if side != 0 and covered:
        goes_on = side == state.side and as_of == state.as_of + CYCLE
        minutes = state.minutes + 1 if goes_on else 1
    return Debounce(as_of, side, minutes, state.entry_side, state.entry_as_of, state.shadow_as_of)


@rule
def minutes_needed(state: Debounce, side: int, verdict: int, rules: VotingRules) -> int:
    """Consecutive minutes that an entry to this side needs now."""
    if side != 0 and side == -state.entry_side:
        return rules.reversal_confirmations
    return rules.strong_confirmations if abs(verdict) == STRONG else rules.confirmations


@rule
def is_settled(
    state: Debounce, side: int, verdict: int, last_entry: int, rules: VotingRules
) -> bool:
    """Whether the side has persisted and the last entry lies far enough back, inclusive."""
    persisted = state.minutes >= minutes_needed(state, side, verdict, rules)
    return persisted and state.as_of - last_entry >= rules.entry_spacing


@rule
def note_entry(state: Debounce, side: int, as_of: int) -> Debounce:
    """Remember the entry that was ordered at ``as_of`` and has filled."""
    return Debounce(state.as_of, state.side, state.minutes, side, as_of, state.shadow_as_of)


@rule
def note_shadow(state: Debounce, as_of: int) -> Debounce:
    """Remember the shadow entry that was ordered at ``as_of`` and has filled."""
    return Debounce(
        state.as_of, state.side, state.minutes, state.entry_side, state.entry_as_of, as_of
    )
