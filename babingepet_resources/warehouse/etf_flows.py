"""Flows of the exchange-traded funds: every figure that was ever told for a day, with its time.

Vendors revise: the first figure of a day is often partial, since the funds report at different
hours. A revision is a row more; reading at a time takes the newest figure known then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from babingepet.errors import InputError
from babingepet.market.context import EtfFlows
from babingepet.market.intervals import DAY
from babingepet_resources.warehouse import revisions, vetting
from babingepet_resources.warehouse.records import EtfFlowRecord, InsertOutcome
from babingepet_resources.warehouse.tables import etf_flows as table


def insert(connection: Connection, batch: Sequence[EtfFlowRecord]) -> InsertOutcome:
    """Store first figures and revisions; one that its source has told before is already there.

    File batches in the order in which they became known: whether a figure is news is judged by
    what was known before it.

    Returns:
        Revisions count as written. A conflict is another figure of the same source for the same
        day and the same ``known_at``; the stored one stays.

    Raises:
        InputError: A figure is not finite, a day is not at 00:00 UTC or known before it began, or a
            time or a name is not one; nothing was written.
    """
    return revisions.insert(connection, table, [vetted(one) for one in batch], "flow_usd")


def read(
    connection: Connection, symbol: str, *, until: int, known_until: int, limit_days: int
) -> EtfFlows:
    """The newest days before ``until``, ascending, each with the figure known at ``known_until``.

    Args:
        connection: Any connection.
        symbol: The asset.
        until: UTC ms, excluded.
        known_until: Figures that became known later are not seen.
        limit_days: At most so many days.

    Returns:
        One row a day. When several sources tell of a day, the one that spoke last is heard; of two
        that spoke at once, the one later in the alphabet.
    """
    rows = revisions.newest(
        connection,
        table,
        "flow_usd",
        table.c.symbol == symbol,
        until=until,
        known_until=known_until,
        limit_days=limit_days,
    )
    return EtfFlows.from_rows(rows)


def filed(connection: Connection, symbol: str, start: int, end: int) -> list[int]:
    """When figures were told, first ones and revisions: start <= known_at < end, ascending."""
    return revisions.filed(connection, table, table.c.symbol == symbol, start=start, end=end)


def vetted(record: EtfFlowRecord) -> EtfFlowRecord:
    """The figure as ``insert`` stores it, for those who set aside a bad row and keep the rest.

    Raises:
        InputError: As ``insert`` does.
    """
    day = vetting.time("etf_flows", "day", record.day)
    known_at = vetting.time("etf_flows", "known_at", record.known_at)
    if day % DAY:
        raise InputError(f"etf_flows: day is {day}; it must be 00:00 UTC of a day.")
    if known_at < day:
        raise InputError(f"etf_flows: known_at is {known_at}, before the day {day} it tells of.")
    return replace(
        record,
        day=day,
        known_at=known_at,
        symbol=vetting.name("etf_flows", "symbol", record.symbol),
        source=vetting.name("etf_flows", "source", record.source),
        flow_usd=vetting.amount("etf_flows", "flow_usd", record.flow_usd),
    )
