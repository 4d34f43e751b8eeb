"""Writing rows fast: one function for one row and for half a million.

What belongs here: INSERT statements made from the tables' metadata, once each, and the way from
records to rows and back. What does not: which rows, and what a conflict means (the repositories).

A cycle writes about a dozen tables. An insert through SQLAlchemy costs several times what SQLite
needs to store the row, so inserts go to the driver's cursor as finished SQL text, inside the
transaction that SQLAlchemy began. The text is the same on both databases but for the placeholder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, repeat
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Connection, Dialect, Row, Select, Table, TypeDecorator
from sqlalchemy.engine.interfaces import DBAPICursor

from babingepet_resources.warehouse import copying

Record = TypeVar("Record")

KEEP = "DO NOTHING"
"""On conflict: the stored row stays."""

_ROWS_A_ROUND_TRIP = 500
"""Rows in one INSERT on PostgreSQL, where every statement crosses the network."""

_ROWS_WORTH_A_COPY = 1_000
"""From here on PostgreSQL's COPY is faster, in spite of its temporary table."""


@dataclass(frozen=True)
class _Insert:
    """An INSERT as text, and how each value is prepared for the driver."""

    head: str
    row: str
    tail: str
    processors: tuple[tuple[int, Callable[[Any], Any]], ...]

    def bound(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        if not self.processors:
            return values
        prepared = list(values)
        for position, process in self.processors:
            prepared[position] = process(prepared[position])
        return tuple(prepared)


def written_columns(table: Table) -> tuple[str, ...]:
    """Columns that a writer gives values for: all but the number the database hands out."""
    generated = table.autoincrement_column
    return tuple(column.name for column in table.columns if column is not generated)


def replacing(table: Table, *, only_where: str = "") -> str:
    """On conflict over the primary key: take the new values.

    Args:
        table: The table written to.
        only_where: A condition on the stored row; where it fails the stored row stays.
    """
    keys = [column.name for column in table.primary_key]
    values = [name for name in written_columns(table) if name not in keys]
    assignments = ", ".join(f'"{name}" = excluded."{name}"' for name in values)
    condition = f" WHERE {only_where}" if only_where else ""
    return f"({_names(keys)}) DO UPDATE SET {assignments}{condition}"


def insert(
    connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]], on_conflict: str = KEEP
) -> int:
    """Insert rows given in the order of ``written_columns``.

    Returns:
        How many rows were inserted or replaced; rows that lost to a stored one do not count.
    """
    statement = _statement(table, connection.dialect, on_conflict)
    values = [statement.bound(row) for row in rows]
    if not values:
        return 0
    cursor = connection.connection.cursor()
    try:
        if connection.dialect.name == "sqlite":
            return _insert_each(cursor, statement, values)
        return _insert_in_pages(cursor, statement, values)
    finally:
        cursor.close()


def insert_columns(
    connection: Connection,
    table: Table,
    columns: Mapping[str, copying.Column],
    rows: int,
    on_conflict: str = KEEP,
) -> int:
    """Insert rows given as columns; see ``insert``.

    Args:
        connection: A writing connection.
        table: Has no columns but numbers, flags and text.
        columns: One for each of ``written_columns``; NaN is stored as NULL.
        rows: How many there are.
        on_conflict: What becomes of rows that are stored already.
    """
    ordered = {name: columns[name] for name in written_columns(table)}
    if connection.dialect.name == "sqlite" or rows < _ROWS_WORTH_A_COPY:
        listed = [_listed(column) for column in ordered.values()]
        return insert(connection, table, zip(*listed, strict=False), on_conflict)
    cursor = connection.connection.cursor()
    try:
        tail = _statement(table, connection.dialect, on_conflict).tail
        return copying.insert(cursor, table.name, ordered, rows, tail)  # type: ignore[arg-type]
    finally:
        cursor.close()


def modify(connection: Connection, sql: str, values: tuple[Any, ...]) -> int:
    """Run one UPDATE written with ``?`` for each value; returns how many rows it changed."""
    cursor = connection.connection.cursor()
    try:
        if connection.dialect.name != "sqlite":
            sql = sql.replace("?", "%s")
        cursor.execute(sql, values)
        return cursor.rowcount
    finally:
        cursor.close()


def insert_records(
    connection: Connection, table: Table, records: Sequence[object], on_conflict: str = KEEP
) -> int:
    """Insert dataclasses whose fields are named as the table's columns; see ``insert``."""
    return insert(connection, table, map(_getter(table), records), on_conflict)


def select_records(
    connection: Connection, statement: Select[Any], record: type[Record]
) -> list[Record]:
    """The rows of a query as records, matched by name."""
    return [_record(row, record) for row in connection.execute(statement)]


def select_record(
    connection: Connection, statement: Select[Any], record: type[Record]
) -> Record | None:
    """The first row of a query as a record, or None."""
    row = connection.execute(statement.limit(1)).first()
    return None if row is None else _record(row, record)


def _insert_each(cursor: DBAPICursor, statement: _Insert, values: list[tuple[Any, ...]]) -> int:
    sql = statement.head + statement.row + statement.tail
    if len(values) == 1:
        cursor.execute(sql, values[0])
    else:
        cursor.executemany(sql, values)
    return cursor.rowcount


def _insert_in_pages(cursor: DBAPICursor, statement: _Insert, values: list[tuple[Any, ...]]) -> int:
    written = 0
    for first in range(0, len(values), _ROWS_A_ROUND_TRIP):
        page = values[first : first + _ROWS_A_ROUND_TRIP]
        sql = statement.head + ", ".join([statement.row] * len(page)) + statement.tail
        cursor.execute(sql, tuple(chain.from_iterable(page)))
        written += cursor.rowcount
    return written


def _listed(column: copying.Column) -> Iterable[Any]:
    if not isinstance(column, np.ndarray):
        return repeat(column)
    if column.dtype.kind == "f" and (missing := np.isnan(column)).any():
        column = column.astype(object)
        column[missing] = None
    values: list[Any] = column.tolist()
    return values


def _record(row: Row[Any], record: type[Record]) -> Record:
    return record(**row._asdict())


@lru_cache(maxsize=128)
def _getter(table: Table) -> Callable[[object], tuple[Any, ...]]:
    return attrgetter(*written_columns(table))


@lru_cache(maxsize=256)
def _statement(table: Table, dialect: Dialect, on_conflict: str) -> _Insert:
    names = written_columns(table)
    placeholder = "?" if dialect.name == "sqlite" else "%s"
    processors = []
    for position, name in enumerate(names):
        kind = table.columns[name].type
        process = kind.dialect_impl(dialect).bind_processor(dialect)
        # Only our own types need one: both drivers take a bool, bytes, a float as they are.
        if process is not None and isinstance(kind, TypeDecorator):
            processors.append((position, process))
    return _Insert(
        head=f'INSERT INTO "{table.name}" ({_names(names)}) VALUES ',  # noqa: S608 (our own names)
        row=f"({', '.join([placeholder] * len(names))})",
        tail=f" ON CONFLICT {on_conflict}",
        processors=tuple(processors),
    )


def _names(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
