"""Headlines: each stored once, read by when they were published and by what was known.

What does not belong here: fetching them, and reading them for their tone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields, replace

from sqlalchemy import ColumnElement, Connection, select

from babingepet.errors import InputError
from babingepet.market.context import Headline
from babingepet_resources.warehouse import vetting
from babingepet_resources.warehouse.facts import insert_once
from babingepet_resources.warehouse.records import InsertOutcome, NewsRecord
from babingepet_resources.warehouse.tables import news as table

URL_LIMIT = 2_000
"""Characters of an address; the redirects of news aggregators reach 1,000."""

_IDS_A_QUERY = 500
"""SQLite takes 32,766 values in a statement; a fetch has 100."""

_ADDRESS = re.compile(r"https?://[!-~]+")
"""Addresses are ASCII on the wire; any other scheme (``javascript:``) is an attack on a reader."""


def insert(connection: Connection, batch: Sequence[NewsRecord]) -> InsertOutcome:
    """Store headlines. A stored one never changes; one read for another tone is a conflict.

    Titles and outlets are cleaned (``vetting.clean``); an address that is not plain http or https
    is left out.

    Returns:
        Conflicts count headlines stored before with another polarity, relevance or method.

    Raises:
        InputError: A title is empty, a number is not in its range, a polarity is nobody's, or a
            time or a name is not one; nothing was written.
    """
    records = [vetted(record) for record in batch]
    return insert_once(connection, table, records, compared=("polarity", "relevance", "method"))


def read(
    connection: Connection, market: str, start: int, end: int, *, known_until: int
) -> tuple[Headline, ...]:
    """Headlines with start <= event_time < end that were read for their tone, ascending.

    Args:
        connection: Any connection.
        market: Only headlines filed for it.
        start: UTC ms, included.
        end: UTC ms, excluded.
        known_until: Headlines that became known later are not seen.
    """
    columns = (table.c[name] for name in Headline._fields)
    query = select(*columns).where(*_read(market, start, end, known_until))
    rows = connection.execute(query.order_by(table.c.event_time, table.c.known_at, table.c.id))
    return tuple(Headline(*row) for row in rows)


def filed(connection: Connection, market: str, start: int, end: int) -> list[NewsRecord]:
    """Headlines that became known with start <= known_at < end, in that order, read or not."""
    columns = (table.c[field.name] for field in fields(NewsRecord))
    query = select(*columns).where(
        table.c.market == market, table.c.known_at >= start, table.c.known_at < end
    )
    rows = connection.execute(query.order_by(table.c.known_at, table.c.event_time, table.c.id))
    return [NewsRecord(**row) for row in rows.mappings()]


def stored(connection: Connection, ids: Sequence[str]) -> frozenset[str]:
    """Which headlines are there already, by their ``id``: nobody reads those for their tone again."""
    found: set[str] = set()
    for first in range(0, len(ids), _IDS_A_QUERY):
        query = select(table.c.id).where(table.c.id.in_(ids[first : first + _IDS_A_QUERY]))
        found.update(connection.execute(query).scalars())
    return frozenset(found)


def methods(
    connection: Connection, market: str, start: int, end: int, *, known_until: int
) -> tuple[str, ...]:
    """Who read the headlines that ``read`` gives, in the order of the alphabet."""
    query = select(table.c.method).where(*_read(market, start, end, known_until)).distinct()
    return tuple(sorted(connection.execute(query).scalars()))


def vetted(record: NewsRecord) -> NewsRecord:
    """The headline as ``insert`` stores it, for those who set aside the odd one and keep the rest.

    Raises:
        InputError: As ``insert`` does.
    """
    title = vetting.clean(record.title)
    if not title:
        raise InputError("news: title is empty.")
    if record.polarity is not None and record.method is None:
        raise InputError("news: method is missing; it must say who gave the polarity.")
    return replace(
        record,
        market=vetting.name("news", "market", record.market),
        source=vetting.name("news", "source", record.source),
        method=None if record.method is None else vetting.name("news", "method", record.method),
        outlet=vetting.clean(record.outlet),
        title=title,
        event_time=vetting.time("news", "event_time", record.event_time),
        known_at=vetting.time("news", "known_at", record.known_at),
        url=_address(record.url),
        polarity=_share("polarity", record.polarity, -1.0),
        relevance=_share("relevance", record.relevance, 0.0),
    )


def _read(market: str, start: int, end: int, known_until: int) -> tuple[ColumnElement[bool], ...]:
    return (
        table.c.market == market,
        table.c.event_time >= start,
        table.c.event_time < end,
        table.c.known_at <= known_until,
        table.c.polarity.is_not(None),
        table.c.relevance.is_not(None),
    )


def _share(field: str, value: float | None, low: float) -> float | None:
    return None if value is None else vetting.number("news", field, value, low, 1.0)


def _address(url: str | None) -> str | None:
    if url is None or len(url) > URL_LIMIT or not _ADDRESS.fullmatch(url):
        return None
    return url
