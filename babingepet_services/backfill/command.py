"""A backfill as it is asked for: by a command, or by an asset for its days.

Belongs here: from settings, a kind and days to a backfill. Does not belong here: how it is done
(``backfill``) and how it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from babingepet.errors import ExchangeUnavailable, InputError
from babingepet.market.intervals import DAY, day_start
from babingepet_resources.clients.clock import Clock
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.exchange.moments import parse_moment
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.limits import PATIENT
from babingepet_services.backfill.kinds import CandleSeries, FundingSeries, OpenInterestSeries
from babingepet_services.backfill.outcome import Outcome
from babingepet_services.backfill.plan import Only, Plan, Request
from babingepet_services.backfill.run import Backfill
from babingepet_services.backfill.series import Kind, Series
from babingepet_services.backfill.sources import Sources, open_sources
from babingepet_services.backfill.trades import TradeSeries
from babingepet_services.backfill.watch import UNWATCHED, Watcher
from babingepet_services.market.gap_ledger import Market
from babingepet_services.market.source import open_warehouse, resolve_market

DAYS: dict[Kind, int] = {"candles": 730, "funding": 730, "open-interest": 730, "trades": 3}
"""Days that are filled when none are named. A day of BTC trades is a million rows, 15 to 60 MB."""


@dataclass(frozen=True)
class Wanted:
    """What a user asks for.

    Attributes:
        kind: Of fact.
        first: First UTC day, ``2024-01-01``; None for the usual number of days before today.
        last: The UTC day after the last one; None for now.
        only: One of the two sources; None for both.
    """

    kind: Kind
    first: str | None = None
    last: str | None = None
    only: Only | None = None

    def days(self, now: int) -> tuple[int, int]:
        """From 00:00 UTC of the first day to 00:00 UTC after the last one.

        Raises:
            InputError: One of them is no time.
        """
        end = parse_moment(self.last, "--to") if self.last else now
        end = -(-end // DAY) * DAY
        if self.first is None:
            return end - DAYS[self.kind] * DAY, end
        return day_start(parse_moment(self.first, "--from")), end


def backfill(
    settings: Settings, clock: Clock, wanted: Wanted, watcher: Watcher = UNWATCHED
) -> dict[str, Any]:
    """Fill what is missing.

    Returns:
        kind, symbol, source, and what ``Outcome.document`` says.

    Raises:
        InputError: A time, the symbol or a source is wrong.
        ExchangeUnavailable: A recorded or simulated market does not answer.
        WarehouseUnavailable: The database or the disk; what was stored until then stays.
    """
    with _opened(settings, clock, wanted, watcher) as (made, source, _):
        return _named(settings, wanted, source) | made.run().document()


def plan_backfill(settings: Settings, clock: Clock, wanted: Wanted) -> dict[str, Any]:
    """Say what a backfill would do, and of trades how many bytes it would download.

    Returns:
        kind, symbol, source, plan (see ``Plan.document``; of trades with ``bytes``, None where the
        archive does not say).

    Raises:
        InputError: A time, the symbol or a source is wrong.
        ExchangeUnavailable: A recorded or simulated market does not answer.
        WarehouseUnavailable: The database.
    """
    with _opened(settings, clock, wanted, UNWATCHED) as (made, source, sources):
        plan = made.plan()
        told = plan.document()
        if wanted.kind == "trades":
            told["bytes"] = _bytes(sources, plan)
        return _named(settings, wanted, source) | {"plan": told}


def fill_days(
    database: Database,
    settings: Settings,
    clock: Clock,
    kind: Kind,
    market: Market,
    span: tuple[int, int],
    watcher: Watcher,
) -> Outcome | str:
    """Fill days of one kind; why nothing could be asked instead, when the market is silent.

    Raises:
        WarehouseUnavailable: The database or the disk; what was stored until then stays.
    """
    request = Request(market, *span)
    try:
        with open_sources(settings, clock, market.source, span[1], None) as sources:
            series = _series(kind, market, database, settings, sources)
            return Backfill(database, series, request, sources, clock, watcher).run()
    except (ExchangeUnavailable, InputError) as error:
        return f"nothing was fetched: {error}"


@contextmanager
def _opened(
    settings: Settings, clock: Clock, wanted: Wanted, watcher: Watcher
) -> Iterator[tuple[Backfill, str, Sources]]:
    source = resolve_market(settings, clock)
    if wanted.kind == "trades" and source != "binance":
        raise InputError(
            f"single trades of the past are in Binance's archive, not in a {source} market"
        )
    start, end = wanted.days(clock.now())
    request = Request(Market(settings.symbol, source), start, end, wanted.only)
    with (
        closing(open_warehouse(settings, source).within(PATIENT)) as database,
        open_sources(settings, clock, source, end, wanted.only) as sources,
    ):
        series = _series(wanted.kind, request.market, database, settings, sources)
        yield Backfill(database, series, request, sources, clock, watcher), source, sources


def _series(
    kind: Kind, market: Market, database: Database, settings: Settings, sources: Sources
) -> Series[Any]:
    if kind == "trades":
        tape = EventTape.open(settings.tape_address())
        return TradeSeries(market, database, tape, sources.now)
    if kind == "candles":
        return CandleSeries(market)
    return FundingSeries(market) if kind == "funding" else OpenInterestSeries(market)


def _bytes(sources: Sources, plan: Plan) -> int | None:
    """Bytes of the files that are not kept yet; None where one of them is not told."""
    if sources.archive is None:
        return 0
    try:
        sizes = [sources.archive.size(file) for file in plan.files]
    except ExchangeUnavailable:
        return None
    return sum(size or 0 for size in sizes)


def _named(settings: Settings, wanted: Wanted, source: str) -> dict[str, Any]:
    return {"kind": wanted.kind, "symbol": settings.symbol, "source": source}
