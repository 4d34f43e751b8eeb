"""Open interest: written once, read by range and by what was known."""

from __future__ import annotations

from sqlalchemy import Connection

from babingepet.market.frames import Ints, OpenInterest
from babingepet_resources.warehouse.facts import (
    insert_frame,
    matching,
    read_frame,
    stored_times,
)
from babingepet_resources.warehouse.records import InsertOutcome
from babingepet_resources.warehouse.tables import crypto_open_interest as table


def insert(
    connection: Connection, symbol: str, source: str, rows: OpenInterest, *, known_at: int
) -> InsertOutcome:
    """Store readings. A stored one never changes; another value for its time is a conflict."""
    key = {"symbol": symbol, "source": source}
    return insert_frame(connection, table, key, {"known_at": known_at}, rows)


def times(connection: Connection, symbol: str, source: str, start: int, end: int) -> Ints:
    """When there is a reading, start <= event_time < end, ascending."""
    key = {"symbol": symbol, "source": source}
    return stored_times(connection, table, OpenInterest.TIME, key, start, end)


def read(
    connection: Connection,
    symbol: str,
    source: str,
    start: int,
    end: int,
    *,
    known_until: int | None = None,
) -> OpenInterest:
    """Readings with start <= event_time < end, without what became known after ``known_until``."""
    key = {"symbol": symbol, "source": source}
    query = matching(table, OpenInterest, key, start, end, known_until)
    return read_frame(connection, query, OpenInterest)
