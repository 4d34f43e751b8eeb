"""Accounts minute by minute: which there are, how they stood, their equity as columns.

An account is what one book decided about one instrument on facts of one source. What does not
belong here: what an account came to (the engine's ``performance``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, Text, cast, func, select

from babingepet.market.frames import Floats, Ints
from babingepet_resources.warehouse.records import PortfolioRecord
from babingepet_resources.warehouse.statements import select_record
from babingepet_resources.warehouse.tables import sim_portfolio

_MINUTE_ROW = np.dtype([("as_of", np.int64), ("equity", np.float64), ("exposure", np.float64)])
_ROWS_AT_ONCE = 10_000
"""A year of minutes fetched at once takes 180 MB, in parts of this size 20."""


@dataclass(frozen=True)
class AccountSpan:
    """The minutes of an account: source, as_of of the first and the last, and how many."""

    source: str
    first: int
    last: int
    minutes: int


def accounts(connection: Connection, book: str, symbol: str) -> list[AccountSpan]:
    """The accounts of a book in an instrument, the one decided last first."""
    table = sim_portfolio.c
    last = func.max(table.as_of)
    spans = (
        select(table.source, func.min(table.as_of), last, func.count())
        .where(table.book == book, table.symbol == symbol)
        .group_by(table.source)
        .order_by(last.desc())
    )
    return [AccountSpan(*row) for row in connection.execute(spans)]


def newest_until(
    connection: Connection, book: str, symbol: str, source: str, time: int
) -> PortfolioRecord | None:
    """The account after its newest cycle with as_of <= time."""
    table = sim_portfolio.c
    query = select(sim_portfolio).where(
        table.book == book, table.symbol == symbol, table.source == source, table.as_of <= time
    )
    return select_record(connection, query.order_by(table.as_of.desc()), PortfolioRecord)


def equity_columns(
    connection: Connection, book: str, symbol: str, source: str, after: int, until: int
) -> tuple[Ints, Floats, Floats]:
    """Columns as_of, equity and exposure of the cycles with after < as_of <= until, ascending.

    Args:
        connection: Any connection.
        book: The ledger.
        symbol: The instrument.
        source: Only cycles of this source.
        after: UTC ms, excluded.
        until: UTC ms, included.
    """
    table = sim_portfolio.c
    # As text: SQLite's own cast to a double misses the nearest one in one of 5,000 amounts.
    query = select(table.as_of, cast(table.equity, Text), table.exposure).where(
        table.book == book,
        table.symbol == symbol,
        table.source == source,
        table.as_of > after,
        table.as_of <= until,
    )
    rows = connection.execute(query.order_by(table.as_of)).yield_per(_ROWS_AT_ONCE)
    columns = np.fromiter(
        ((time, float(equity), exposure) for time, equity, exposure in rows), _MINUTE_ROW
    )
    return columns["as_of"], columns["equity"], columns["exposure"]
