"""Flows of the exchange-traded funds: every figure that was ever told for a day, with its time.

Vendors revise: the first figure of a day is often partial, since the funds report at different
hours. A revision is a row more; reading at a time takes the newest figure known then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, func, select

from babingepet.errors import InputError
from babingepet.market.context import EtfFlows
from babingepet.market.intervals import DAY
from babingepet_resources.warehouse import vetting
from babingepet_resources.warehouse.facts import insert_once
from babingepet_resources.warehouse.records import EtfFlowRecord, InsertOutcome
from babingepet_resources.warehouse.tables import etf_flows as table

_Day = tuple[str, int, str]
"""Symbol, day, source."""


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
    records = sorted(map(vetted, batch), key=lambda record: record.known_at)
    told = _told(connection, records)
    fresh: list[EtfFlowRecord] = []
    for record in records:
        figures = told.setdefault((record.symbol, record.day, record.source), {})
        before = max((time for time in figures if time <= record.known_at), default=None)
        if before is None or figures[before] != record.flow_usd:
            fresh.append(record)
            figures.setdefault(record.known_at, record.flow_usd)
    repeated = InsertOutcome(already_there=len(records) - len(fresh))
    return repeated + insert_once(connection, table, fresh, compared=("flow_usd",))


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
    known = (table.c.symbol == symbol, table.c.day < until, table.c.known_at <= known_until)
    days = select(table.c.day).where(*known).distinct().order_by(table.c.day.desc())
    newest = func.row_number().over(
        partition_by=table.c.day, order_by=(table.c.known_at.desc(), table.c.source.desc())
    )
    ranked = (
        select(table.c.day, table.c.flow_usd, newest.label("rank"))
        .where(*known, table.c.day.in_(days.limit(limit_days)))
        .subquery()
    )
    query = select(ranked.c.day, ranked.c.flow_usd).where(ranked.c.rank == 1)
    rows = connection.execute(query.order_by(ranked.c.day)).all()
    return EtfFlows.from_rows((row.day, row.flow_usd) for row in rows)


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


def _told(connection: Connection, records: Sequence[EtfFlowRecord]) -> dict[_Day, dict[int, float]]:
    """What is stored for the records' days: by day and source, the figure by ``known_at``."""
    days = [record.day for record in records]
    query = select(table).where(
        table.c.symbol.in_({record.symbol for record in records}),
        table.c.day.between(min(days, default=0), max(days, default=0)),
    )
    told: dict[_Day, dict[int, float]] = {}
    for row in connection.execute(query):
        told.setdefault((row.symbol, row.day, row.source), {})[row.known_at] = row.flow_usd
    return told
