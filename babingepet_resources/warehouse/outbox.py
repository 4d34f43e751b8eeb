"""Messages to deliver: written with the fact they tell of, delivered at least once.

What does not belong here: sending. One sender reads ``pending`` in order, sends, then marks.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select, update

from babingepet_resources.warehouse.records import OutboxRecord
from babingepet_resources.warehouse.statements import (
    insert_records,
    select_record,
    select_records,
)
from babingepet_resources.warehouse.tables import outbox as table


def add(connection: Connection, messages: Sequence[OutboxRecord]) -> int:
    """Store messages; one whose key is stored is not told twice. Returns how many were new."""
    return insert_records(connection, table, messages)


def pending(connection: Connection, limit: int = 100) -> list[OutboxRecord]:
    """Messages not delivered yet, oldest first."""
    query = select(table).where(table.c.delivered_at.is_(None)).order_by(table.c.id).limit(limit)
    return select_records(connection, query, OutboxRecord)


def newest(connection: Connection, topic: str) -> OutboxRecord | None:
    """The newest message of a topic, delivered or not."""
    query = select(table).where(table.c.topic == topic).order_by(table.c.id.desc())
    return select_record(connection, query, OutboxRecord)


def delete_delivered(connection: Connection, before: int) -> int:
    """Delete messages that were delivered before a time, UTC ms; returns how many."""
    return connection.execute(delete(table).where(table.c.delivered_at < before)).rowcount


def mark_delivered(connection: Connection, message_id: int, delivered_at: int) -> None:
    """The message was sent."""
    connection.execute(
        update(table)
        .where(table.c.id == message_id)
        .values(delivered_at=delivered_at, attempts=table.c.attempts + 1)
    )


def mark_failed(connection: Connection, message_id: int) -> None:
    """An attempt to send the message failed; it stays pending."""
    connection.execute(
        update(table).where(table.c.id == message_id).values(attempts=table.c.attempts + 1)
    )
