"""From a day's report to what Dagster shows: metadata of a materialization.

Belongs here: the way from the warehouse's plain reports to Dagster's values, used by the assets and
by the loop alike. Does not belong here: what is reported (``babingepet_services.btc_day.day``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import dagster as dg

from babingepet.market.intervals import iso
from babingepet_services.btc_day.canvas import as_markdown
from babingepet_services.btc_day.day import AssetReport, Describe
from babingepet_services.btc_day.decided import (
    describe_decisions,
    describe_portfolio,
    describe_positions,
    describe_signals,
)
from babingepet_services.btc_day.market import (
    describe_candles,
    describe_funding,
    describe_order_book,
    describe_order_flow,
)
from babingepet_services.btc_day.open_interest import describe_open_interest
from babingepet_services.market.feed_health import with_feed_health
from babingepet_services.version import code_version

Shown = dict[str, dg.MetadataValue]

REPORTS: Mapping[str, Describe] = {
    "btc/candles": with_feed_health(describe_candles),
    "btc/order_flow": with_feed_health(describe_order_flow),
    "btc/order_book": describe_order_book,
    "btc/funding": describe_funding,
    "btc/open_interest": describe_open_interest,
    "btc/signals": describe_signals,
    "btc/decisions": describe_decisions,
    "btc/positions": describe_positions,
    "btc/portfolio": describe_portfolio,
}
"""What the loop reports of each asset, in the order of the graph."""

MADE_UP = "SIMULATED market: every price is made up."


def asset_key(name: str) -> dg.AssetKey:
    """``btc/candles`` as a key."""
    return dg.AssetKey(name.split("/"))


def metadata(report: AssetReport) -> Shown:
    """Everything a report says, as the UI shows it; numbers become curves over the partitions."""
    shown: Shown = {"warning": dg.MetadataValue.text(MADE_UP)} if _is_made_up(report) else {}
    shown |= {
        "dagster/row_count": dg.MetadataValue.int(report.rows),
        "source": dg.MetadataValue.text(report.source),
        "window": dg.MetadataValue.text(_window(report)),
        "code_version": dg.MetadataValue.text(code_version()),
    }
    if report.plot_png is not None:
        shown["plot"] = dg.MetadataValue.md(as_markdown(report.plot_png))
    shown["table"] = dg.MetadataValue.md(report.table)
    if report.health:
        shown["feed_health"] = dg.MetadataValue.md(report.health)
    return shown | {
        name: _number(value) for name, value in report.numbers.items() if value is not None
    }


def day_by_day(
    context: dg.AssetExecutionContext, name: str, show: Callable[[str], Shown]
) -> dg.MaterializeResult[None]:
    """Show each day of the run, in order; in a backfill each day keeps its own metadata."""
    days, key = context.partition_keys, asset_key(name)
    if len(days) == 1:
        return dg.MaterializeResult(asset_key=key, metadata=show(days[0]))
    for day in days:
        context.add_asset_metadata(show(day), asset_key=key, partition_key=day)
    return dg.MaterializeResult(asset_key=key)


def _is_made_up(report: AssetReport) -> bool:
    return report.source.partition(",")[0] == "simulated"


def _window(report: AssetReport) -> str:
    return f"{iso(report.window[0])} to {iso(report.window[1])}" if report.window else "empty"


def _number(value: str | float) -> dg.MetadataValue:
    if isinstance(value, str):
        return dg.MetadataValue.text(value)
    if isinstance(value, int):
        return dg.MetadataValue.int(value)
    return dg.MetadataValue.float(value)
