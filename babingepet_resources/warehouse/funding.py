"""Settled funding rates: written once, read by range and by what was known."""

from __future__ import annotations

from sqlalchemy import Connection

from babingepet.market.frames import FundingRates
from babingepet_resources.warehouse.facts import insert_frame, matching, read_frame
from babingepet_resources.warehouse.records import InsertOutcome
from babingepet_resources.warehouse.tables import crypto_funding as table


def insert(
    connection: Connection, symbol: str, source: str, rates: FundingRates, *, known_at: int
) -> InsertOutcome:
    """Store settled rates. A stored rate never changes; one with other values is a conflict."""
    key = {"symbol": symbol, "source": source}
    return insert_frame(connection, table, key, {"known_at": known_at}, rates)


def read(
    connection: Connection,
    symbol: str,
    source: str,
    start: int,
    end: int,
    *,
    known_until: int | None = None,
) -> FundingRates:
    """Rates with start <= funding_time < end, leaving out what became known after ``known_until``."""
    key = {"symbol": symbol, "source": source}
    query = matching(table, FundingRates, key, start, end, known_until)
    return read_frame(connection, query, FundingRates)
