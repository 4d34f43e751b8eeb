"""Stories of days and weeks: kept once, found by period.

What does not belong here: how they are written (the engine's ``memory.chronicles``).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

from sqlalchemy import Connection, insert, select

from babingepet.memory.chronicles import Chronicle, Span
from babingepet_resources.hippocampus.records import Stored
from babingepet_resources.hippocampus.schema import chronicle as table

_NAMES = tuple(field.name for field in fields(Chronicle))
_IDENTITY = ("kind", "market", "symbol", "source", "period_start")


@dataclass(frozen=True)
class ChronicleFilter:
    """Which chronicles are meant; None is any.

    Attributes:
        known_until: Time that is asked about, UTC ms: later ones are not found.
        kind: day or week.
        market: Of the chronicles.
        start: First ``period_start``, UTC ms.
        end: ``period_start`` before which they lie.
        limit: At most so many, the newest.
    """

    known_until: int
    kind: Span | None = None
    market: str | None = None
    start: int | None = None
    end: int | None = None
    limit: int = 100


def store(connection: Connection, story: Chronicle) -> Stored:
    """Keep a story; one of the same period that is there already stays as it is."""
    row = asdict(story)
    same = [table.c[name] == row[name] for name in _IDENTITY]
    there = connection.execute(select(table).where(*same)).one_or_none()
    if there is not None:
        is_same = (there.title, there.body) == (story.title, story.body)
        return Stored(there.id, "known" if is_same else "conflicting")
    key = connection.execute(insert(table).values(row)).inserted_primary_key
    return Stored(int(key[0]) if key else 0, "stored")


def read(connection: Connection, wanted: ChronicleFilter) -> list[Chronicle]:
    """Stories in ascending time."""
    query = select(*(table.c[name] for name in _NAMES))
    query = query.where(table.c.known_at <= wanted.known_until)
    for name in ("kind", "market"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(table.c[name] == value)
    if wanted.start is not None:
        query = query.where(table.c.period_start >= wanted.start)
    if wanted.end is not None:
        query = query.where(table.c.period_start < wanted.end)
    newest = query.order_by(table.c.period_start.desc(), table.c.id.desc()).limit(wanted.limit)
    return [Chronicle(**row._asdict()) for row in connection.execute(newest)][::-1]
