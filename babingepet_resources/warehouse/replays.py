"""Runs of the replay book: written whole, read in parts, deleted whole.

What does not belong here: what a run's numbers mean, and any other table: the paper ledger is never
touched by a replay.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import Connection, delete, inspect, select

from babingepet.errors import InputError, IntegrityBroken
from babingepet_resources.warehouse.records import (
    ReplayDay,
    ReplayDayRecord,
    ReplayRunRecord,
    ReplayTradeRecord,
)
from babingepet_resources.warehouse.statements import insert_records, select_record, select_records
from babingepet_resources.warehouse.tables import replay_days, replay_runs, replay_trades

_DAYS_A_STATEMENT = 30
"""A day's decisions are some 50 kB: PostgreSQL is sent a few megabytes at a time."""


def present(connection: Connection) -> bool:
    """Whether the database has a replay book; one of an older version has none yet."""
    return replay_runs.name in inspect(connection).get_table_names()


def insert(
    connection: Connection,
    run: ReplayRunRecord,
    trades: Sequence[ReplayTradeRecord],
    days: Sequence[ReplayDayRecord],
) -> None:
    """Store a run with all of its rows; give a writing connection of its own.

    Raises:
        InputError: There is a run of this identifier; nothing was written.
    """
    if insert_records(connection, replay_runs, [run]) == 0:
        raise InputError(f"{run.run_id} is in the replay book already; nothing was written")
    insert_records(connection, replay_trades, trades)
    for first in range(0, len(days), _DAYS_A_STATEMENT):
        insert_records(connection, replay_days, days[first : first + _DAYS_A_STATEMENT])


def run_ids(connection: Connection) -> list[str]:
    """Identifiers of all runs, newest first."""
    query = select(replay_runs.c.run_id).order_by(*_NEWEST_FIRST)
    return list(connection.execute(query).scalars())


def runs(connection: Connection) -> list[ReplayRunRecord]:
    """All runs, newest first."""
    return select_records(connection, select(replay_runs).order_by(*_NEWEST_FIRST), ReplayRunRecord)


def run(connection: Connection, run_id: str) -> ReplayRunRecord | None:
    """One run."""
    query = select(replay_runs).where(replay_runs.c.run_id == run_id)
    return select_record(connection, query, ReplayRunRecord)


def trades(connection: Connection, run_id: str) -> list[ReplayTradeRecord]:
    """Closed trades of a run in the order of their exits, shadows among them."""
    query = select(replay_trades).where(replay_trades.c.run_id == run_id)
    return select_records(connection, query.order_by(replay_trades.c.number), ReplayTradeRecord)


def days(connection: Connection, run_id: str) -> list[ReplayDay]:
    """Days of a run, ascending, without their decisions."""
    columns = (replay_days.c[field.name] for field in fields(ReplayDay))
    query = select(*columns).where(replay_days.c.run_id == run_id)
    return select_records(connection, query.order_by(replay_days.c.day), ReplayDay)


def decisions(connection: Connection, run_id: str, day: str) -> bytes:
    """The Parquet document of one day's decisions.

    Raises:
        InputError: The run has no such day.
        IntegrityBroken: What is stored is not what was hashed.
    """
    query = select(replay_days.c.decisions, replay_days.c.sha256).where(
        replay_days.c.run_id == run_id, replay_days.c.day == day
    )
    row = connection.execute(query).first()
    if row is None:
        raise InputError(f"{run_id} has no day {day}")
    content = bytes(row.decisions)
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise IntegrityBroken(f"Day {day} of {run_id} does not hold the decisions that were saved.")
    return content


def remove(connection: Connection, run_id: str) -> bool:
    """Delete a run with all of its rows; returns whether there was one."""
    for table in (replay_days, replay_trades):
        connection.execute(delete(table).where(table.c.run_id == run_id))
    deleted = connection.execute(delete(replay_runs).where(replay_runs.c.run_id == run_id))
    return deleted.rowcount > 0


_NEWEST_FIRST = (replay_runs.c.created_at.desc(), replay_runs.c.run_id.desc())
