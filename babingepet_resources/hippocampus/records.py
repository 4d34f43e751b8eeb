"""What the memory's file answers: plain values.

What belongs here: answers. What is handed over and found again are the engine's values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["stored", "reinforced", "known", "conflicting"]
"""stored: it is new. reinforced: the same words were there and became stronger. known: this very
fact was there, nothing changed. conflicting: a fact of this name says something else, and stays."""


@dataclass(frozen=True)
class Stored:
    """What became of something that was to be remembered.

    Attributes:
        id: Number of the engram or chronicle that holds it now.
        status: What was done.
    """

    id: int
    status: Status


@dataclass(frozen=True)
class Decayed:
    """What a decay left.

    Attributes:
        kept: Engrams that are still there.
        forgotten: Engrams that were deleted.
    """

    kept: int
    forgotten: int


@dataclass(frozen=True)
class Health:
    """How the file is.

    Attributes:
        ok: Whether it can be used.
        engrams: How many it holds.
        chronicles: How many it holds.
        last_write: When anything was last written, UTC ms; None for an empty file.
        fts_ok: Whether the index of words agrees with the engrams.
    """

    ok: bool
    engrams: int
    chronicles: int
    last_write: int | None
    fts_ok: bool


@dataclass(frozen=True)
class KindCount:
    """How many engrams of one kind there are, how many are pinned, and of which time.

    Attributes:
        market: Of the engrams.
        kind: Of the engrams.
        count: How many.
        pinned: How many of them are never forgotten.
        oldest: First ``event_time``, UTC ms.
        newest: Last ``event_time``.
    """

    market: str
    kind: str
    count: int
    pinned: int
    oldest: int
    newest: int
