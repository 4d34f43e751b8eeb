"""Jobs that look after the platform itself.

Belongs here: jobs that belong to no market, and how long things are kept. Does not belong here: the
loop (``btc.loop``), and what may be deleted (``retention``, ``warehouse.outbox``).
"""

from datetime import timedelta

import dagster as dg

from babingepet.market.intervals import DAY, to_datetime
from babingepet_assets import retention
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import outbox
from babingepet_services.btc.loop_watch import existing_warehouse

KEPT_DAYS = 14
"""Days for which runs, their events and evaluations of checks are kept, whatever shows the state of
a partition for good. What ends a market day is written without a run and stays."""
MESSAGES_KEPT = 90 * DAY
"""How long delivered messages are kept, ms; what they tell of is in rows of its own."""
POOL = "housekeeping"
MAX_RUNTIME = 1_800
"""Seconds: deleting takes about 10 ms a run, and a run that is kept is looked at every night."""


class RetentionConfig(dg.Config):
    """How long Dagster's own records are kept."""

    kept_days: int = KEPT_DAYS


@dg.op(out=dg.Out(dg.Nothing), pool=POOL)
def delete_old_events(
    context: dg.OpExecutionContext, config: RetentionConfig, clock: dg.ResourceParam[Clock]
) -> None:
    """Delete runs, evaluations and leftovers older than the configured number of days."""
    before = to_datetime(clock.now()) - timedelta(days=config.kept_days)
    deleted, kept = retention.delete_old_runs(context.instance, before)
    evaluations = retention.delete_old_evaluations(context.instance, before)
    leftovers = retention.delete_leftovers(context.instance, before)
    context.log.info(
        "From before %s: %d finished runs deleted, %d kept that made the newest of a partition; "
        "%d evaluations and %d leftovers deleted.",
        before.date(), deleted, kept, evaluations, leftovers,
    )  # fmt: skip


@dg.op(out=dg.Out(dg.Nothing), pool=POOL)
def delete_delivered_messages(
    context: dg.OpExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Delete messages that were delivered long ago; what was not delivered is never deleted."""
    with existing_warehouse(settings, clock) as database:
        if database is None:
            return
        with database.writing() as connection:
            deleted = outbox.delete_delivered(connection, clock.now() - MESSAGES_KEPT)
    context.log.info("%d delivered messages deleted.", deleted)


@dg.job(executor_def=dg.in_process_executor, tags={"dagster/max_runtime": str(MAX_RUNTIME)})
def event_log_retention() -> None:
    """Keep Dagster's event log and the outbox bounded."""
    delete_old_events()
    delete_delivered_messages()
