"""When feeds of context, and the analysts, are asked.

Belongs here: schedules of what lies beside the market. Does not belong here: asking (``btc.context``,
``btc.swarm``).

Headlines and flows are those of the real market: beside made-up or recorded prices nothing is asked
by itself (`babingepet run` names the market that ``auto`` stands for). Whoever materializes today's
partition by hand asks the feeds all the same; models are asked about the real market only, by anyone.
"""

from babingepet_assets.btc.context import etf_flow_job, news_job
from babingepet_assets.btc.swarm import swarm_job
from sensors.by_the_clock import by_the_clock, today

half_hourly_news = by_the_clock(
    news_job,
    "*/30 * * * *",
    today,
    "Asks for headlines and scores their tone every 30 minutes.",
)
six_hourly_flows = by_the_clock(
    etf_flow_job,
    "20 3,9,15,21 * * *",
    today,
    "Asks for fund flows and fear and greed every 6 hours, first at 03:20 UTC: the flows of a "
    "trading day are published by 03:00.",
)
rounds_of_analysts = by_the_clock(
    swarm_job,
    "1,21,41 * * * *",
    today,
    "Asks the analysts every 20 minutes, a minute after the round began: the minute that it is "
    "about is decided then, and the headlines of the half hour are filed.",
)

SCHEDULES = (half_hourly_news, six_hourly_flows, rounds_of_analysts)
