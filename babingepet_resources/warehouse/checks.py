"""The latest evaluation of each data check, and those that forbid opening positions."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from babingepet_resources.warehouse.records import CheckRecord
from babingepet_resources.warehouse.statements import (
    insert_records,
    replacing,
    select_record,
    select_records,
)
from babingepet_resources.warehouse.tables import data_checks as table


def put(connection: Connection, evaluations: Sequence[CheckRecord]) -> None:
    """Store evaluations; an older one of the same check never replaces a newer one."""
    # PostgreSQL refuses to update one row twice in a statement.
    latest = {
        (one.name, one.asset, one.partition, one.source): one
        for one in sorted(evaluations, key=lambda one: one.evaluated_at)
    }
    newer = "data_checks.evaluated_at <= excluded.evaluated_at"
    insert_records(connection, table, list(latest.values()), replacing(table, only_where=newer))


def latest(
    connection: Connection, asset: str, name: str, partition: str, source: str
) -> CheckRecord | None:
    """The latest evaluation of one check; None when it never was evaluated."""
    query = select(table).where(
        table.c.asset == asset,
        table.c.name == name,
        table.c.partition == partition,
        table.c.source == source,
    )
    return select_record(connection, query, CheckRecord)


def blocking_failures(connection: Connection, asset_prefix: str) -> list[CheckRecord]:
    """Failed blocking checks of the assets whose key begins so: ``btc/``; newest first."""
    query = select(table).where(
        table.c.asset.startswith(asset_prefix, autoescape=True),
        table.c.blocking.is_(True),
        table.c.passed.is_(False),
    )
    return select_records(connection, query.order_by(table.c.evaluated_at.desc()), CheckRecord)
