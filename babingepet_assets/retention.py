"""What may be deleted of Dagster's storage, and how: it has no pruning of its own.

Belongs here: which rows nobody can miss. Does not belong here: when it runs (``jobs``), and ticks of
sensors and schedules, which Dagster purges itself as dagster.yaml says.

A partition is green because of its newest materialization, and shows the tables and pictures of
that one. So a run is kept as long as it made the newest of anything; all other old runs go, be they
of the loop, of a schedule, failed, or of checks only. Deleting a run leaves more behind than one
would think: evaluations of checks, with the embedded storage its tags, its file, and a second copy
of every event that belongs to no run.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import dagster as dg
from dagster._core.instance.utils import RUNLESS_RUN_ID
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable as Evaluations
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable as Events
from dagster._core.storage.runs import SqlRunStorage
from dagster._core.storage.runs.schema import RunsTable, RunTagsTable
from sqlalchemy import Connection, Delete, delete, func, select

PAGE = 100
"""Runs or events read at once."""
FINISHED = (
    dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED,
)  # fmt: skip


def delete_old_runs(instance: dg.DagsterInstance, before: datetime) -> tuple[int, int]:
    """Delete the finished runs that made nothing that is still the newest of its partition.

    What the kept ones wrote on standard output goes, too.

    Args:
        instance: Whose runs.
        before: Runs that changed later are young.

    Returns:
        How many were deleted, and how many were kept.
    """
    deleted = kept = 0
    for run_id in list(_old_runs(instance, before)):
        if _made_the_newest(instance, run_id):
            instance.compute_log_manager.delete_logs(prefix=[run_id])
            kept += 1
        else:
            delete_run_whole(instance, run_id)
            deleted += 1
    return deleted, kept


def delete_run_whole(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete a run, its events and what it wrote on standard output.

    With the embedded storage each run has a file of its own, which Dagster empties and leaves.
    """
    instance.delete_run(run_id)
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    storage = instance.event_log_storage
    if isinstance(storage, SqliteEventLogStorage):
        Path(storage.path_for_shard(run_id)).unlink(missing_ok=True)


def delete_old_evaluations(instance: dg.DagsterInstance, before: datetime) -> int:
    """Delete old evaluations of checks but for the newest of each check and partition."""
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        return 0
    checks = Evaluations.c
    newest = select(func.max(checks.id)).group_by(
        checks.asset_key, checks.check_name, checks.partition
    )
    old = checks.evaluation_event_timestamp < before.replace(tzinfo=None)
    told = select(checks.evaluation_event_storage_id).where(
        checks.evaluation_event_storage_id.is_not(None)
    )
    stale = Events.c.dagster_event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION.value
    orphan = _runless(before).where(stale, Events.c.id.not_in(told))
    with storage.index_connection() as connection:
        deleted = _deleted(connection, delete(Evaluations).where(old, checks.id.not_in(newest)))
        connection.execute(orphan)
    return deleted


def delete_leftovers(instance: dg.DagsterInstance, before: datetime) -> int:
    """Delete what the embedded storage keeps of runs that are gone; PostgreSQL leaves nothing."""
    deleted = 0
    runs, events = instance.run_storage, instance.event_log_storage
    if isinstance(runs, SqlRunStorage):
        orphan = RunTagsTable.c.run_id.not_in(select(RunsTable.c.run_id))
        with runs.connect() as connection:
            deleted += _deleted(connection, delete(RunTagsTable).where(orphan))
    if isinstance(events, SqliteEventLogStorage):  # the index has each of them, too
        with events.run_connection(RUNLESS_RUN_ID) as connection:
            deleted += _deleted(connection, _runless(before))
    return deleted


def _old_runs(instance: dg.DagsterInstance, before: datetime) -> Iterator[str]:
    """Ids of all finished runs that have not changed since, oldest first."""
    old = dg.RunsFilter(statuses=list(FINISHED), updated_before=before)
    cursor = None
    while records := instance.get_run_records(old, limit=PAGE, cursor=cursor, ascending=True):
        for record in records:
            yield record.dagster_run.run_id
        cursor = records[-1].dagster_run.run_id


def _made_the_newest(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether a partition, or an asset without any, shows what this run made of it."""
    for key, partition in _made(instance, run_id):
        partitions = None if partition is None else [partition]
        newest = instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=key, asset_partitions=partitions), limit=1
        )
        if newest.records and newest.records[0].run_id == run_id:
            return True
    return False


def _made(instance: dg.DagsterInstance, run_id: str) -> set[tuple[dg.AssetKey, str | None]]:
    """Assets and partitions that a run materialized; the loop its day some thousand times."""
    made: set[tuple[dg.AssetKey, str | None]] = set()
    cursor = None
    while True:
        page = instance.get_records_for_run(
            run_id, cursor, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION, limit=PAGE
        )
        made |= {
            (record.asset_key, record.partition_key)
            for record in page.records
            if record.asset_key is not None
        }
        if not page.has_more:
            return made
        cursor = page.cursor


def _runless(before: datetime) -> Delete:
    """Events that belong to no run and are older."""
    old = Events.c.timestamp < before.replace(tzinfo=None)
    return delete(Events).where(Events.c.run_id == RUNLESS_RUN_ID, old)


def _deleted(connection: Connection, statement: Delete) -> int:
    return connection.execute(statement).rowcount
