"""What a decision may know beside the market as assets: headlines, their tone, fund flows.

Belongs here: what each asset is, in words, what it is made from, and the jobs that ask. A feed tells
of today: today's partition asks it, any other reports what was filed on its day and asks nobody. A
feed that is down fails no run: the attempt is on record with its reason, and a check warns.
"""

import dagster as dg

from babingepet_assets.btc.group import BTC, CONTEXT_POOL
from babingepet_assets.declaring import single_process_job
from babingepet_assets.reporting import Result, report_days
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_services.btc_day.etf_flow import describe_etf_flow
from babingepet_services.btc_day.news import describe_news
from babingepet_services.btc_day.sentiment import describe_sentiment

MAX_RUNTIME = 600
"""Seconds after which Dagster ends a run: a feed that does not answer costs it 30."""


@BTC.asset("news", kinds={"rss", "table"}, pool=CONTEXT_POOL)
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


@BTC.asset("sentiment", deps=["btc/news"], kinds={"numpy", "table"}, pool=CONTEXT_POOL)
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


@BTC.asset("etf_flow", kinds={"table"}, pool=CONTEXT_POOL)
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


ASSETS = (news, sentiment, etf_flow)

news_job = single_process_job(
    "btc_news",
    news,
    sentiment,
    max_runtime=MAX_RUNTIME,
    description="Asks for headlines, reads them for their tone and scores the last 24 hours.",
)
etf_flow_job = single_process_job(
    "btc_etf_flow",
    etf_flow,
    max_runtime=MAX_RUNTIME,
    description="Asks for the flows of the funds and for the index of fear and greed.",
)
JOBS = (news_job, etf_flow_job)
