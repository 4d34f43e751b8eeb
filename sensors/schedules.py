"""What runs by the wall clock.

Belongs here: schedules. Does not belong here: the minute, which is the loop's (``btc.loop``).
"""

import dagster as dg

from babingepet.market.intervals import DAY, day_key, month_start, to_ms
from babingepet_assets.btc.tape import tape_job
from babingepet_assets.jobs import event_log_retention
from babingepet_assets.learning.parity import parity_job
from babingepet_assets.learning.seasonality import seasonality_job
from babingepet_resources.exchange.opening import parse_speed
from babingepet_resources.settings import Settings

daily_retention = dg.ScheduleDefinition(
    name="event_log_retention",
    job=event_log_retention,
    cron_schedule="20 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Deletes old runs, evaluations and messages every night at 03:20 UTC.",
)


@dg.schedule(
    name="live_replay_parity",
    job=parity_job,
    cron_schedule="30 0 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Makes the live cycles of the day before again, every night at 00:30 UTC.",
)
def nightly_parity(
    context: dg.ScheduleEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.RunRequest | dg.SkipReason:
    """Ask for yesterday, once; the days of an accelerated market are not those of this machine."""
    return _yesterday(context, settings)


@dg.schedule(
    name="btc_tape",
    job=tape_job,
    cron_schedule="50 0 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Lays the raw tape of the day before down as files, every night at 00:50 UTC: "
    "after the proof of the day, and later than its last hour stays open.",
)
def nightly_tape(
    context: dg.ScheduleEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.RunRequest | dg.SkipReason:
    """Ask for yesterday, once; see ``nightly_parity``."""
    return _yesterday(context, settings)


@dg.schedule(
    name="hour_seasonality",
    job=seasonality_job,
    cron_schedule="10 1 1 * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Makes the table of hours of the month that begins, on its first day at 01:10 UTC.",
)
def monthly_seasonality(
    context: dg.ScheduleEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.RunRequest | dg.SkipReason:
    """Ask for the month that has begun, once; see ``nightly_parity``."""
    month = day_key(month_start(to_ms(context.scheduled_execution_time)))
    return _unless_accelerated(settings, month, "its month")


def _yesterday(
    context: dg.ScheduleEvaluationContext, settings: Settings
) -> dg.RunRequest | dg.SkipReason:
    day = day_key(to_ms(context.scheduled_execution_time) - DAY)
    return _unless_accelerated(settings, day, "its yesterday")


def _unless_accelerated(
    settings: Settings, partition: str, what: str
) -> dg.RunRequest | dg.SkipReason:
    if settings.market != "binance" and parse_speed(settings.speed) != 1:
        return dg.SkipReason(f"the market runs at {settings.speed}x: {what} is not ours")
    return dg.RunRequest(run_key=partition, partition_key=partition)
