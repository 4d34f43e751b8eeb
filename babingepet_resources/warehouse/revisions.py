"""Daily figures that their sources revise: every one that was ever told, with its time.

What belongs here: what fund flows and the index of fear and greed share. A revision is a row more;
reading at a time takes the newest figure known then. What does not: their columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, select

from babingepet_resources.warehouse.facts import insert_once
from babingepet_resources.warehouse.records import InsertOutcome

_Key = tuple[Any, ...]
"""What names a figure beside its time: day and source, and the symbol where there is one."""


def insert(
    connection: Connection, table: Table, batch: Sequence[Any], figure: str
) -> InsertOutcome:
    """Insert first figures and revisions; one that its source has told before is already there.

    Args:
        connection: A writing connection.
        table: Keyed by ``known_at``, ``day``, ``source`` and perhaps ``symbol``.
        batch: Records with a field for each column. Whether a figure is news is judged by what was
            known before it.
        figure: The column that is revised.

    Returns:
        Revisions count as written. A conflict is another figure of the same source for the same
        day and the same ``known_at``; the stored one stays.
    """
    records = sorted(batch, key=lambda record: record.known_at)
    keys = tuple(column.name for column in table.primary_key if column.name != "known_at")
    told = _told(connection, table, records, keys, figure)
    fresh: list[Any] = []
    for record in records:
        figures = told.setdefault(tuple(getattr(record, name) for name in keys), {})
        value = getattr(record, figure)
        before = max((time for time in figures if time <= record.known_at), default=None)
        if before is None or figures[before] != value:
            fresh.append(record)
            figures.setdefault(record.known_at, value)
    repeated = InsertOutcome(already_there=len(records) - len(fresh))
    return repeated + insert_once(connection, table, fresh, compared=(figure,))


def newest(
    connection: Connection,
    table: Table,
    figure: str,
    *scope: ColumnElement[bool],
    until: int,
    known_until: int,
    limit_days: int,
) -> list[tuple[int, Any]]:
    """The newest days before ``until``, ascending, each with the figure known at ``known_until``.

    When several sources tell of a day, the one that spoke last is heard; of two that spoke at once,
    the one later in the alphabet.
    """
    known = (*scope, table.c.day < until, table.c.known_at <= known_until)
    days = select(table.c.day).where(*known).distinct().order_by(table.c.day.desc())
    rank = func.row_number().over(
        partition_by=table.c.day, order_by=(table.c.known_at.desc(), table.c.source.desc())
    )
    ranked = (
        select(table.c.day, table.c[figure].label("figure"), rank.label("rank"))
        .where(*known, table.c.day.in_(days.limit(limit_days)))
        .subquery()
    )
    query = select(ranked.c.day, ranked.c.figure).where(ranked.c.rank == 1)
    return [tuple(row) for row in connection.execute(query.order_by(ranked.c.day))]


def filed(
    connection: Connection, table: Table, *scope: ColumnElement[bool], start: int, end: int
) -> list[int]:
    """When figures were told, first ones and revisions: start <= known_at < end, ascending."""
    told = select(table.c.known_at).where(*scope, table.c.known_at >= start, table.c.known_at < end)
    return list(connection.execute(told.order_by(table.c.known_at)).scalars())


def _told(
    connection: Connection,
    table: Table,
    records: Sequence[Any],
    keys: Sequence[str],
    figure: str,
) -> dict[_Key, dict[int, Any]]:
    """What is stored for the records' days: by key, the figure by ``known_at``."""
    days = [record.day for record in records]
    query = select(table).where(table.c.day.between(min(days, default=0), max(days, default=0)))
    for name in keys:
        if name != "day":
            query = query.where(table.c[name].in_({getattr(record, name) for record in records}))
    told: dict[_Key, dict[int, Any]] = {}
    for row in connection.execute(query).mappings():
        key = tuple(row[name] for name in keys)
        told.setdefault(key, {})[row["known_at"]] = row[figure]
    return told
