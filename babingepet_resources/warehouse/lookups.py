"""Reads across books, symbols and sources, for those who explain and look after a warehouse.

Belongs here: what no repository of one aggregate answers. Times are UTC milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Column, Connection, Table, func, select

from babingepet_resources.warehouse.tables import (
    btc_decisions,
    crypto_candles,
    crypto_funding,
    crypto_sim_positions,
)

AROUND = 3
"""Neighbours on each side of an identifier that is not there."""


@dataclass(frozen=True)
class KnownCandle:
    """A closed minute with where it came from and when it became known."""

    open_time: int
    open: float
    high: float
    low: float
    close: float
    base_volume: float
    taker_buy_base_volume: float | None
    source: str
    derived: bool
    known_at: int


@dataclass(frozen=True)
class KnownFunding:
    """A settlement with where it came from and when it became known."""

    funding_time: int
    funding_rate: float
    source: str
    derived: bool
    known_at: int


@dataclass(frozen=True)
class LastDecision:
    """The newest decision of any instrument."""

    cycle_id: str
    symbol: str
    source: str
    as_of: int
    decided_at: int


def nearest_ids(
    connection: Connection, book: str, identifier: str, *, with_positions: bool
) -> list[str]:
    """The identifiers just before and after one that is not there."""
    near = _neighbours(connection, btc_decisions, btc_decisions.c.cycle_id, book, identifier)
    if with_positions:
        column = crypto_sim_positions.c.position_id
        near += _neighbours(connection, crypto_sim_positions, column, book, identifier)
    return near


def _neighbours(
    connection: Connection, table: Table, column: Column[str], book: str, identifier: str
) -> list[str]:
    mine = select(column).where(table.c.book == book)
    before = mine.where(column < identifier).order_by(column.desc()).limit(AROUND)
    after = mine.where(column > identifier).order_by(column).limit(AROUND)
    return [
        *reversed(connection.execute(before).scalars().all()),
        *connection.execute(after).scalars().all(),
    ]


def known_candles(
    connection: Connection, symbol: str, source: str, start: int, end: int
) -> list[KnownCandle]:
    """Minutes with start <= open_time < end, ascending."""
    table = crypto_candles.c
    query = select(*(table[name] for name in KnownCandle.__dataclass_fields__)).where(
        table.symbol == symbol,
        table.interval == "1m",
        table.source == source,
        table.open_time >= start,
        table.open_time < end,
    )
    rows = connection.execute(query.order_by(table.open_time))
    return [KnownCandle(**row._asdict()) for row in rows]


def known_funding(
    connection: Connection, symbol: str, source: str, until: int, limit: int
) -> list[KnownFunding]:
    """The newest settlements with funding_time <= until that were known then, newest first."""
    table = crypto_funding.c
    query = select(*(table[name] for name in KnownFunding.__dataclass_fields__)).where(
        table.symbol == symbol,
        table.source == source,
        table.funding_time <= until,
        table.known_at <= until,
    )
    rows = connection.execute(query.order_by(table.funding_time.desc()).limit(limit))
    return [KnownFunding(**row._asdict()) for row in rows]


def last_decision(connection: Connection, book: str) -> LastDecision | None:
    """The newest decision of a book."""
    table = btc_decisions.c
    query = select(*(table[name] for name in LastDecision.__dataclass_fields__))
    row = connection.execute(query.where(table.book == book).order_by(table.as_of.desc())).first()
    return None if row is None else LastDecision(**row._asdict())


def decision_count(connection: Connection, book: str) -> int:
    """How many decisions a book holds."""
    query = select(func.count()).select_from(btc_decisions).where(btc_decisions.c.book == book)
    return int(connection.execute(query).scalar_one())
