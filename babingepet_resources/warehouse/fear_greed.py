"""The index of fear and greed: every value that was ever told for a day, with its time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from babingepet.errors import InputError
from babingepet.market.intervals import DAY
from babingepet_resources.market_files.fear_greed import HIGHEST, FearGreed
from babingepet_resources.warehouse import revisions, vetting
from babingepet_resources.warehouse.records import FearGreedRecord, InsertOutcome
from babingepet_resources.warehouse.tables import fear_greed as table


def insert(connection: Connection, batch: Sequence[FearGreedRecord]) -> InsertOutcome:
    """Store first values and revisions; one that its source has told before is already there.

    Returns:
        As ``revisions.insert``.

    Raises:
        InputError: A value is not between 0 and 100, a day is not at 00:00 UTC or known before it
            began, or a time or a name is not one; nothing was written.
    """
    return revisions.insert(connection, table, [_vetted(one) for one in batch], "value")


def read(connection: Connection, *, until: int, known_until: int, limit_days: int) -> FearGreed:
    """The newest days before ``until``, ascending, each with the value known at ``known_until``.

    Args:
        connection: Any connection.
        until: UTC ms, excluded.
        known_until: Values that became known later are not seen.
        limit_days: At most so many days.
    """
    rows = revisions.newest(
        connection, table, "value", until=until, known_until=known_until, limit_days=limit_days
    )
    return FearGreed.from_rows(rows)


def filed(connection: Connection, start: int, end: int) -> list[int]:
    """When values were told, first ones and revisions: start <= known_at < end, ascending."""
    return revisions.filed(connection, table, start=start, end=end)


def _vetted(record: FearGreedRecord) -> FearGreedRecord:
    day = vetting.time("fear_greed", "day", record.day)
    known_at = vetting.time("fear_greed", "known_at", record.known_at)
    if day % DAY:
        raise InputError(f"fear_greed: day is {day}; it must be 00:00 UTC of a day.")
    if known_at < day:
        raise InputError(f"fear_greed: known_at is {known_at}, before the day {day} it tells of.")
    return replace(
        record,
        day=day,
        known_at=known_at,
        source=vetting.name("fear_greed", "source", record.source),
        value=vetting.whole("fear_greed", "value", record.value, 0, HIGHEST),
    )
