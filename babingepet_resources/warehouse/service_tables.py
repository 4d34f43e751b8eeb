"""Tables for the programs around a cycle: lease, outbox, checks, and the mark of ownership.

Import them from ``tables``.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, UniqueConstraint, text

from babingepet_resources.warehouse.columns import (
    CLUSTERED,
    count_column,
    flag_column,
    json_column,
    key_column,
    metadata,
    text_column,
    time_column,
)
from babingepet_resources.warehouse.types import ROW_ID

warehouse_meta = Table(
    "warehouse_meta", metadata, key_column("key"), text_column("value"), PrimaryKeyConstraint("key")
)

loop_lease = Table(
    "loop_lease",
    metadata,
    key_column("name"),
    key_column("owner", null=True),
    count_column("fence"),
    time_column("heartbeat_at"),
    time_column("acquired_at"),
    key_column("cycle_id", null=True),
    time_column("released_at", null=True),
    time_column("decided_at", null=True),
    key_column("code_version", null=True),
    text_column("handover_reason", null=True),
    key_column("successor", null=True),
    time_column("successor_at", null=True),
    PrimaryKeyConstraint("name"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", ROW_ID, autoincrement=True),
    key_column("topic"),
    key_column("key"),
    json_column("payload"),
    time_column("created_at"),
    time_column("delivered_at", null=True),
    count_column("attempts"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("key"),
    Index(
        "outbox_pending_idx",
        "id",
        sqlite_where=text("delivered_at IS NULL"),
        postgresql_where=text("delivered_at IS NULL"),
    ),
)

data_checks = Table(
    "data_checks",
    metadata,
    key_column("name"),
    key_column("asset"),
    key_column("partition"),
    key_column("source"),
    flag_column("passed"),
    flag_column("blocking"),
    key_column("severity"),
    text_column("detail"),
    time_column("evaluated_at"),
    PrimaryKeyConstraint("name", "asset", "partition", "source"),
    **CLUSTERED,
)
