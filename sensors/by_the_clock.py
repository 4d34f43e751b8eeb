"""How a schedule is declared, and for which partition it asks.

Belongs here: what all schedules have in common. Does not belong here: which there are
(``schedules``, ``context_schedules``).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import dagster as dg

from babingepet.market.intervals import DAY, day_key, month_start, to_ms
from babingepet_assets.declaring import Job
from babingepet_resources.exchange.opening import parse_speed
from babingepet_resources.settings import REAL, Settings

Answer = dg.RunRequest | dg.SkipReason
Ask = Callable[[datetime, Settings], Answer]
"""From the tick and the settings to a run, or the reason why there is none."""


def by_the_clock(job: Job, cron: str, ask: Ask, description: str) -> dg.ScheduleDefinition:
    """Declare a schedule of the job's name that runs from the start, in UTC.

    Args:
        job: What is run.
        cron: When it is asked.
        ask: What is run then.
        description: What it does and when, in words.
    """

    @dg.schedule(
        name=job.name,
        job=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=description,
    )
    def schedule(
        context: dg.ScheduleEvaluationContext, settings: dg.ResourceParam[Settings]
    ) -> Answer:
        return ask(context.scheduled_execution_time, settings)

    return schedule


def today(tick: datetime, settings: Settings) -> Answer:
    """Ask for the day of the tick, at every tick; only the real market's days are this machine's."""
    if settings.market != REAL:
        said = f"the market is {settings.market}: headlines and flows are of the real one"
        return dg.SkipReason(said)
    return dg.RunRequest(run_key=tick.isoformat(), partition_key=day_key(to_ms(tick)))


def yesterday(tick: datetime, settings: Settings) -> Answer:
    """Ask for the day before, once; the days of an accelerated market are not this machine's."""
    return _once(settings, day_key(to_ms(tick) - DAY), "its yesterday")


def this_month(tick: datetime, settings: Settings) -> Answer:
    """Ask for the month that has begun, once; see ``yesterday``."""
    return _once(settings, day_key(month_start(to_ms(tick))), "its month")


def _once(settings: Settings, partition: str, what: str) -> Answer:
    if settings.market != REAL and parse_speed(settings.speed) != 1:
        return dg.SkipReason(f"the market runs at {settings.speed}x: {what} is not ours")
    return dg.RunRequest(run_key=partition, partition_key=partition)
