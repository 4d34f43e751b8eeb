"""Fund flows and the index of fear and greed into the warehouse, as they are told and revised.

Belongs here: asking both feeds and storing what they say. Does not belong here: when a figure may be
used (the signals).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection

from babingepet.errors import FeedUnavailable
from babingepet.market.context import EtfFlows
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.context.daily import fetch_etf_flows, fetch_fear_greed
from babingepet_resources.clients.context.fetch import FetchLimits
from babingepet_resources.market_files.fear_greed import FearGreed
from babingepet_resources.market_files.rows import FileRows, SomeFrame
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import etf_flows, fear_greed
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import EtfFlowRecord, FearGreedRecord, InsertOutcome
from babingepet_services.context.report import FeedReport, answered, failed

MARKET = "BTC"
"""Under which both are filed."""
SOURCE = "http"
"""Stamped on rows that an address told; those of files say ``recorded``."""
REFUSED = "refused"


def refresh_etf_flows(
    settings: Settings, database: Database, clock: Clock, limits: FetchLimits | None = None
) -> FeedReport:
    """Ask for the flows of the funds; first figures and revisions are stored.

    Raises:
        ConfigurationError: BABINGEPET_ETF_FLOWS_URL is no address.
        WarehouseUnavailable: The database. A feed that is down does not raise.
    """
    url = settings.etf_flows_url
    if not url:
        said = "BABINGEPET_ETF_FLOWS_URL is not set: there is no feed of fund flows"
        now = clock.now()
        return FeedReport(
            name="etf_flow", market=MARKET, state="absent", checked_at=now, detail=said
        )
    feed = _Feed("etf_flow", database, clock)
    return _refresh(feed, lambda: fetch_etf_flows(url, clock, limits), _insert_flows)


def refresh_fear_greed(
    settings: Settings, database: Database, clock: Clock, limits: FetchLimits | None = None
) -> FeedReport:
    """Ask for the index of fear and greed; first values and revisions are stored.

    Raises:
        ConfigurationError: BABINGEPET_FEAR_GREED_URL is no address.
        WarehouseUnavailable: The database. A feed that is down does not raise.
    """
    feed = _Feed("fear_greed", database, clock)
    url = settings.fear_greed_url
    return _refresh(feed, lambda: fetch_fear_greed(url, clock, limits), _insert_index)


class _Feed(NamedTuple):
    name: str
    database: Database
    clock: Clock


def _refresh(
    feed: _Feed,
    fetch: Callable[[], FileRows[SomeFrame]],
    insert: Callable[[Connection, SomeFrame, int], InsertOutcome],
) -> FeedReport:
    try:
        rows = fetch()
    except FeedUnavailable as error:
        return failed(feed.database, feed.name, MARKET, feed.clock, str(error))
    dropped = {REFUSED: rows.rows_rejected} if rows.rows_rejected else {}

    def write(connection: Connection) -> FeedReport:
        at = feed.clock.now()
        outcome = insert(connection, rows.frame, at)
        return answered(connection, feed.name, MARKET, at, outcome, dropped)

    return feed.database.transact(write)


def flow_records(frame: EtfFlows, symbol: str, source: str, at: int) -> list[EtfFlowRecord]:
    """Rows of flows that a source told at a time."""
    days = zip(frame.day.tolist(), frame.flow_usd.tolist(), strict=True)
    return [EtfFlowRecord(symbol, day, source, flow, at) for day, flow in days]


def index_records(frame: FearGreed, source: str, at: int) -> list[FearGreedRecord]:
    """Rows of the index that a source told at a time."""
    days = zip(frame.day.tolist(), frame.value.tolist(), strict=True)
    return [FearGreedRecord(day, source, value, at) for day, value in days]


def _insert_flows(connection: Connection, frame: EtfFlows, at: int) -> InsertOutcome:
    return etf_flows.insert(connection, flow_records(frame, MARKET, SOURCE, at))


def _insert_index(connection: Connection, frame: FearGreed, at: int) -> InsertOutcome:
    return fear_greed.insert(connection, index_records(frame, SOURCE, at))
