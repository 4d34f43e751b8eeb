"""Materializing what was decided: the days of the run are decided again, into the replay book.

Belongs here: the way from a Dagster run to a run of the replay book, and from its days to metadata.
Does not belong here: replaying (``babingepet_services.replay.backfill``) and what a day says
(``babingepet_services.btc_day.replayed``). The paper book is only looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

import dagster as dg

from babingepet.errors import InputError
from babingepet_assets.reporting import Result, Shown, day_by_day, metadata
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse.database import Database
from babingepet_services.btc_day.day import DayScope
from babingepet_services.btc_day.replayed import (
    DescribeReplayed,
    ReplayedDay,
    replayed_decisions,
    replayed_portfolio,
    replayed_positions,
    replayed_signals,
)
from babingepet_services.market.source import open_warehouse, resolve_market
from babingepet_services.replay.backfill import Backfill, BackfillScope, ensure_backfill

REPLAYED: Mapping[str, DescribeReplayed] = {
    "btc/signals": replayed_signals,
    "btc/decisions": replayed_decisions,
    "btc/positions": replayed_positions,
    "btc/portfolio": replayed_portfolio,
}
"""What is reported of each asset that a materialization decides again."""


def replay_days(
    context: dg.AssetExecutionContext, settings: Settings, clock: Clock, *names: str
) -> tuple[Result, ...]:
    """Decide the days of the run in order, once for all assets of the run, and report each day.

    Args:
        context: Tells the days and the run.
        settings: Name the market and its warehouse.
        clock: This machine's clock.
        names: The assets that are reported: keys of ``REPLAYED``.

    Raises:
        Failure: The days cannot be replayed, and trying again would not help.
    """
    days = context.partition_keys
    scope = BackfillScope(
        settings=settings,
        source=resolve_market(settings, clock),
        first_day=days[0],
        last_day=days[-1],
        dagster_run=context.op_execution_context.run_id,
    )
    with closing(open_warehouse(settings, scope.source)) as database:
        done = _ensure(database, scope, clock)
        context.log.info(
            "%s: %d minutes decided in %.2f s, ledger %s", scope.run_id, done.run.minutes,
            done.run.document["seconds"], done.run.ledger_sha256,
        )  # fmt: skip
        return tuple(_report(context, name, database, done) for name in names)


def _report(
    context: dg.AssetExecutionContext, name: str, database: Database, done: Backfill
) -> Result:
    def show(day: str) -> Shown:
        of_paper = DayScope(database, done.run.symbol, done.run.source, day)
        return metadata(REPLAYED[name](ReplayedDay(of_paper, done)))

    return day_by_day(context, name, show)


def _ensure(database: Database, scope: BackfillScope, clock: Clock) -> Backfill:
    try:
        return ensure_backfill(database, scope, clock)
    except InputError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
