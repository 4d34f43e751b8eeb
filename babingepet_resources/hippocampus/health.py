"""How the memory's file is, and what it holds.

What does not belong here: what is done about it.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy import Connection, exc, func, select

from babingepet_resources.hippocampus.records import Health, KindCount
from babingepet_resources.hippocampus.schema import chronicle, engram

_CHECK = "INSERT INTO engram_fts(engram_fts, rank) VALUES ('integrity-check', 1)"
"""FTS5's own check; with rank 1 it compares the index with the engrams too."""


def health(connection: Connection) -> Health:
    """Count, and check the index of words; takes the write lock while it checks."""
    engrams, written = connection.execute(
        select(func.count(), func.max(engram.c.written_at)).select_from(engram)
    ).one()
    chronicles, told = connection.execute(
        select(func.count(), func.max(chronicle.c.known_at)).select_from(chronicle)
    ).one()
    fts_ok = _agrees(connection)
    last_write = max((time for time in (written, told) if time is not None), default=None)
    return Health(fts_ok, int(engrams), int(chronicles), last_write, fts_ok)


def _agrees(connection: Connection) -> bool:
    try:
        connection.exec_driver_sql(_CHECK)
    except exc.DatabaseError as error:
        name = getattr(error.orig, "sqlite_errorname", "") if error.orig else ""
        if isinstance(error.orig, sqlite3.Error) and name.startswith("SQLITE_CORRUPT"):
            return False
        raise
    return True


def kinds(connection: Connection) -> list[KindCount]:
    """What is remembered, by market and kind."""
    of = engram.c
    query = (
        select(
            of.market,
            of.kind,
            func.count(),
            func.count().filter(of.pinned),
            func.min(of.event_time),
            func.max(of.event_time),
        )
        .group_by(of.market, of.kind)
        .order_by(of.market, of.kind)
    )
    return [KindCount(*row) for row in connection.execute(query)]
