"""What a decision may know beside the market as assets: headlines, their tone, fund flows.

Belongs here: what each asset is, in words, what it is made from, and the jobs that ask. A feed tells
of today: today's partition asks it, any other reports what was filed on its day and asks nobody. A
feed that is down fails no run: the attempt is on record with its reason, and a check warns.
"""

from collections.abc import Callable
from dataclasses import replace

import dagster as dg

from babingepet.errors import InputError
from babingepet_assets.btc.daily import CONTEXT_POOL, daily_asset
from babingepet_assets.btc.filling import DRAWN_DAYS
from babingepet_assets.btc.reporting import Shown, day_by_day, metadata
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_services.btc_day.day import AssetReport, DayScope, open_scope
from babingepet_services.btc_day.etf_flow import describe_etf_flow
from babingepet_services.btc_day.news import describe_news
from babingepet_services.btc_day.sentiment import describe_sentiment

MAX_RUNTIME = 600
"""Seconds after which Dagster ends a run: a feed that does not answer costs it 30."""
TAGS = {"dagster/max_runtime": str(MAX_RUNTIME)}

Result = dg.MaterializeResult[None]


@daily_asset("news", kinds={"rss", "table"}, pool=CONTEXT_POOL)
def news(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """Headlines about bitcoin, each once, with their outlet and tone: polarity -1 to 1, relevance 0 to 1.

    Shape: a row a headline in `news`, up to 100 an answer of the feed; a day has those that became
    known on it, whenever they were published. A headline is read for its tone once, when it is
    filed. Asked every half hour; a headline that left the feed unasked is lost.
    """
    return report_days(context, settings, clock, lambda day: describe_news(day, settings, clock))


@daily_asset("sentiment", deps=["btc/news"], kinds={"numpy", "table"}, pool=CONTEXT_POOL)
def sentiment(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """The tone of the last 24 hours' headlines, a score in [-1, 1], or unavailable with the reason.

    Shape: a row a moment in `crypto_sentiment`, 48 a day. The score is that of the signal of the same
    name, from the headlines known at the moment. Unavailable is not zero.
    """
    return report_days(context, settings, clock, lambda day: describe_sentiment(day, clock))


@daily_asset("etf_flow", kinds={"table"}, pool=CONTEXT_POOL)
def etf_flow(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """Net creations of the US spot funds, US dollars a trading day; fear and greed, 0 to 100 a day.

    Shape: a row a figure or a revision of one in `etf_flows` and `fear_greed`; a day has those that
    were told on it, mostly about the days before. Asked every six hours; flows of a trading day are
    known from 03:00 UTC of the next day, a holiday has none.
    """
    return report_days(
        context, settings, clock, lambda day: describe_etf_flow(day, settings, clock)
    )


def report_days(
    context: dg.AssetExecutionContext,
    settings: Settings,
    clock: Clock,
    describe: Callable[[DayScope], AssetReport],
) -> Result:
    """Report each day of the run; an address that is none ends it, and trying again would not help."""
    days = context.partition_keys
    drawn = frozenset(days[-DRAWN_DAYS:])
    with open_scope(settings, clock, days[0]) as first:

        def show(day: str) -> Shown:
            return metadata(describe(replace(first, partition=day, draws=day in drawn)))

        try:
            return day_by_day(context, context.asset_key.to_user_string(), show)
        except InputError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from None


ASSETS = (news, sentiment, etf_flow)

news_job = dg.define_asset_job(
    "btc_news",
    selection=[news, sentiment],
    executor_def=dg.in_process_executor,
    tags=TAGS,
    description="Asks for headlines, reads them for their tone and scores the last 24 hours.",
)
etf_flow_job = dg.define_asset_job(
    "btc_etf_flow",
    selection=[etf_flow],
    executor_def=dg.in_process_executor,
    tags=TAGS,
    description="Asks for the flows of the funds and for the index of fear and greed.",
)
JOBS = (news_job, etf_flow_job)
