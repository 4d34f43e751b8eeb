"""Materializing days of the market: all of them are filled first, in one go, then each is reported.

Belongs here: the way from a Dagster run to one backfill, its progress in the run's log, and what
each day says of it. Does not belong here: filling (``babingepet_services.backfill.command``) and
what a day says otherwise (``reporting``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import dagster as dg

from babingepet_assets.btc.reports import REPORTS
from babingepet_assets.reporting import DRAWN, Result, Shown, day_by_day, metadata
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import gaps
from babingepet_services.backfill.command import fill_days
from babingepet_services.backfill.outcome import Outcome, told_day
from babingepet_services.backfill.series import Kind
from babingepet_services.backfill.watch import Watcher, nobody
from babingepet_services.btc_day.day import DayScope, open_scope
from babingepet_services.market.gap_ledger import Market

FILLED: Mapping[str, Kind] = {
    "btc/candles": "candles",
    "btc/funding": "funding",
    "btc/open_interest": "open-interest",
    "btc/order_flow": "trades",
}
"""Assets whose past can be had; of the order flow only the trades. The order book is lost."""
TRADE_DAYS = 31
"""Days of trades that one run downloads at most: a day has 15 to 60 MB."""
SAY_EVERY = 5.0
"""Seconds between two lines in the run's log."""


def fill_and_report_days(
    context: dg.AssetExecutionContext, settings: Settings, clock: Clock
) -> Result:
    """Fill what is missing of the run's days, then report each of them.

    Args:
        context: Tells the asset and the days.
        settings: Name the market, its warehouse and the archive.
        clock: This machine's clock.
    """
    name, days = context.asset_key.to_user_string(), context.partition_keys
    with open_scope(settings, clock, days[0]) as first:
        filled = _fill(context, name, first, settings, clock)
        drawn = frozenset(days[-DRAWN:])

        def show(day: str) -> Shown:
            scope = replace(first, partition=day, draws=day in drawn)
            return metadata(REPORTS[name](scope)) | _told(filled, FILLED.get(name), scope)

        return day_by_day(context, name, show)


def _fill(
    context: dg.AssetExecutionContext, name: str, scope: DayScope, settings: Settings, clock: Clock
) -> Outcome | str | None:
    """The backfill of the run's days; why there was none; None for what is captured live only."""
    kind, days = FILLED.get(name), context.partition_keys
    if kind is None or (kind == "trades" and scope.source != "binance"):
        return None
    if kind == "trades" and len(days) > TRADE_DAYS:
        return f"nothing was fetched: one run downloads the trades of {TRADE_DAYS} days at most"
    span = (scope.start, replace(scope, partition=days[-1]).end)
    market = Market(scope.symbol, scope.source)
    watcher = Watcher(nobody, _every(SAY_EVERY, clock, context.log.info))
    filled = fill_days(scope.database, settings, clock, kind, market, span, watcher)
    context.log.info("%s", filled if isinstance(filled, str) else _summary(filled))
    return filled


def _every(seconds: float, clock: Clock, say: Callable[[str], None]) -> Callable[[str], None]:
    """Say one sentence in so many seconds, the first one at once."""
    said: list[float] = []

    def now_and_then(sentence: str) -> None:
        if not said or clock.monotonic() - said[-1] >= seconds:
            said.append(clock.monotonic())
            say(sentence)

    return now_and_then


def _summary(outcome: Outcome) -> str:
    document = outcome.document()
    return (
        f"{document['rows_written']:,} rows new in {document['seconds']:.1f} s: {document['rows']}; "
        f"gaps {document['gaps']}, conflicts {document['conflicts']}, files {document['files']}"
    )


def _told(filled: Outcome | str | None, kind: Kind | None, scope: DayScope) -> Shown:
    """What filling came to on a day, and the gaps that are known of it."""
    if filled is None or kind is None:
        return {}
    if isinstance(filled, str):
        return {"fetched": dg.MetadataValue.text(filled)}
    new: Mapping[str, int] = filled.rows_by_day.get(scope.partition, {})
    feed = kind.replace("-", "_")
    with scope.database.reading() as connection:
        found = gaps.read(
            connection, scope.symbol, scope.start, scope.end, source=scope.source, feed=feed
        )
    return {
        "fetched": dg.MetadataValue.text(told_day(filled, scope.partition)),
        "origin": dg.MetadataValue.text(" and ".join(sorted(new)) or "stored before"),
        "gaps_open": dg.MetadataValue.int(sum(gap.repaired_at is None for gap in found)),
        "conflicts": dg.MetadataValue.int(filled.conflicts_by_day[scope.partition]),
    }
