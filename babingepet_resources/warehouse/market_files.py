"""Which files of market facts were read, by their content: where imported rows come from."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from babingepet_resources.warehouse.records import MarketFileRecord
from babingepet_resources.warehouse.statements import insert_records, select_records
from babingepet_resources.warehouse.tables import market_files as table


def note(connection: Connection, record: MarketFileRecord) -> bool:
    """Remember a file; False when it was read before, and then its first reading stays."""
    return insert_records(connection, table, [record]) == 1


def known(connection: Connection, kind: str, symbol: str, source: str) -> dict[str, str]:
    """Files of a kind that were read: SHA-256 by name."""
    query = select(table.c.name, table.c.sha256).where(
        table.c.kind == kind, table.c.symbol == symbol, table.c.source == source
    )
    return {row.name: row.sha256 for row in connection.execute(query)}


def is_known(connection: Connection, sha256: str, kind: str, symbol: str, source: str) -> bool:
    """Whether a file of this content was read as that before."""
    key = {"sha256": sha256, "kind": kind, "symbol": symbol, "source": source}
    query = select(table.c.read_at).where(*(table.c[name] == value for name, value in key.items()))
    return connection.execute(query).first() is not None


def read(connection: Connection) -> Sequence[MarketFileRecord]:
    """Every file, in the order in which they were read."""
    query = select(table).order_by(table.c.read_at, table.c.name)
    return select_records(connection, query, MarketFileRecord)
