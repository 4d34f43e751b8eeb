"""The story of a day or a week, written from stored facts: what was decided, traded, and missed.

Belongs here: the facts it takes and the words. Where they are read, and where the text is kept,
does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from babingepet.market.intervals import DAY, day_key

Span = Literal["day", "week"]

SPANS: Mapping[Span, int] = {"day": DAY, "week": 7 * DAY}
"""Length of a chronicle's period, ms."""


@dataclass(frozen=True, slots=True)
class PeriodFacts:
    """What is stored about a period of one instrument; money in quote currency.

    Attributes:
        symbol: The exchange's name.
        source: Whose facts were decided on.
        start: UTC ms.
        end: UTC ms, excluded.
        verdicts: Decisions by verdict.
        missed: Minutes that were not decided, by reason.
        unknown: Minutes of which nobody knows anything.
        entries: Positions that were opened.
        exits: Closed positions by reason.
        wins: Of the closed ones.
        net_pnl: Sum of the closed ones, after all costs.
        equity_before: At the end of the period before; None when it is not stored.
        equity_after: At the end of the period; None when nothing was decided.
    """

    symbol: str
    source: str
    start: int
    end: int
    verdicts: Mapping[str, int] = field(default_factory=dict)
    missed: Mapping[str, int] = field(default_factory=dict)
    unknown: int = 0
    entries: int = 0
    exits: Mapping[str, int] = field(default_factory=dict)
    wins: int = 0
    net_pnl: float = 0.0
    equity_before: float | None = None
    equity_after: float | None = None


@dataclass(frozen=True, slots=True)
class Chronicle:
    """A story as it is kept.

    Attributes:
        kind: day or week.
        market: One of the engrams' markets.
        symbol: The exchange's name.
        source: Whose facts it tells.
        period_start: UTC ms.
        period_end: UTC ms, excluded.
        title: One line.
        body: The rest.
        known_at: When it was written, UTC ms; nothing finds it before.
    """

    kind: Span
    market: str
    symbol: str
    source: str
    period_start: int
    period_end: int
    title: str
    body: str
    known_at: int


def write_story(kind: Span, facts: PeriodFacts, known_at: int) -> Chronicle:
    """The story of a period that is over."""
    title = f"{facts.symbol}, {kind} of {day_key(facts.start)} ({facts.source} facts)"
    body = "\n".join((_decided(facts), _missed(facts), _traded(facts), _account(facts)))
    return Chronicle(
        kind=kind,
        market="btc",
        symbol=facts.symbol,
        source=facts.source,
        period_start=facts.start,
        period_end=facts.end,
        title=title,
        body=body,
        known_at=known_at,
    )


def _counts(of: Mapping[str, int]) -> str:
    ranked = sorted(of.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count:,}" for name, count in ranked)


def _decided(facts: PeriodFacts) -> str:
    total = sum(facts.verdicts.values())
    return f"Decided {total:,} minutes: {_counts(facts.verdicts)}." if total else "Decided nothing."


def _missed(facts: PeriodFacts) -> str:
    noted = sum(facts.missed.values())
    if not noted and not facts.unknown:
        return "Missed no minute."
    reasons = f" ({_counts(facts.missed)})" if noted else ""
    return f"Missed {noted:,} minutes{reasons}; of {facts.unknown:,} more nobody knows anything."


def _traded(facts: PeriodFacts) -> str:
    closed = sum(facts.exits.values())
    opened = f"Opened {facts.entries:,} positions"
    if not closed:
        return f"{opened}, closed none."
    return (
        f"{opened}, closed {closed:,} ({_counts(facts.exits)}), of them {facts.wins:,} with a gain; "
        f"net of all costs {facts.net_pnl:+,.2f}."
    )


def _account(facts: PeriodFacts) -> str:
    if facts.equity_after is None:
        return "The account's value is not stored."
    if facts.equity_before is None:
        return f"The account ended at {facts.equity_after:,.2f}; what it was before is not stored."
    change = facts.equity_after / facts.equity_before - 1.0
    return (
        f"The account went from {facts.equity_before:,.2f} to {facts.equity_after:,.2f} "
        f"({change:+.3%})."
    )
