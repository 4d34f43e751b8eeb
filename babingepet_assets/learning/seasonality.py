"""The table of hours that a month's decisions share: which hours of the day rise more than others.

Belongs here: what the asset is, in words, and its job. Does not belong here: making the table
(``babingepet_services.learning.seasonality``), and when it runs (``sensors.schedules``).
"""

import warnings

import dagster as dg

from babingepet.compiled import ENGINE_VERSION
from babingepet.market.intervals import SEASONALITY_MONTHS, iso
from babingepet_assets.learning.parity import POOL
from babingepet_assets.partitions import MONTHLY
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_services.btc_day.canvas import as_markdown
from babingepet_services.btc_day.day import open_scope
from babingepet_services.learning.seasonality import (
    MonthOfHours,
    as_table,
    draw,
    month_of_hours,
)
from babingepet_services.version import code_version

MAX_RUNTIME = 600
"""Seconds after which Dagster ends the run: ten years of hours take about two."""

Shown = dict[str, dg.MetadataValue]

with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.BetaWarning)
    MONTHS_BEFORE = dg.AssetDep(
        dg.AssetKey(["btc", "candles"]),
        partition_mapping=dg.TimeWindowPartitionMapping(
            start_offset=-SEASONALITY_MONTHS,
            end_offset=-1,
            allow_nonexistent_upstream_partitions=True,
        ),
    )
    """A month is made of the two years before it at least, and of none of its own days."""
    monthly_asset = dg.asset(
        key=["learning", "hour_seasonality"],
        deps=[MONTHS_BEFORE],
        partitions_def=MONTHLY,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name="learning",
        kinds={"scipy", "table"},
        owners=["team:learning"],
        code_version=ENGINE_VERSION,
        pool=POOL,
    )


@monthly_asset
def hour_seasonality(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[None]:
    """How often each UTC hour rose before the month, fractions, and which of them is no chance.

    Shape: 24 rows, one an hour of the UTC day, as the signal `hour_seasonality` reads them all month;
    no rows of its own in the warehouse. Two years of hours are needed; less is said, not guessed.
    Tests after Benjamini and Hochberg (1995), false discovery rate 10 %.
    """
    months, metadata = context.partition_keys, Shown()
    for month in months:
        with open_scope(settings, clock, month) as scope:
            metadata = shown(month_of_hours(scope), scope.source)
        if len(months) > 1:
            context.add_asset_metadata(metadata, partition_key=month)
    return dg.MaterializeResult(metadata=metadata if len(months) == 1 else {})


def shown(found: MonthOfHours, source: str) -> Shown:
    """The month as the UI shows it; numbers become curves over the partitions."""
    metadata: Shown = {
        "dagster/row_count": dg.MetadataValue.int(len(found.rows)),
        "statement": dg.MetadataValue.text(found.sentence),
        "hours_stored": dg.MetadataValue.int(found.counted),
        "hours_missing": dg.MetadataValue.int(found.missing),
        "source": dg.MetadataValue.text(source),
        "window": dg.MetadataValue.text(_window(found)),
        "engine_version": dg.MetadataValue.text(ENGINE_VERSION),
        "code_version": dg.MetadataValue.text(code_version()),
        "table": dg.MetadataValue.md(as_table(found)),
    }
    if found.mean_share is not None:
        metadata["significant_hours"] = dg.MetadataValue.int(len(found.significant))
        metadata["mean_share"] = dg.MetadataValue.float(found.mean_share)
    plot = draw(found)
    if plot is not None:
        metadata["plot"] = dg.MetadataValue.md(as_markdown(plot))
    return metadata


def _window(found: MonthOfHours) -> str:
    return "empty" if found.first is None else f"{iso(found.first)} to {iso(found.month)}"


seasonality_job = dg.define_asset_job(
    "hour_seasonality",
    selection=[hour_seasonality],
    executor_def=dg.in_process_executor,
    tags={"dagster/max_runtime": str(MAX_RUNTIME)},
    description="Makes a month's table of hours of the history before it.",
)
