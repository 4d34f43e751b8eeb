"""What runs by the wall clock.

Belongs here: schedules. Does not belong here: the minute, which is the loop's (``btc_loop``).
"""

from __future__ import annotations

import dagster as dg

from babingepet_assets.jobs import event_log_retention

daily_retention = dg.ScheduleDefinition(
    name="event_log_retention",
    job=event_log_retention,
    cron_schedule="20 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Deletes old runs of the loop every night at 03:20 UTC.",
)
