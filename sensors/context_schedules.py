"""When feeds of context, and the analysts, are asked.

Belongs here: schedules of what lies beside the market. Does not belong here: asking (``btc.context``,
``btc.swarm``).

Headlines and flows are those of the real market: beside made-up or recorded prices nothing is asked
by itself (`babingepet run` names the market that ``auto`` stands for). Whoever materializes today's
partition by hand asks the feeds all the same; models are asked about the real market only, by anyone.
"""

import dagster as dg

from babingepet.market.intervals import day_key, to_ms
from babingepet_assets.btc.context import etf_flow_job, news_job
from babingepet_assets.btc.swarm import swarm_job
from babingepet_resources.settings import REAL, Settings


@dg.schedule(
    name="btc_news",
    job=news_job,
    cron_schedule="*/30 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Asks for headlines and scores their tone every 30 minutes.",
)
def half_hourly_news(
    context: dg.ScheduleEvaluationContext,
    settings: dg.ResourceParam[Settings],
) -> dg.RunRequest | dg.SkipReason:
    """Ask for today, once a tick."""
    return _today(context, settings)


@dg.schedule(
    name="btc_etf_flow",
    job=etf_flow_job,
    cron_schedule="20 3,9,15,21 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Asks for fund flows and fear and greed every 6 hours, first at 03:20 UTC: the flows "
    "of a trading day are published by 03:00.",
)
def six_hourly_flows(
    context: dg.ScheduleEvaluationContext,
    settings: dg.ResourceParam[Settings],
) -> dg.RunRequest | dg.SkipReason:
    """Ask for today, once a tick."""
    return _today(context, settings)


@dg.schedule(
    name="btc_swarm",
    job=swarm_job,
    cron_schedule="1,21,41 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Asks the analysts every 20 minutes, a minute after the round began: the minute that "
    "it is about is decided then, and the headlines of the half hour are filed.",
)
def rounds_of_analysts(
    context: dg.ScheduleEvaluationContext,
    settings: dg.ResourceParam[Settings],
) -> dg.RunRequest | dg.SkipReason:
    """Ask for today, once a tick."""
    return _today(context, settings)


def _today(
    context: dg.ScheduleEvaluationContext, settings: Settings
) -> dg.RunRequest | dg.SkipReason:
    if settings.market != REAL:
        said = f"the market is {settings.market}: headlines and flows are of the real one"
        return dg.SkipReason(said)
    tick = context.scheduled_execution_time
    return dg.RunRequest(run_key=tick.isoformat(), partition_key=day_key(to_ms(tick)))


SCHEDULES = (half_hourly_news, six_hourly_flows, rounds_of_analysts)
