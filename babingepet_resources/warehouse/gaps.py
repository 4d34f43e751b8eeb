"""Stretches that a feed did not cover, and how they were repaired.

The feed ``decision`` means minutes in which nothing was decided; those are never repaired, since
no decision is invented afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select, update

from babingepet_resources.warehouse.records import GapRecord
from babingepet_resources.warehouse.statements import insert_records, select_records
from babingepet_resources.warehouse.tables import btc_decisions
from babingepet_resources.warehouse.tables import market_gaps as table


def insert(connection: Connection, gaps: Sequence[GapRecord]) -> int:
    """Store gaps; one already stored stays as it is. Returns how many were new."""
    return insert_records(connection, table, gaps)


def set_affected(connection: Connection, gap_id: int, cycles: int) -> None:
    """Say how many decisions read a window with the gap in it."""
    connection.execute(update(table).where(table.c.id == gap_id).values(cycles_affected=cycles))


def decisions_between(
    connection: Connection, book: str, symbol: str, source: str, after: int, before: int
) -> int:
    """How many decisions there are with after < as_of < before."""
    decided = btc_decisions.c
    query = select(func.count()).where(
        decided.book == book,
        decided.symbol == symbol,
        decided.source == source,
        decided.as_of > after,
        decided.as_of < before,
    )
    return int(connection.execute(query).scalar_one())


def repair(connection: Connection, gap_id: int, *, repaired_at: int, repaired_from: str) -> bool:
    """Mark a gap repaired; False when it was before, or there is no such gap."""
    statement = (
        update(table)
        .where(table.c.id == gap_id, table.c.repaired_at.is_(None))
        .values(repaired_at=repaired_at, repaired_from=repaired_from)
    )
    return connection.execute(statement).rowcount == 1


def read(
    connection: Connection,
    symbol: str,
    start: int,
    end: int,
    *,
    open_only: bool = False,
    source: str | None = None,
    feed: str | None = None,
) -> list[GapRecord]:
    """Gaps that meet [start, end), in ascending time.

    Args:
        connection: Any connection.
        symbol: The exchange's name, ``BTCUSDT``.
        start: UTC ms, included.
        end: UTC ms, excluded.
        open_only: Leave out those that were repaired.
        source: Only of this source; None for any.
        feed: Only of this feed; None for any.
    """
    query = select(table).where(
        table.c.symbol == symbol, table.c.start_time < end, table.c.end_time > start
    )
    if open_only:
        query = query.where(table.c.repaired_at.is_(None))
    for column, value in ((table.c.source, source), (table.c.feed, feed)):
        if value is not None:
            query = query.where(column == value)
    return select_records(connection, query.order_by(table.c.start_time, table.c.id), GapRecord)
