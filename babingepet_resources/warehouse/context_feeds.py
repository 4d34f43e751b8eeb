"""When a context feed was asked, and whether it answered.

Silence and good news look alike in the rows of a feed: no headline is one thing when the feed
answered a minute ago and another when it has been down since yesterday. Every check is kept, so
that a replayed decision finds what was known at its time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Column, ColumnElement, Connection, exists, func, or_, select

from babingepet_resources.warehouse import vetting
from babingepet_resources.warehouse.facts import insert_once
from babingepet_resources.warehouse.records import FeedCheckRecord, InsertOutcome
from babingepet_resources.warehouse.statements import select_record, select_records
from babingepet_resources.warehouse.tables import context_feeds as table
from babingepet_resources.warehouse.tables import etf_flows, news, swarm_verdicts

FEEDS: dict[str, Column[str]] = {
    "etf_flow": etf_flows.c.symbol,
    "news": news.c.market,
    "swarm": swarm_verdicts.c.market,
}
"""Feeds by name, each with the column that says whom its rows concern."""


def note(connection: Connection, checks: Sequence[FeedCheckRecord]) -> InsertOutcome:
    """Store checks. A stored one never changes; one of the same moment and another end conflicts.

    Raises:
        InputError: A time or a name is not one; nothing was written.
    """
    vetted = [
        replace(
            check,
            checked_at=vetting.time("context_feeds", "checked_at", check.checked_at),
            name=vetting.name("context_feeds", "name", check.name),
            market=vetting.name("context_feeds", "market", check.market),
            detail=vetting.clean(check.detail),
        )
        for check in checks
    ]
    return insert_once(connection, table, vetted, compared=("ok",))


def last_ok(connection: Connection, name: str, market: str, *, known_until: int) -> int | None:
    """When the feed last answered, as known at ``known_until``; None when it never had."""
    newest = select(func.max(table.c.checked_at)).where(
        table.c.name == name,
        table.c.market == market,
        table.c.ok.is_(True),
        table.c.checked_at <= known_until,
    )
    checked_at: int | None = connection.execute(newest).scalar_one()
    return checked_at


def latest(
    connection: Connection, name: str, market: str, *, known_until: int
) -> FeedCheckRecord | None:
    """The newest attempt known at ``known_until``, whatever came of it; None when there was none."""
    query = select(table).where(
        table.c.name == name, table.c.market == market, table.c.checked_at <= known_until
    )
    return select_record(connection, query.order_by(table.c.checked_at.desc()), FeedCheckRecord)


def read(
    connection: Connection, name: str, market: str, start: int, end: int
) -> list[FeedCheckRecord]:
    """Attempts with start <= checked_at < end, ascending."""
    query = select(table).where(
        table.c.name == name,
        table.c.market == market,
        table.c.checked_at >= start,
        table.c.checked_at < end,
    )
    return select_records(connection, query.order_by(table.c.checked_at), FeedCheckRecord)


def present(connection: Connection, market: str) -> frozenset[str]:
    """The feeds of ``FEEDS`` that this warehouse has for a market: rows of theirs, or an answer.

    Args:
        connection: Any connection.
        market: Also the symbol under which the flows of its funds are filed: ``BTC``.
    """
    found = [_is_present(name, column, market).label(name) for name, column in FEEDS.items()]
    row = connection.execute(select(*found)).one()
    return frozenset(name for name, there in zip(FEEDS, row, strict=True) if there)


def _is_present(name: str, column: Column[str], market: str) -> ColumnElement[bool]:
    answered = exists().where(table.c.name == name, table.c.market == market, table.c.ok.is_(True))
    return or_(exists().where(column == market), answered)
