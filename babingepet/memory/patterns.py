"""What past trades under like conditions came to, for a prompt: counted, never concluded.

Belongs here: the words, with the size of the sample beside every share. A lesson does not: whoever
reads this draws it, and an empty memory says that it is empty. (Agents that were given none made
some up: TradingAgents, issue 572.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import NamedTuple

from babingepet.market.intervals import DAY, iso
from babingepet.memory.conditions import Conditions
from babingepet.memory.engrams import Memory, Outcome
from babingepet.memory.events import conditions_of
from babingepet.performance.confidence import wilson_interval

MOST_CHARACTERS = 1_200
"""Of a context: what a prompt has room for."""
WINDOW = 180 * DAY
"""How far back a closed trade is counted."""
ALIKE = 3
"""Known conditions that must be the same for a trade to be like another; fewer when fewer are
known."""
FEW = 10
"""Trades below which a share says next to nothing."""


class PatternTold(NamedTuple):
    """A context, and which trades it is made of."""

    text: str
    """In at most 1,200 characters."""
    remembered: int
    """Closed trades that were looked at."""
    alike: int
    """Those among them that were counted."""
    singly: tuple[Memory, ...] = ()
    """Those that have a line of their own, the newest first."""


def pattern_context(memories: Iterable[Memory], conditions: Conditions, k: int = 5) -> str:
    """The words of ``pattern_told``."""
    return pattern_told(memories, conditions, k).text


def pattern_told(memories: Iterable[Memory], conditions: Conditions, k: int = 5) -> PatternTold:
    """What like trades came to.

    Args:
        memories: All closed trades that may be counted; what has no outcome is passed over. A
            choice of them (the strongest, the best fit) would bend the shares.
        conditions: Those of now.
        k: Single trades to tell, the newest.
    """
    closed = [(one, one.engram.outcome) for one in memories if one.engram.outcome is not None]
    wanted = len(conditions.known)
    least = min(ALIKE, wanted)
    if not wanted:
        nothing = "no condition is measured now, so no past trade can be called like it"
        return PatternTold(nothing, len(closed), 0)
    found = [
        (conditions.alike(conditions_of(memory.engram)), memory, outcome)
        for memory, outcome in closed
    ]
    alike = [row for row in found if row[0] >= least]
    now = f"now: {conditions}"
    if not alike:
        nothing = f"no closed trade like this is remembered yet (0 of {len(closed)} engrams match)"
        return PatternTold(f"{nothing}; {now}"[:MOST_CHARACTERS], len(closed), 0)
    exact = [outcome for count, _, outcome in alike if count == wanted]
    lines = [
        f"closed paper trades remembered: {len(closed)}; {now}",
        _told(f"all {wanted} conditions alike", exact),
    ]
    if least < wanted:
        every = [outcome for _, _, outcome in alike]
        lines.append(_told(f"at least {least} of {wanted} alike", every))
    newest = sorted(alike, key=lambda row: (row[1].engram.known_at, row[1].id), reverse=True)[:k]
    rows = [_row(count, wanted, memory, outcome) for count, memory, outcome in newest]
    text, fitted = _fitting([line[:MOST_CHARACTERS] for line in lines], rows)
    singly = tuple(memory for _, memory, _ in newest[:fitted])
    return PatternTold(text, len(closed), len(alike), singly)


def _told(what: str, outcomes: Sequence[Outcome]) -> str:
    """Trades, wins, share with its interval, mean; and whether that is little."""
    n = len(outcomes)
    if n == 0:
        return f"{what}: 0 trades"
    wins = sum(outcome.result == "WIN" for outcome in outcomes)
    low, high = wilson_interval(wins, n)
    mean = fmean(outcome.net_return for outcome in outcomes)
    few = f"; n={n} is too few to tell anything" if n < FEW else ""
    return (
        f"{what}: n={n}, wins={wins}, win rate {wins / n:.0%} "
        f"(95% interval {low:.0%} to {high:.0%}), mean net return {mean:+.3%}{few}"
    )


def _row(count: int, wanted: int, memory: Memory, outcome: Outcome) -> str:
    engram = memory.engram
    side = engram.payload.get("side", "")
    return (
        f"- closed {iso(engram.event_time)} {side} {outcome.result} {outcome.reason} "
        f"{outcome.net_return:+.3%}, {count} of {wanted} alike"
    )


def _fitting(lines: Sequence[str], rows: Sequence[str]) -> tuple[str, int]:
    """The lines, and as many rows as there is room for; how many that are."""
    text, fitted = "\n".join(lines), 0
    for row in rows:
        if len(text) + 1 + len(row) > MOST_CHARACTERS:
            break
        text, fitted = f"{text}\n{row}", fitted + 1
    return text[:MOST_CHARACTERS], fitted
