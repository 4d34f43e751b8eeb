"""The life of one position, order to exit, as JSON values."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, MINUTE
from babingepet_resources.warehouse import history
from babingepet_resources.warehouse.lookups import known_candles
from babingepet_resources.warehouse.records import DecisionRecord, PositionRecord
from babingepet_services.explain.decision import Document, plain

LONGEST = 31 * DAY
"""How far the path of a position that is still open is read: many times the longest hold."""


def trade_story(connection: Connection, book: str, position_id: str) -> Document:
    """Order, fill, stop path and exit of a position.

    Raises:
        InputError: There is no such position.
    """
    position = history.position(connection, book, position_id)
    if position is None:
        raise InputError(f"there is no position {position_id} in book {book}")
    minutes = _minutes(connection, book, position)
    return {
        **plain(position),
        "ordered": _ordered(minutes, position),
        "filled_in": _cycle_at(minutes, position.entry_time + MINUTE),
        "path": _path(connection, position, minutes[1:]),
    }


def _minutes(connection: Connection, book: str, position: PositionRecord) -> list[DecisionRecord]:
    """The decision that ordered it, and all until the one that saw it leave."""
    end = (position.exit_time or position.entry_time + LONGEST) + MINUTE
    minutes = history.decisions(connection, book, position.symbol, position.entry_time, end + 1)
    left = [i for i, one in enumerate(minutes) if one.cycle_id == position.exit_cycle_id]
    return minutes[: left[0] + 1] if left else minutes


def _ordered(minutes: list[DecisionRecord], position: PositionRecord) -> Document | None:
    if not minutes or minutes[0].cycle_id != position.entry_cycle_id:
        return None
    said = json.loads(minutes[0].payload)
    return {
        "cycle_id": minutes[0].cycle_id,
        "as_of": minutes[0].as_of,
        "close_price": said["close_price"],
        "order": said["shadow_order" if position.shadow else "order"],
    }


def _cycle_at(minutes: list[DecisionRecord], as_of: int) -> str | None:
    return next((minute.cycle_id for minute in minutes if minute.as_of == as_of), None)


def _path(
    connection: Connection, position: PositionRecord, minutes: list[DecisionRecord]
) -> list[Document]:
    """One row a decided minute, from the fill to the exit."""
    if not minutes:
        return []
    begin, end = position.entry_time, minutes[-1].as_of
    bars = {
        bar.open_time: bar
        for bar in known_candles(connection, position.symbol, position.source, begin, end)
    }
    before = position.initial_stop_price
    rows: list[Document] = []
    for minute in minutes:
        row = _minute(position, minute)
        bar = bars.get(minute.as_of - MINUTE)
        row |= {"high": bar.high if bar else None, "low": bar.low if bar else None}
        row["stop_moved"] = row["stop"] != before
        before = row["stop"]
        rows.append(row)
    return rows


def _minute(position: PositionRecord, minute: DecisionRecord) -> Document:
    said: dict[str, Any] = json.loads(minute.payload)
    open_key, closed_key = (
        ("shadow", "shadow_closed") if position.shadow else ("position", "closed")
    )
    held, left = said[open_key], said[closed_key]
    mine = next(
        (part for part in (left, held) if part and part["position_id"] == position.position_id),
        None,
    )
    values = mine or {}
    return {
        "cycle_id": minute.cycle_id,
        "as_of": minute.as_of,
        "close_price": said["close_price"],
        "stop": values.get("stop"),
        "stop_reason": values.get("stop_reason"),
        "peak": values.get("peak"),
        "armed": values.get("armed"),
        "unrealized_pnl": values.get("unrealized_pnl"),
        "funding_paid": values.get("funding_paid"),
        "exit_reason": values.get("exit_reason"),
        "exit_price": values.get("exit_price"),
    }
