"""The table of hours that a month's decisions share: which hours of the day rise more than others.

Belongs here: what the asset is, in words, and its job. Does not belong here: making the table
(``babingepet_services.learning.seasonality``), and when it runs (``sensors.schedules``).
"""

import dagster as dg

from babingepet.market.intervals import SEASONALITY_MONTHS
from babingepet_assets.declaring import single_process_job, unreleased
from babingepet_assets.learning.group import LEARNING
from babingepet_assets.partitions import MONTHLY
from babingepet_assets.reporting import Result, asset_key, report_days
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_services.learning.seasonality import describe_hours

MAX_RUNTIME = 600
"""Seconds after which Dagster ends the run: ten years of hours take about two."""

with unreleased():
    MONTHS_BEFORE = dg.AssetDep(
        asset_key("btc/candles"),
        partition_mapping=dg.TimeWindowPartitionMapping(
            start_offset=-SEASONALITY_MONTHS,
            end_offset=-1,
            allow_nonexistent_upstream_partitions=True,
        ),
    )
    """A month is made of the two years before it at least, and of none of its own days."""


@LEARNING.asset(
    "hour_seasonality", deps=[MONTHS_BEFORE], kinds={"scipy", "table"}, partitions=MONTHLY
)
def hour_seasonality(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """How often each UTC hour rose before the month, fractions, and which of them is no chance.

    Shape: 24 rows, one an hour of the UTC day, as the signal `hour_seasonality` reads them all month;
    no rows of its own in the warehouse. Two years of hours are needed; less is said, not guessed.
    Tests after Benjamini and Hochberg (1995), false discovery rate 10 %.
    """
    return report_days(context, settings, clock, describe_hours)


seasonality_job = single_process_job(
    "hour_seasonality",
    hour_seasonality,
    max_runtime=MAX_RUNTIME,
    description="Makes a month's table of hours of the history before it.",
)
