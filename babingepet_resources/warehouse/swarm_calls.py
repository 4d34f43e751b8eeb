"""The ledger of calls: what asking models was allowed to cost, and what it did cost.

A row is committed before its call is made and settled once after it, so that a program that dies
in between leaves behind what it may have spent. What does not belong here: how much may be spent
(services), the prompts and answers (``blobs``), what an answer means.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Text,
    and_,
    case,
    cast,
    func,
    select,
    update,
)

from babingepet.market.intervals import DAY
from babingepet_resources.warehouse import vetting
from babingepet_resources.warehouse.records import (
    CallEnd,
    CallKey,
    CallRecord,
    SpendRecord,
    Spent,
)
from babingepet_resources.warehouse.statements import insert_records, select_record, select_records
from babingepet_resources.warehouse.tables import swarm_calls as table
from babingepet_resources.warehouse.types import MONEY_PLACES

IN_FLIGHT = "in_flight"
POSSIBLY_BILLED = "possibly_billed"
"""Of a call that nobody saw end: its reservation keeps counting."""
ANSWERED = "answered"

_LONGEST_MONTH = 31 * DAY


def lock(connection: Connection) -> None:
    """Let nobody else reserve or settle until this transaction ends; say it first of all.

    Whoever adds up what is spent and reserves more must be alone: two who do it side by side would
    both find room for the last dollar. On SQLite a writing transaction is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE")


def spent(connection: Connection, market: str, as_of: int, *, day: int, month: int) -> Spent:
    """What is spent or reserved: by one market's round, since ``day`` and since ``month``, UTC ms."""
    mine = select(_total(_COUNTED)).where(table.c.market == market, table.c.as_of == as_of)
    today = case((table.c.started_at >= day, _COUNTED), else_=0)
    of_late = select(_total(today), _total(_COUNTED)).where(table.c.started_at >= min(day, month))
    row = connection.execute(of_late).one()
    return Spent(_usd(connection.execute(mine).scalar_one()), _usd(row[0]), _usd(row[1]))


def next_attempt(connection: Connection, market: str, as_of: int, agent: str) -> int:
    """The number of the agent's next call in a round."""
    query = select(func.max(table.c.attempt)).where(*_asked(market, as_of, agent))
    return int(connection.execute(query).scalar_one() or 0) + 1


def begin(connection: Connection, record: CallRecord) -> None:
    """Write a call that is about to be made.

    Raises:
        InputError: A time, a name or an amount is not one; nothing was written.
    """
    for field in ("market", "agent", "status", "model", "prompt_hash", "sent_hash"):
        vetting.name("swarm_calls", field, getattr(record, field))
    as_of = vetting.time("swarm_calls", "as_of", record.as_of)
    started_at = vetting.time("swarm_calls", "started_at", record.started_at)
    vetted = replace(record, as_of=as_of, started_at=started_at)
    insert_records(connection, table, [vetted])


def settle(connection: Connection, key: CallKey, end: CallEnd) -> bool:
    """Write how a call ended; also of one that was given up in between.

    Returns:
        False when it was settled before: what is stored stays.
    """
    values: dict[str, Any] = {
        **vars(end),
        "status": vetting.name("swarm_calls", "status", end.status),
        "ended_at": vetting.time("swarm_calls", "ended_at", end.ended_at),
        "answered_by": _name(end.answered_by),
        "served_by": _name(end.served_by),
        "detail": vetting.clean(end.detail),
    }
    settled = (
        update(table)
        .where(*_asked(key.market, key.as_of, key.agent))
        .where(table.c.attempt == key.attempt, table.c.status.in_([IN_FLIGHT, POSSIBLY_BILLED]))
        .values(values)
    )
    return connection.execute(settled).rowcount == 1


def abandon(
    connection: Connection, market: str, as_of: int, agents: Collection[str], *, now: int, age: int
) -> int:
    """Give up on calls that nobody can be waiting for any more: they may have been billed.

    Args:
        connection: A writing connection.
        market: Of the round that begins again.
        as_of: Of the round that begins again.
        agents: Who ask in it.
        now: UTC ms.
        age: Of a call of any other round, ms, at which its program must be gone.

    Returns:
        How many there were.
    """
    again = and_(table.c.market == market, table.c.as_of == as_of, table.c.agent.in_(agents))
    # Older ones count against no budget any more, and the years before need not be searched.
    left_behind = table.c.started_at.between(now - _LONGEST_MONTH, now - age)
    return sum(
        connection.execute(
            update(table)
            .where(table.c.status == IN_FLIGHT, which)
            .values(status=POSSIBLY_BILLED, ended_at=now, detail="The program that asked is gone.")
        ).rowcount
        for which in (again, left_behind)
    )


def concluded(
    connection: Connection,
    market: str,
    as_of: int,
    agent: str,
    prompt_hash: str,
    statuses: Collection[str],
) -> CallRecord | None:
    """The call that already brought this agent an end of one of these kinds to the same prompt.

    An answer comes before every other end; of two alike the first.
    """
    order = (case((table.c.status == ANSWERED, 0), else_=1), table.c.attempt)
    query = select(table).where(
        *_asked(market, as_of, agent),
        table.c.prompt_hash == prompt_hash,
        table.c.status.in_(statuses),
    )
    return select_record(connection, query.order_by(*order), CallRecord)


def of_round(connection: Connection, market: str, as_of: int) -> list[CallRecord]:
    """Every call of a round, by agent and attempt."""
    query = select(table).where(table.c.market == market, table.c.as_of == as_of)
    order = (table.c.agent, table.c.attempt)
    return select_records(connection, query.order_by(*order), CallRecord)


def newest_round(connection: Connection, market: str, start: int, end: int) -> int | None:
    """The newest ``as_of`` with start <= as_of < end that somebody asked about."""
    mine = (table.c.market == market, table.c.as_of >= start, table.c.as_of < end)
    newest: int | None = connection.execute(select(func.max(table.c.as_of)).where(*mine)).scalar()
    return newest


def spend(connection: Connection, start: int, end: int) -> list[SpendRecord]:
    """What calls begun in start <= time < end came to, by market, agent and model."""
    group = (table.c.market, table.c.agent, table.c.model)
    unsettled = case((table.c.cost_usd.is_(None), _units(table.c.reserved_usd)), else_=0)
    query = (
        select(
            *group,
            func.count(),
            _total(case((table.c.status == ANSWERED, 1), else_=0)),
            *(_total(table.c[f"{kind}_tokens"]) for kind in ("prompt", "completion", "cached")),
            _total(_units(table.c.cost_usd)),
            _total(unsettled),
        )
        .where(table.c.started_at >= start, table.c.started_at < end)
        .group_by(*group)
        .order_by(*group)
    )
    rows = connection.execute(query)
    return [
        SpendRecord(*row[:3], *map(int, row[3:8]), _usd(row[8]), _usd(row[9]))  # type: ignore[call-arg]
        for row in rows
    ]


def _asked(market: str, as_of: int, agent: str) -> tuple[ColumnElement[bool], ...]:
    return table.c.market == market, table.c.as_of == as_of, table.c.agent == agent


def _name(value: str | None) -> str | None:
    return None if value is None else vetting.clean(value, vetting.NAME_LIMIT) or None


def _units(column: ColumnElement[Any]) -> ColumnElement[int]:
    """An amount as a whole number of hundred-millionths, which both databases add up exactly.

    Stored amounts have all their eight decimal places, as text and as NUMERIC alike.
    """
    return cast(func.replace(cast(column, Text), ".", ""), BigInteger)


_COUNTED = _units(func.coalesce(table.c.cost_usd, table.c.reserved_usd))


def _total(values: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(values), 0)


def _usd(units: int) -> Decimal:
    return Decimal(int(units)).scaleb(-MONEY_PLACES)
