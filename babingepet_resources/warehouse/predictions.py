"""What each analyst said, and what became of it: one row an answer about a symbol.

What does not belong here: what they agreed on (``swarm``), what asking cost (``swarm_calls``), how
good they are (the engine). An answer never changes; its outcome is added once and never changes
either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from sqlalchemy import Connection, and_, func, select, update

from babingepet.errors import InputError
from babingepet_resources.warehouse import vetting
from babingepet_resources.warehouse.facts import insert_once
from babingepet_resources.warehouse.records import InsertOutcome, OutcomeRecord, PredictionRecord
from babingepet_resources.warehouse.statements import select_records
from babingepet_resources.warehouse.tables import crypto_ai_predictions as table

_NAME = "crypto_ai_predictions"
_NAMES = ("market", "symbol", "agent", "provider", "state")
_OPTIONAL_NAMES = ("confidence", "model", "prompt_hash", "answer_hash")
_SAID = ("state", "p_up", "confidence", "model", "answer_hash", "horizon_end")
VOTE = "vote"
REASON_LIMIT = 600
"""Characters of a reason: as many as an answer may have."""


def insert(connection: Connection, batch: Sequence[PredictionRecord]) -> InsertOutcome:
    """Store answers. A stored one never changes; one that says otherwise is a conflict.

    Raises:
        InputError: A number is not in its range, something other than a vote has a probability, an
            outcome is given, or a time or a name is not one; nothing was written.
    """
    return insert_once(connection, table, [_vetted(record) for record in batch], compared=_SAID)


def resolve(connection: Connection, outcomes: Sequence[OutcomeRecord]) -> InsertOutcome:
    """Add what became of votes, whoever gave them.

    Returns:
        Rows: ``written`` had no outcome yet; in ``conflicts`` another one is stored, and stays.

    Raises:
        InputError: An outcome is not a number, or is told before its horizon ended.
    """
    total = InsertOutcome()
    for one in map(_vetted_outcome, outcomes):
        mine = and_(
            table.c.market == one.market,
            table.c.as_of == one.as_of,
            table.c.symbol == one.symbol,
            table.c.horizon_end == one.horizon_end,
            table.c.state == VOTE,
        )
        stored = [row.outcome for row in connection.execute(select(table.c.outcome).where(mine))]
        conflicts = sum(value is not None and value != one.outcome for value in stored)
        written = connection.execute(
            update(table)
            .where(mine, table.c.resolved_at.is_(None))
            .values(outcome=one.outcome, resolved_at=one.resolved_at)
        ).rowcount
        total += InsertOutcome(written, len(stored) - written - conflicts, conflicts)
    return total


def unresolved(
    connection: Connection, market: str, *, since: int, until: int
) -> list[PredictionRecord]:
    """Votes with as_of >= ``since`` whose horizon ended by ``until`` without an outcome, in time."""
    query = select(table).where(
        table.c.market == market,
        table.c.as_of >= since,
        table.c.horizon_end <= until,
        table.c.state == VOTE,
        table.c.resolved_at.is_(None),
    )
    order = (table.c.as_of, table.c.symbol, table.c.agent, table.c.provider)
    return select_records(connection, query.order_by(*order), PredictionRecord)


def resolved(
    connection: Connection, market: str, agent: str, provider: str, *, known_until: int, limit: int
) -> list[PredictionRecord]:
    """An agent's newest votes whose answer and outcome were both known at a time, newest first."""
    query = select(table).where(
        table.c.market == market,
        table.c.agent == agent,
        table.c.provider == provider,
        table.c.as_of <= known_until,
        table.c.known_at <= known_until,
        table.c.resolved_at <= known_until,
    )
    newest = query.order_by(table.c.as_of.desc(), table.c.symbol).limit(limit)
    return select_records(connection, newest, PredictionRecord)


def since(connection: Connection, market: str, provider: str, start: int) -> list[PredictionRecord]:
    """Every answer of a provider with as_of >= ``start``, ascending."""
    query = select(table).where(
        table.c.market == market, table.c.provider == provider, table.c.as_of >= start
    )
    order = (table.c.as_of, table.c.symbol, table.c.agent)
    return select_records(connection, query.order_by(*order), PredictionRecord)


def between(connection: Connection, market: str, start: int, end: int) -> list[PredictionRecord]:
    """Every answer with start <= as_of < end, by any provider, ascending."""
    query = select(table).where(
        table.c.market == market, table.c.as_of >= start, table.c.as_of < end
    )
    order = (table.c.as_of, table.c.symbol, table.c.agent, table.c.provider)
    return select_records(connection, query.order_by(*order), PredictionRecord)


def of_round(connection: Connection, market: str, as_of: int) -> list[PredictionRecord]:
    """Every answer of a round, by symbol, agent and provider."""
    query = select(table).where(table.c.market == market, table.c.as_of == as_of)
    order = (table.c.symbol, table.c.agent, table.c.provider)
    return select_records(connection, query.order_by(*order), PredictionRecord)


def page(
    connection: Connection, market: str, *, before: int, rounds: int
) -> list[PredictionRecord]:
    """Every answer of the newest rounds with as_of < ``before``, newest round first.

    Whole rounds, so that a page ends between two and the next begins at its last ``as_of``.
    """
    newest = (
        select(table.c.as_of)
        .where(table.c.market == market, table.c.as_of < before)
        .distinct()
        .order_by(table.c.as_of.desc())
        .limit(rounds)
    )
    first = select(func.min(newest.subquery().c.as_of)).scalar_subquery()
    query = select(table).where(
        table.c.market == market, table.c.as_of < before, table.c.as_of >= first
    )
    order = (table.c.as_of.desc(), table.c.symbol, table.c.agent, table.c.provider)
    return select_records(connection, query.order_by(*order), PredictionRecord)


def _vetted(record: PredictionRecord) -> PredictionRecord:
    as_of, known_at = _time("as_of", record.as_of), _time("known_at", record.known_at)
    if known_at < as_of:
        raise InputError(f"{_NAME}: known_at is {known_at}, before the facts of {as_of}.")
    if (record.state == VOTE) != (record.p_up is not None):
        raise InputError(f"{_NAME}: state is {record.state} and p_up is {record.p_up}.")
    if record.outcome is not None or record.resolved_at is not None:
        raise InputError(
            f"{_NAME}: outcome or resolved_at is given; an answer is stored before it has one."
        )
    for field in _NAMES:
        vetting.name(_NAME, field, getattr(record, field))
    for field in _OPTIONAL_NAMES:
        if (value := getattr(record, field)) is not None:
            vetting.name(_NAME, field, value)
    return replace(
        record,
        as_of=as_of,
        known_at=known_at,
        horizon_end=_time("horizon_end", record.horizon_end),
        p_up=None if record.p_up is None else vetting.number(_NAME, "p_up", record.p_up, 0.0, 1.0),
        reason=vetting.clean(record.reason, REASON_LIMIT),
    )


def _time(field: str, value: int) -> int:
    return vetting.time(_NAME, field, value)


def _vetted_outcome(record: OutcomeRecord) -> OutcomeRecord:
    resolved_at = _time("resolved_at", record.resolved_at)
    if resolved_at < record.horizon_end:
        raise InputError(
            f"{_NAME}: resolved_at is {resolved_at}, before the horizon {record.horizon_end} ended."
        )
    return replace(
        record,
        resolved_at=resolved_at,
        outcome=vetting.number(_NAME, "outcome", record.outcome, -1.0, inf),
    )
