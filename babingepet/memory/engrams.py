"""One thing that is remembered: as it is handed over, and as it is found again.

What belongs here: the values and what makes one acceptable. What does not: how the engram of a
trade reads (``events``), and where engrams are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from babingepet.domain.decision import canonical_json
from babingepet.errors import InputError
from babingepet.memory.strength import INITIAL, INITIAL_LOSS
from babingepet.memory.text import as_token, clean

MARKETS = ("btc", "altcoin", "ihsg")
MOST_TAGS = 32
MOST_BYTES = 65_536
"""Of a payload as canonical JSON."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of something.

    Attributes:
        net_return: Of the notional, as a fraction, after all costs.
        reason: Why it ended, ``STOP_LOSS``.
        r_multiple: In units of the initial risk; None where there was none to measure by.
    """

    net_return: float
    reason: str
    r_multiple: float | None = None

    @property
    def result(self) -> str:
        """WIN, LOSS or, for a return of exactly nothing, EVEN."""
        return "WIN" if self.net_return > 0 else "LOSS" if self.net_return < 0 else "EVEN"


@dataclass(frozen=True, slots=True)
class Engram:
    """Something to remember.

    Attributes:
        kind: decision, trade, pick, note: memories of different kinds never merge.
        market: One of MARKETS.
        symbol: The exchange's name of the instrument.
        source: Whose facts it is made of: binance, recorded, simulated.
        text: What is searched and shown. The same kind and text again strengthens the memory.
        event_time: When it happened, UTC ms.
        known_at: When it could first be known; nothing finds it before.
        tags: Words that are searched with the text.
        payload: Numbers for programs; nothing of them that became known after ``known_at``.
        fact_id: Names the stored fact; the same fact a second time changes nothing. None for what
            has no name.
        outcome: What came of it, if that was known at ``known_at``.
        expects_outcome: Whether one is still to come.
        pinned: Whether it is kept however weak it becomes.
    """

    kind: str
    market: str
    symbol: str
    source: str
    text: str
    event_time: int
    known_at: int
    tags: tuple[str, ...] = ()
    payload: Mapping[str, Any] = field(default_factory=dict)
    fact_id: str | None = None
    outcome: Outcome | None = None
    expects_outcome: bool = False
    pinned: bool = False

    @property
    def strength(self) -> float:
        """What it begins with."""
        is_loss = self.outcome is not None and self.outcome.result == "LOSS"
        return INITIAL_LOSS if is_loss else INITIAL


@dataclass(frozen=True, slots=True)
class Memory:
    """An engram as it was found, at the time that was asked for.

    Attributes:
        id: Its number in the file.
        engram: As it was handed over; an outcome that was not known yet is left out.
        outcome_known_at: When its outcome became known, UTC ms; None without one.
        strength: What is left of it.
        access_count: How often it was strengthened.
        rank: Its fit times its strength; None when no word was asked for.
    """

    id: int
    engram: Engram
    outcome_known_at: int | None
    strength: float
    access_count: int
    rank: float | None = None


def checked(engram: Engram) -> tuple[str, bytes]:
    """The text as it is kept, and the payload as canonical JSON.

    Raises:
        InputError: The engram cannot be kept; the message names the field.
    """
    text = clean(engram.text, "engram.text")
    if engram.market not in MARKETS:
        raise InputError(f"engram.market: {engram.market!r} is none of {', '.join(MARKETS)}")
    for name in ("kind", "symbol", "source"):
        clean(getattr(engram, name), f"engram.{name}")
    if not 0 < engram.event_time <= engram.known_at:
        raise InputError("engram.known_at: it lies before event_time, or there is no such time")
    if len(engram.tags) > MOST_TAGS or any(as_token(tag) != tag or not tag for tag in engram.tags):
        raise InputError(f"engram.tags: at most {MOST_TAGS}, each of a-z, 0-9 and _")
    return text, _packed(engram.payload)


def _packed(payload: Mapping[str, Any]) -> bytes:
    try:
        packed = canonical_json(payload)
    except (TypeError, ValueError) as error:  # also of a lone surrogate, which is not UTF-8
        raise InputError(f"engram.payload: {error}") from None
    if len(packed) > MOST_BYTES:
        raise InputError(f"engram.payload: {len(packed):,} bytes, at most {MOST_BYTES:,}")
    return packed
