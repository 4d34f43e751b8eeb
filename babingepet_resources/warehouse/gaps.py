"""Stretches that a feed did not cover, and how they were repaired.

The feed ``decision`` means minutes in which nothing was decided; those are never repaired, since
no decision is invented afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from babingepet_resources.warehouse.records import GapRecord
from babingepet_resources.warehouse.statements import insert_records, select_records
from babingepet_resources.warehouse.tables import market_gaps as table


def insert(connection: Connection, gaps: Sequence[GapRecord]) -> int:
    """Store gaps; one already stored stays as it is. Returns how many were new."""
    return insert_records(connection, table, gaps)


def repair(connection: Connection, gap_id: int, *, repaired_at: int, repaired_from: str) -> bool:
    """Mark a gap repaired; False when it was before, or there is no such gap."""
    statement = (
        update(table)
        .where(table.c.id == gap_id, table.c.repaired_at.is_(None))
        .values(repaired_at=repaired_at, repaired_from=repaired_from)
    )
    return connection.execute(statement).rowcount == 1


def read(
    connection: Connection, symbol: str, start: int, end: int, *, open_only: bool = False
) -> list[GapRecord]:
    """Gaps of any feed that meet [start, end), in ascending time; ``open_only``: not repaired."""
    query = select(table).where(
        table.c.symbol == symbol, table.c.start_time < end, table.c.end_time > start
    )
    if open_only:
        query = query.where(table.c.repaired_at.is_(None))
    return select_records(connection, query.order_by(table.c.start_time, table.c.id), GapRecord)
