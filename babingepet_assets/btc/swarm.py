"""What Bitcoin's analysts agree on as an asset, and the job that asks them.

Belongs here: what the asset is, in words, and its job. Does not belong here: a round
(``babingepet_services.swarm``), and when it is held (``sensors.context_schedules``).
"""

import dagster as dg

from babingepet_assets.btc.group import BTC, CONTEXT_POOL
from babingepet_assets.declaring import single_process_job
from babingepet_assets.reporting import Result, report_days
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_services.btc_day.swarm import describe_swarm

MAX_RUNTIME = 300
"""Seconds after which Dagster ends a run: a round has 60, and is given up by the next one."""


# What it reads of the signals votes with the next ones: that circle is of minutes, not of days.
@BTC.asset("swarm_verdicts", deps=["btc/signals"], kinds={"openai", "table"}, pool=CONTEXT_POOL)
def swarm_verdicts(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """What nine analysts give a higher price in an hour: a probability, and how many agree.

    Shape: a row a round and provider in `swarm_verdicts`, up to 72 a day; a row an analyst in
    `crypto_ai_predictions`. Today's partition holds the round of these 20 minutes, once, where models
    are asked (about the real market, with OPENROUTER_API_KEY); else the embedded analysts answer
    inside of the loop, and the day is reported. A round without a quorum is no verdict.
    """
    return report_days(context, settings, clock, lambda day: describe_swarm(day, settings, clock))


swarm_job = single_process_job(
    "btc_swarm",
    swarm_verdicts,
    max_runtime=MAX_RUNTIME,
    description="Asks the analysts' models about the newest decided minute.",
)
