"""Engrams as rows and back.

What belongs here: the mapping, and what of a row was not known yet. What does not: SQL.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from sqlalchemy import RowMapping

from babingepet.memory.engrams import Engram, Memory, Outcome, checked
from babingepet.memory.strength import effective
from babingepet.memory.text import fingerprint


def as_row(engram: Engram, now: int) -> dict[str, Any]:
    """The row of a new engram.

    Args:
        engram: What is remembered. Its age is that of the fact, however late it is written.
        now: UTC ms; when it is written.

    Raises:
        InputError: It cannot be kept; the message names the field.
    """
    text, payload = checked(engram)
    return {
        "kind": engram.kind,
        "market": engram.market,
        "symbol": engram.symbol,
        "source": engram.source,
        "text": text,
        "fingerprint": fingerprint(engram.kind, text),
        "tags": " ".join(engram.tags),
        "payload": payload.decode(),
        "strength": engram.strength,
        "pinned": engram.pinned,
        "event_time": engram.event_time,
        "known_at": engram.known_at,
        "last_access": engram.known_at,
        "access_count": 0,
        "expects_outcome": engram.expects_outcome,
        "outcome": None if engram.outcome is None else asdict(engram.outcome),
        "outcome_known_at": None if engram.outcome is None else engram.known_at,
        "written_at": now,
    }


def as_memory(row: RowMapping, known_until: int, rank: float | None = None) -> Memory:
    """A row as it looked at a time: an outcome that was not known yet is left out."""
    closed = row["outcome"] is not None and row["outcome_known_at"] <= known_until
    engram = Engram(
        kind=row["kind"],
        market=row["market"],
        symbol=row["symbol"],
        source=row["source"],
        text=row["text"],
        event_time=row["event_time"],
        known_at=row["known_at"],
        tags=tuple(row["tags"].split()),
        payload=json.loads(row["payload"]),
        outcome=Outcome(**row["outcome"]) if closed else None,
        expects_outcome=row["expects_outcome"],
        pinned=row["pinned"],
    )
    return Memory(
        id=row["id"],
        engram=engram,
        outcome_known_at=row["outcome_known_at"] if closed else None,
        strength=effective(row["strength"], known_until - row["last_access"]),
        access_count=row["access_count"],
        rank=rank,
    )
