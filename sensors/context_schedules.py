"""When feeds of context are asked.

Belongs here: schedules of what lies beside the market. Does not belong here: asking (``btc.context``).

Headlines and flows are those of the real market: beside made-up or recorded prices nothing is asked
by itself. Whoever materializes today's partition by hand asks all the same.
"""

import dagster as dg

from babingepet.market.intervals import day_key, to_ms
from babingepet_assets.btc.context import etf_flow_job, news_job
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import REAL, Settings
from babingepet_services.market.source import resolve_market


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
    clock: dg.ResourceParam[Clock],
) -> dg.RunRequest | dg.SkipReason:
    """Ask for today, once a tick."""
    return _today(context, settings, clock)


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
    clock: dg.ResourceParam[Clock],
) -> dg.RunRequest | dg.SkipReason:
    """Ask for today, once a tick."""
    return _today(context, settings, clock)


def _today(
    context: dg.ScheduleEvaluationContext, settings: Settings, clock: Clock
) -> dg.RunRequest | dg.SkipReason:
    market = resolve_market(settings, clock)
    if market != REAL:
        return dg.SkipReason(f"the market is {market}: headlines and flows are of the real one")
    tick = context.scheduled_execution_time
    return dg.RunRequest(run_key=tick.isoformat(), partition_key=day_key(to_ms(tick)))


SCHEDULES = (half_hourly_news, six_hourly_flows)
