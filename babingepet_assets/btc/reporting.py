"""From a day's report to what Dagster shows: metadata of a materialization.

Belongs here: the way from the warehouse's plain reports to Dagster's values, used by the assets and
by the loop alike. Does not belong here: what is reported (``babingepet_services.btc_day``).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dagster as dg

from babingepet.market.intervals import iso
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_services.btc_day import AssetReport, DayScope, Describe
from babingepet_services.btc_day_decided import (
    describe_decisions,
    describe_portfolio,
    describe_positions,
    describe_signals,
)
from babingepet_services.btc_day_fetch import FETCH, Fetched, fetch_day
from babingepet_services.btc_day_market import (
    describe_candles,
    describe_funding,
    describe_order_book,
    describe_order_flow,
)
from babingepet_services.market_source import open_warehouse, resolve_market
from babingepet_services.version import code_version

Metadata = Mapping[str, dg.MetadataValue]

REPORTS: Mapping[str, Describe] = {
    "btc/candles": describe_candles,
    "btc/order_flow": describe_order_flow,
    "btc/order_book": describe_order_book,
    "btc/funding": describe_funding,
    "btc/signals": describe_signals,
    "btc/decisions": describe_decisions,
    "btc/positions": describe_positions,
    "btc/portfolio": describe_portfolio,
}
"""The report of each asset, in the order of the graph."""


def asset_key(name: str) -> dg.AssetKey:
    """``btc/candles`` as a key."""
    return dg.AssetKey(name.split("/"))


@contextmanager
def open_scope(settings: Settings, clock: Clock, partition: str) -> Iterator[DayScope]:
    """One day of the warehouse that belongs to the market of the settings."""
    source = resolve_market(settings, clock)
    database = open_warehouse(settings, source)
    try:
        yield DayScope(database, settings.symbol, source, partition)
    finally:
        database.close()


def metadata(report: AssetReport) -> dict[str, dg.MetadataValue]:
    """Everything a report says, as the UI shows it; numbers become curves over the partitions."""
    shown: dict[str, dg.MetadataValue] = {
        "dagster/row_count": dg.MetadataValue.int(report.rows),
        "source": dg.MetadataValue.text(report.source),
        "window": dg.MetadataValue.text(_window(report)),
        "code_version": dg.MetadataValue.text(code_version()),
    }
    if report.plot_png is not None:
        encoded = base64.b64encode(report.plot_png).decode()
        shown["plot"] = dg.MetadataValue.md(f"![plot](data:image/png;base64,{encoded})")
    shown["table"] = dg.MetadataValue.md(report.table)
    return shown | {
        name: _number(value) for name, value in report.numbers.items() if value is not None
    }


def report_days(
    context: dg.AssetExecutionContext, settings: Settings, clock: Clock
) -> dg.MaterializeResult[None]:
    """Report every day of the run; what the exchange still tells of a day is fetched first.

    The result's metadata is that of the last day. In a backfill each day also keeps its own.
    """
    name = context.asset_key.to_user_string()
    shown: dict[str, dg.MetadataValue] = {}
    for partition in context.partition_keys:
        with open_scope(settings, clock, partition) as scope:
            fetched = fetch_day(name, scope, settings, clock) if name in FETCH else None
            shown = metadata(REPORTS[name](scope)) | _fetched(fetched)
        if len(context.partition_keys) > 1:
            context.add_asset_metadata(shown, partition_key=partition)
    return dg.MaterializeResult(metadata=shown if len(context.partition_keys) == 1 else {})


def _fetched(fetched: Fetched | None) -> dict[str, dg.MetadataValue]:
    if fetched is None:
        return {}
    if fetched.note is not None:
        return {"fetched": dg.MetadataValue.text(fetched.note)}
    return {
        "fetched": dg.MetadataValue.text(
            f"{fetched.rows} rows new, {fetched.conflicts} differ from what is stored, "
            f"{fetched.repaired} gaps repaired"
        )
    }


def _window(report: AssetReport) -> str:
    return f"{iso(report.window[0])} to {iso(report.window[1])}" if report.window else "empty"


def _number(value: str | float) -> dg.MetadataValue:
    if isinstance(value, str):
        return dg.MetadataValue.text(value)
    if isinstance(value, int):
        return dg.MetadataValue.int(value)
    return dg.MetadataValue.float(value)
