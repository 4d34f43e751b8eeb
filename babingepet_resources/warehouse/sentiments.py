"""The tone of headlines as the signal scored it: one row a market, moment and way of reading them.

What belongs here: storing and reading scores. What does not: making them (the engine's signal).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from babingepet.errors import InputError
from babingepet_resources.warehouse import vetting
from babingepet_resources.warehouse.facts import insert_once
from babingepet_resources.warehouse.records import InsertOutcome, SentimentRecord
from babingepet_resources.warehouse.tables import crypto_sentiment as table

_COLUMNS = tuple(column.name for column in table.columns)


def insert(connection: Connection, batch: Sequence[SentimentRecord]) -> InsertOutcome:
    """Store scores. A stored one never changes; one that says otherwise is a conflict.

    Raises:
        InputError: A row has a score and a reason against one, or neither; a number is not in its
            range; it was known before the moment that it is about; or a time or a name is not one.
    """
    vetted = [_vetted(record) for record in batch]
    return insert_once(connection, table, vetted, compared=("score", "reason"))


def latest(connection: Connection, market: str, *, known_until: int) -> SentimentRecord | None:
    """The newest score, or the newest reason for none, known at ``known_until``.

    Of two about one moment the one whose method is later in the alphabet.
    """
    query = (
        select(*(table.c[name] for name in _COLUMNS))
        .where(table.c.market == market, table.c.known_at <= known_until)
        .order_by(table.c.as_of.desc(), table.c.known_at.desc(), table.c.method.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else SentimentRecord(**row)


def read(connection: Connection, market: str, start: int, end: int) -> list[SentimentRecord]:
    """Scores of moments with start <= as_of < end, ascending."""
    query = select(*(table.c[name] for name in _COLUMNS)).where(
        table.c.market == market, table.c.as_of >= start, table.c.as_of < end
    )
    rows = connection.execute(query.order_by(table.c.as_of, table.c.known_at, table.c.method))
    return [SentimentRecord(**row) for row in rows.mappings()]


def _vetted(record: SentimentRecord) -> SentimentRecord:
    as_of = vetting.time("crypto_sentiment", "as_of", record.as_of)
    known_at = vetting.time("crypto_sentiment", "known_at", record.known_at)
    if known_at < as_of:
        raise InputError(f"crypto_sentiment: known_at is {known_at}, before {as_of}.")
    if (record.score is None) == (record.reason is None):
        raise InputError("crypto_sentiment: either a score or a reason for none is needed.")
    return replace(
        record,
        as_of=as_of,
        known_at=known_at,
        market=vetting.name("crypto_sentiment", "market", record.market),
        method=vetting.name("crypto_sentiment", "method", record.method),
        score=_score(record.score),
        reason=None if record.reason is None else vetting.clean(record.reason),
    )


def _score(score: float | None) -> float | None:
    return None if score is None else vetting.number("crypto_sentiment", "score", score, -1.0, 1.0)
