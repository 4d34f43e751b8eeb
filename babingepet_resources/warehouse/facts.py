"""Facts that never change once stored: frames and records in, with conflicts counted.

What belongs here: what candles and funding rates share, and what flows, headlines and verdicts do.
What does not: their tables' keys (``candles``, ``funding``, ``news`` and so on).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Connection, Select, Table, select, tuple_

from babingepet.market.frames import Bools, Floats, Frame, Ints
from babingepet_resources.warehouse.copying import Column
from babingepet_resources.warehouse.records import InsertOutcome
from babingepet_resources.warehouse.statements import insert_columns, insert_records

SomeFrame = TypeVar("SomeFrame", bound=Frame)

_KEYS_A_QUERY = 500
"""Keys looked up at a time: SQLite takes 32,766 values in a statement, and a key has up to four."""


def insert_frame(
    connection: Connection,
    table: Table,
    key: Mapping[str, str],
    constants: Mapping[str, int | bool],
    frame: Frame,
) -> InsertOutcome:
    """Insert a frame's rows; rows already stored are compared, never overwritten.

    Args:
        connection: A writing connection.
        table: Has a column for each column of the frame, each key and each constant.
        key: Columns that, with the frame's time, identify a row.
        constants: The remaining columns, the same for all rows.
        frame: Ascending in time; NaN is stored as NULL.
    """
    columns: dict[str, Column] = {**constants, **key, **frame.columns()}
    written = insert_columns(connection, table, columns, len(frame))
    if written == len(frame):
        return InsertOutcome(written)
    start, end = int(frame.time[0]), int(frame.time[-1]) + 1
    stored = read_frame(connection, matching(table, type(frame), key, start, end), type(frame))
    conflicts = _differing(frame, stored)
    return InsertOutcome(written, len(frame) - written - conflicts, conflicts)


def insert_once(
    connection: Connection, table: Table, records: Sequence[object], compared: Sequence[str]
) -> InsertOutcome:
    """Insert records; rows already stored are compared, never overwritten.

    Args:
        connection: A writing connection.
        table: Has a column for each field.
        records: Dataclasses whose fields are named as the table's columns.
        compared: Columns in which another value than the stored one is a conflict.
    """
    written = insert_records(connection, table, records)
    if written == len(records):
        return InsertOutcome(written)
    keys = tuple(column.name for column in table.primary_key)
    stored: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for first in range(0, len(records), _KEYS_A_QUERY):
        page = [_fields(record, keys) for record in records[first : first + _KEYS_A_QUERY]]
        query = select(*(table.columns[name] for name in (*keys, *compared)))
        query = query.where(tuple_(*(table.columns[name] for name in keys)).in_(page))
        for row in connection.execute(query):
            stored[tuple(row[: len(keys)])] = tuple(row[len(keys) :])
    conflicts = sum(stored[_fields(one, keys)] != _fields(one, compared) for one in records)
    return InsertOutcome(written, len(records) - written - conflicts, conflicts)


def matching(
    table: Table,
    frame: type[Frame],
    key: Mapping[str, str],
    start: int,
    end: int,
    known_until: int | None = None,
) -> Select[Any]:
    """The query of a frame's columns with start <= time < end, in ascending time."""
    time = table.columns[frame.TIME]
    query = select(*(table.columns[name] for name in frame.column_names()))
    query = query.where(*(table.columns[name] == value for name, value in key.items()))
    query = query.where(time >= start, time < end).order_by(time)
    return query if known_until is None else query.where(table.columns["known_at"] <= known_until)


def read_frame(connection: Connection, query: Select[Any], frame: type[SomeFrame]) -> SomeFrame:
    """Run a query made by ``matching``; NULL becomes NaN."""
    return frame.from_rows(connection.execute(query).all())


def stored_times(
    connection: Connection,
    table: Table,
    time: str,
    key: Mapping[str, str],
    start: int,
    end: int,
) -> Ints:
    """Times of the rows with start <= time < end, ascending, without reading the rest of them."""
    column = table.columns[time]
    query = select(column).where(*(table.columns[name] == value for name, value in key.items()))
    query = query.where(column >= start, column < end).order_by(column)
    return np.array(connection.execute(query).scalars().all(), dtype=np.int64)


def _fields(record: object, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in names)


def _differing(given: Frame, stored: Frame) -> int:
    """Rows of ``given`` whose stored namesake has another value in any column."""
    position = np.searchsorted(stored.time, given.time)
    different: Bools = np.zeros(len(given), dtype=np.bool_)
    for name, column in given.columns().items():
        different |= ~_same(column, getattr(stored, name)[position])
    return int(different.sum())


def _same(one: Floats, other: Floats) -> Bools:
    same: Bools = (one == other) | (np.isnan(one) & np.isnan(other))
    return same
