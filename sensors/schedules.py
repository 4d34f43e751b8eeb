"""What runs by the wall clock when a day or a month is over.

Belongs here: schedules. Does not belong here: the minute, which is the loop's (``btc.loop``), and how
a schedule is declared (``by_the_clock``).
"""

import dagster as dg

from babingepet_assets.btc.tape import tape_job
from babingepet_assets.jobs import event_log_retention
from babingepet_assets.learning.parity import parity_job
from babingepet_assets.learning.seasonality import seasonality_job
from babingepet_assets.memory.remembering import memory_job
from sensors.by_the_clock import by_the_clock, this_month, yesterday

daily_retention = dg.ScheduleDefinition(
    name="event_log_retention",
    job=event_log_retention,
    cron_schedule="20 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Deletes old runs, evaluations and messages every night at 03:20 UTC.",
)
nightly_parity = by_the_clock(
    parity_job,
    "30 0 * * *",
    yesterday,
    "Makes the live cycles of the day before again, every night at 00:30 UTC.",
)
nightly_tape = by_the_clock(
    tape_job,
    "50 0 * * *",
    yesterday,
    "Lays the raw tape of the day before down as files, every night at 00:50 UTC: after the proof "
    "of the day, and later than its last hour stays open.",
)
nightly_memory = by_the_clock(
    memory_job,
    "20 1 * * *",
    yesterday,
    "Remembers the day before and writes its chronicle, every night at 01:20 UTC; after a Sunday "
    "that of the week as well.",
)
monthly_seasonality = by_the_clock(
    seasonality_job,
    "10 1 1 * *",
    this_month,
    "Makes the table of hours of the month that begins, on its first day at 01:10 UTC.",
)

SCHEDULES = (daily_retention, nightly_parity, nightly_tape, nightly_memory, monthly_seasonality)
