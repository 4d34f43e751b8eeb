"""Jobs that look after Dagster itself.

Belongs here: jobs that belong to no market. Does not belong here: the loop (``btc.loop``).
"""

from datetime import timedelta
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage

from babingepet.market.intervals import to_datetime
from babingepet_resources.clients.clock import Clock

KEPT_DAYS = 14
"""Days for which the runs of the loop and their events are kept. What ends a market day is written
without a run and stays: partitions keep their status, their tables and their pictures."""
BATCH = 100
"""Runs deleted in one go of the job."""


class RetentionConfig(dg.Config):
    """How long finished runs of the loop are kept."""

    kept_days: int = KEPT_DAYS


@dg.op(out=dg.Out(dg.Nothing))
def delete_old_loop_runs(
    context: dg.OpExecutionContext, config: RetentionConfig, clock: dg.ResourceParam[Clock]
) -> None:
    """Delete finished runs of the loop that are older than the configured number of days."""
    before = to_datetime(clock.now()) - timedelta(days=config.kept_days)
    old = context.instance.get_run_records(
        dg.RunsFilter(
            job_name="btc_loop",
            statuses=[
                dg.DagsterRunStatus.SUCCESS,
                dg.DagsterRunStatus.FAILURE,
                dg.DagsterRunStatus.CANCELED,
            ],
            updated_before=before,
        ),
        limit=BATCH,
        ascending=True,
    )
    for record in old:
        delete_run_whole(context.instance, record.dagster_run.run_id)
    context.log.info("%d finished runs from before %s deleted.", len(old), before.date())


def delete_run_whole(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete a run, its events and what it wrote on standard output.

    With the embedded storage each run has a file of its own, which Dagster empties and leaves.
    """
    instance.delete_run(run_id)
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    storage = instance.event_log_storage
    if isinstance(storage, SqliteEventLogStorage):
        Path(storage.path_for_shard(run_id)).unlink(missing_ok=True)


@dg.job(executor_def=dg.in_process_executor, tags={"dagster/max_runtime": "600"})
def event_log_retention() -> None:
    """Keep Dagster's event log bounded: it has no pruning of its own."""
    delete_old_loop_runs()
