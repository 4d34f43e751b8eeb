"""How much the warehouse holds, for those who look after it."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, text

from babingepet_resources.warehouse.tables import metadata


def row_counts(connection: Connection) -> dict[str, int]:
    """Rows in each table, by name. Counts every row: seconds in a warehouse of many years."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
    }


def size_bytes(connection: Connection) -> int:
    """Bytes that the warehouse's tables and indexes take; on SQLite the whole file's pages."""
    if connection.dialect.name == "sqlite":
        query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        return int(connection.execute(text(query)).scalar_one())
    query = "SELECT sum(pg_total_relation_size(to_regclass(name))) FROM unnest(:names) AS name"
    names = [f'"{name}"' for name in metadata.tables]
    return int(connection.execute(text(query), {"names": names}).scalar_one())
