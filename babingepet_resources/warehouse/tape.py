"""What a minute's event tape came to: order flow, large prints, order book snapshots.

What does not belong here: the tape itself (raw trades and quotes are files, not rows).
Each is written once; a row already stored stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Table, select

from babingepet.market.frames import Ints
from babingepet_resources.warehouse.facts import insert_once, stored_times
from babingepet_resources.warehouse.records import (
    InsertOutcome,
    LargePrintRecord,
    OrderBookRecord,
    OrderFlowRecord,
)
from babingepet_resources.warehouse.statements import insert_records, select_records
from babingepet_resources.warehouse.tables import (
    crypto_order_flow,
    crypto_orderbook,
    crypto_trades,
)

_Record = TypeVar("_Record")

_COMPARED = ("trade_count", "taker_buy_base_volume", "taker_sell_base_volume")
"""What two reductions of the same trades must have in common; quotes may be there or not."""


def insert_order_flow(connection: Connection, rows: Sequence[OrderFlowRecord]) -> int:
    """Store minutes of order flow; returns how many were new."""
    return insert_records(connection, crypto_order_flow, rows)


def file_order_flow(connection: Connection, rows: Sequence[OrderFlowRecord]) -> InsertOutcome:
    """Store minutes of order flow; one that is stored with other volumes is a conflict, and stays."""
    return insert_once(connection, crypto_order_flow, rows, compared=_COMPARED)


def insert_large_prints(connection: Connection, rows: Sequence[LargePrintRecord]) -> int:
    """Store large merged prints; returns how many were new."""
    return insert_records(connection, crypto_trades, rows)


def insert_order_books(connection: Connection, rows: Sequence[OrderBookRecord]) -> int:
    """Store order book snapshots; returns how many were new."""
    return insert_records(connection, crypto_orderbook, rows)


def order_flow(
    connection: Connection, symbol: str, source: str, start: int, end: int
) -> list[OrderFlowRecord]:
    """Order flow of the minutes with start <= open_time < end, ascending."""
    time = crypto_order_flow.columns.open_time
    return _range(connection, crypto_order_flow, time, symbol, source, start, end, OrderFlowRecord)


def order_flow_times(
    connection: Connection, symbol: str, source: str, start: int, end: int
) -> Ints:
    """Minutes that have order flow, start <= open_time < end, ascending."""
    key = {"symbol": symbol, "source": source}
    return stored_times(connection, crypto_order_flow, "open_time", key, start, end)


def large_prints(
    connection: Connection, symbol: str, source: str, start: int, end: int
) -> list[LargePrintRecord]:
    """Large prints with start <= event_time < end, ascending."""
    time = crypto_trades.columns.event_time
    return _range(connection, crypto_trades, time, symbol, source, start, end, LargePrintRecord)


def order_books(
    connection: Connection, symbol: str, source: str, start: int, end: int
) -> list[OrderBookRecord]:
    """Order book snapshots with start <= event_time < end, ascending."""
    time = crypto_orderbook.columns.event_time
    return _range(connection, crypto_orderbook, time, symbol, source, start, end, OrderBookRecord)


def _range(
    connection: Connection,
    table: Table,
    time: Column[Any],
    symbol: str,
    source: str,
    start: int,
    end: int,
    record: type[_Record],
) -> list[_Record]:
    columns = table.columns
    query = select(table).where(columns.symbol == symbol, columns.source == source)
    query = query.where(time >= start, time < end).order_by(*table.primary_key.columns)
    return select_records(connection, query, record)
