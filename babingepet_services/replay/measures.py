"""What is counted in a replay beside money: gates, exits, signals, holes.

Belongs here: reducing its columns to what a report tells. Does not belong here: returns and trades
(``babingepet.performance``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from babingepet.domain.codes import ExitReason, Gate
from babingepet.market.frames import Ints
from babingepet.market.intervals import MINUTE
from babingepet.replay.market import BAR_FEEDS
from babingepet.replay.result import Minutes, Replay, ReplayTrades
from babingepet.signals.registry import NAMES, SIGNALS, SWARM, SignalSpec, can_supply

LONGEST_HOLES = 10
"""Holes that are listed one by one."""

FEED_WORDS: Mapping[str, str] = {
    "etf_flow": "ETF flows",
    "model": "a trained model",
    "news": "headlines",
    "quotes": "quotes of the order book",
    "trades": "single trades",
}
"""Feeds that no replay reads, in words."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """How often each gate said no, in minutes; gates that never did are left out.

    Attributes:
        entries: Minutes that ordered an entry: no gate said no.
        vetoes: Gate name to minutes in which it said no, alone or with others.
        only_vetoes: Gate name to minutes in which it was the only one.
    """

    entries: int
    vetoes: Mapping[str, int]
    only_vetoes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ExitCount:
    """Closed trades that left for one reason; money in quote currency."""

    count: int
    net_pnl: float
    average_r: float


class Hole(NamedTuple):
    """Missing minutes in a row: start <= open time < end, UTC ms."""

    start: int
    end: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Gaps:
    """Minutes missing between the first decided one and the last.

    Attributes:
        count: Holes.
        missing_minutes: In all of them.
        longest: The longest ones, longest first.
    """

    count: int
    missing_minutes: int
    longest: tuple[Hole, ...]

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self) | {"longest": [hole._asdict() for hole in self.longest]}


def refusals(minutes: Minutes) -> Refusals:
    """Count the gates of every minute."""
    sets = np.bincount(minutes.blocked, minlength=1 << len(Gate))
    found = np.flatnonzero(sets)
    counts = {gate.name: int(sets[found[found >> gate & 1 == 1]].sum()) for gate in Gate}
    alone = {gate.name: int(sets[1 << gate]) for gate in Gate}
    return Refusals(
        int(sets[0]), {k: v for k, v in counts.items() if v}, {k: v for k, v in alone.items() if v}
    )


def exits(trades: ReplayTrades) -> dict[str, ExitCount]:
    """Closed trades by the reason they left for, the most frequent first."""
    counted = {}
    for reason in ExitReason:
        mine = trades.exit_reason == reason
        if mine.any():
            counted[reason.name] = ExitCount(
                int(mine.sum()),
                round(float(trades.net_pnl[mine].sum()), 8),
                float(trades.r_multiple[mine].mean()),
            )
    return dict(sorted(counted.items(), key=lambda item: -item[1].count))


def gaps(minutes: Minutes) -> Gaps:
    """Find the minutes that the source did not have."""
    steps = np.diff(minutes.as_of)
    at = np.flatnonzero(steps > MINUTE)
    missing = steps[at] // MINUTE - 1
    longest = at[np.argsort(-missing, kind="stable")][:LONGEST_HOLES]
    return Gaps(len(at), int(missing.sum()), tuple(_hole(minutes.as_of, row) for row in longest))


def _hole(as_of: Ints, row: int) -> Hole:
    start, end = int(as_of[row]), int(as_of[row + 1]) - MINUTE
    return Hole(start, end, (end - start) // MINUTE)


def signals_available(minutes: Minutes) -> dict[str, float]:
    """Share of the minutes in which each signal had a score, 0 to 1."""
    shares = {name: float(np.mean(~np.isnan(scores))) for name, scores in minutes.scores.items()}
    return {name: shares.get(name, 0.0) for name in NAMES}


def signals_outside(replay: Replay) -> dict[str, str]:
    """Signals that this source can never supply, and why."""
    return outside(replay.market.feeds)


def outside(feeds: frozenset[str]) -> dict[str, str]:
    """Signals that a source with these feeds can never supply, and why."""
    return {spec.name: _why_not(spec, feeds) for spec in SIGNALS if not can_supply(spec, feeds)}


def _why_not(spec: SignalSpec, feeds: frozenset[str]) -> str:
    missing = sorted({feed for need in spec.feeds for feed in need - feeds})
    unread = [FEED_WORDS[feed] for feed in missing if feed in FEED_WORDS]
    if unread:
        return f"needs {' and '.join(unread)}, which no replay reads"
    if SWARM in missing:
        return "the analysts were not to be heard: --replay-ai none"
    absent = [feed.replace("_", " ") for feed in missing if feed in BAR_FEEDS]
    return f"not given: {' and '.join(absent)}"


def weight_present(replay: Replay) -> float:
    """Share of the whole weight of the vote that the source can supply."""
    weights = np.array(replay.rules.book.weights)
    return float(weights[np.array(replay.capability)].sum() / weights.sum())


def weight_measured(replay: Replay) -> float:
    """Share of the whole weight that had a score, in the average minute: warm-up and holes out."""
    return weight_present(replay) * float(np.mean(replay.minutes.coverage))
