"""Verdicts of the analysts: one a market, moment and provider, the newest of which a decision reads.

What does not belong here: asking them, and how old a verdict may be. A round without a quorum is no
verdict: it is a check of the feed ``swarm`` that failed (``context_feeds``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from babingepet.errors import InputError
from babingepet.market.context import Consensus, Verdicts
from babingepet_resources.warehouse import vetting
from babingepet_resources.warehouse.facts import insert_once
from babingepet_resources.warehouse.records import InsertOutcome, VerdictRecord
from babingepet_resources.warehouse.statements import select_records
from babingepet_resources.warehouse.tables import swarm_verdicts as table

ANALYSTS_LIMIT = 1_000
"""Answers that can count in one round; a market has fewer than ten analysts."""

_VERDICT = ("p_up", "agreement", "side", "valid", "degraded")


def insert(connection: Connection, batch: Sequence[VerdictRecord]) -> InsertOutcome:
    """Store verdicts. A stored one never changes; one that says otherwise is a conflict.

    Raises:
        InputError: A number is not in its range, a verdict was known before the facts it read, or a
            time or a name is not one; nothing was written.
    """
    return insert_once(connection, table, [_vetted(record) for record in batch], compared=_VERDICT)


def latest(connection: Connection, market: str, *, known_until: int) -> Consensus | None:
    """The newest verdict known at ``known_until``, by any provider; None when there is none.

    Of two about the same moment the one that became known last; of two known at once, the one
    whose provider is later in the alphabet.
    """
    order = (table.c.as_of.desc(), table.c.known_at.desc(), table.c.provider.desc())
    query = (
        select(*(table.c[name] for name in Consensus._fields))
        .where(table.c.market == market, table.c.known_at <= known_until)
        .order_by(*order)
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else Consensus(*row)


def series(connection: Connection, market: str, start: int, end: int) -> Verdicts:
    """Verdicts with start <= as_of < end, by any provider, ascending.

    Of two about the same moment the one that ``latest`` would read comes last.
    """
    order = (table.c.as_of, table.c.known_at, table.c.provider)
    query = (
        select(*(table.c[name] for name in Verdicts.column_names()))
        .where(table.c.market == market, table.c.as_of >= start, table.c.as_of < end)
        .order_by(*order)
    )
    return Verdicts.from_rows(connection.execute(query).all())


def read(connection: Connection, market: str, start: int, end: int) -> list[VerdictRecord]:
    """Verdicts with start <= as_of < end and what people read of them, ascending."""
    query = select(table).where(
        table.c.market == market, table.c.as_of >= start, table.c.as_of < end
    )
    return select_records(
        connection, query.order_by(table.c.as_of, table.c.provider), VerdictRecord
    )


def detail(
    connection: Connection, market: str, as_of: int, provider: str
) -> Mapping[str, Any] | None:
    """Each analyst's answer behind a verdict, for people; None when there is no such verdict."""
    query = select(table.c.detail).where(
        table.c.market == market, table.c.as_of == as_of, table.c.provider == provider
    )
    found: Mapping[str, Any] | None = connection.execute(query).scalar_one_or_none()
    return found


def _vetted(record: VerdictRecord) -> VerdictRecord:
    as_of = vetting.time("swarm_verdicts", "as_of", record.as_of)
    known_at = vetting.time("swarm_verdicts", "known_at", record.known_at)
    if known_at < as_of:
        raise InputError(f"swarm_verdicts: known_at is {known_at}, before the facts of {as_of}.")
    return replace(
        record,
        as_of=as_of,
        known_at=known_at,
        market=vetting.name("swarm_verdicts", "market", record.market),
        provider=vetting.name("swarm_verdicts", "provider", record.provider),
        p_up=vetting.number("swarm_verdicts", "p_up", record.p_up, 0.0, 1.0),
        side=vetting.whole("swarm_verdicts", "side", record.side, -1, 1),
        valid=vetting.whole("swarm_verdicts", "valid", record.valid, 0, ANALYSTS_LIMIT),
        agreement=vetting.number("swarm_verdicts", "agreement", record.agreement, 0.0, 1.0),
    )
