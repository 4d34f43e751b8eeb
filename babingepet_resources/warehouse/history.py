"""What was decided: decisions, signals, inputs, positions and portfolios, read back.

What does not belong here: writing them (``cycles``, in one transaction).
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from babingepet_resources.warehouse.records import (
    CycleInputsRecord,
    DecisionOutline,
    DecisionRecord,
    PortfolioRecord,
    PositionRecord,
    ReasoningRecord,
    SignalRecord,
)
from babingepet_resources.warehouse.statements import select_record, select_records
from babingepet_resources.warehouse.tables import (
    btc_decisions,
    crypto_ai_reasoning_log,
    crypto_signals,
    crypto_sim_positions,
    cycle_inputs,
    sim_portfolio,
)


def decision(connection: Connection, book: str, cycle_id: str) -> DecisionRecord | None:
    """One decision by its cycle."""
    table = btc_decisions.c
    query = select(btc_decisions).where(table.book == book, table.cycle_id == cycle_id)
    return select_record(connection, query, DecisionRecord)


def last_decision(
    connection: Connection, book: str, symbol: str, source: str, until: int | None = None
) -> DecisionRecord | None:
    """The newest decision about an instrument on facts of this source; with as_of <= ``until``."""
    table = btc_decisions.c
    query = select(btc_decisions).where(
        table.book == book, table.symbol == symbol, table.source == source
    )
    if until is not None:
        query = query.where(table.as_of <= until)
    return select_record(connection, query.order_by(table.as_of.desc()), DecisionRecord)


def decisions(
    connection: Connection, book: str, symbol: str, start: int, end: int, limit: int | None = None
) -> list[DecisionRecord]:
    """Decisions with start <= as_of < end, ascending; with a limit the newest of them."""
    table = btc_decisions.c
    query = select(btc_decisions).where(
        table.book == book, table.symbol == symbol, table.as_of >= start, table.as_of < end
    )
    query = query.order_by(table.as_of.desc()).limit(limit)
    return select_records(connection, query, DecisionRecord)[::-1]


def outlines(
    connection: Connection, book: str, symbol: str, start: int, end: int
) -> list[DecisionOutline]:
    """Decisions with start <= as_of < end without their texts, ascending."""
    table = btc_decisions.c
    query = select(table.cycle_id, table.as_of, table.score, table.coverage, table.verdict).where(
        table.book == book, table.symbol == symbol, table.as_of >= start, table.as_of < end
    )
    return [DecisionOutline(*row) for row in connection.execute(query.order_by(table.as_of))]


def verdicts(
    connection: Connection, book: str, symbol: str, source: str, start: int, end: int
) -> dict[int, str]:
    """Verdicts on facts of this source by the time they were reached, start <= as_of < end."""
    table = btc_decisions.c
    query = select(table.as_of, table.verdict).where(
        table.book == book,
        table.symbol == symbol,
        table.source == source,
        table.as_of >= start,
        table.as_of < end,
    )
    return {row.as_of: row.verdict for row in connection.execute(query)}


def fences(
    connection: Connection, book: str, symbol: str, source: str, start: int, end: int
) -> dict[int, int]:
    """The fence that each decision was made under, by its time, start <= as_of < end."""
    table = btc_decisions.c
    query = select(table.as_of, table.fence).where(
        table.book == book,
        table.symbol == symbol,
        table.source == source,
        table.as_of >= start,
        table.as_of < end,
    )
    return {row.as_of: row.fence for row in connection.execute(query)}


def signals(connection: Connection, book: str, cycle_id: str) -> list[SignalRecord]:
    """All signals of one cycle, by name."""
    table = crypto_signals.c
    query = select(crypto_signals).where(table.book == book, table.cycle_id == cycle_id)
    return select_records(connection, query.order_by(table.signal), SignalRecord)


def inputs(connection: Connection, book: str, cycle_id: str) -> CycleInputsRecord | None:
    """What one cycle read, by content hash."""
    table = cycle_inputs.c
    query = select(cycle_inputs).where(table.book == book, table.cycle_id == cycle_id)
    return select_record(connection, query, CycleInputsRecord)


def inputs_between(
    connection: Connection, symbol: str, source: str, start: int, end: int
) -> list[CycleInputsRecord]:
    """What the cycles of all books with start <= as_of < end read, ascending."""
    table, decided = cycle_inputs.c, btc_decisions.c
    query = (
        select(cycle_inputs)
        .join(btc_decisions, (table.book == decided.book) & (table.cycle_id == decided.cycle_id))
        .where(decided.symbol == symbol, decided.source == source)
        .where(decided.as_of >= start, decided.as_of < end)
        .order_by(decided.as_of, decided.book)
    )
    return select_records(connection, query, CycleInputsRecord)


def reasoning(connection: Connection, book: str, cycle_id: str) -> list[ReasoningRecord]:
    """What one cycle said about itself, by kind."""
    table = crypto_ai_reasoning_log.c
    query = select(crypto_ai_reasoning_log).where(table.book == book, table.cycle_id == cycle_id)
    return select_records(connection, query.order_by(table.kind), ReasoningRecord)


def reasoning_between(
    connection: Connection, book: str, kind: str, first: str, last: str
) -> list[ReasoningRecord]:
    """What the cycles from ``first`` to ``last`` said about themselves of one kind, ascending."""
    table = crypto_ai_reasoning_log.c
    query = select(crypto_ai_reasoning_log).where(
        table.book == book, table.cycle_id.between(first, last), table.kind == kind
    )
    return select_records(connection, query.order_by(table.cycle_id), ReasoningRecord)


def position(connection: Connection, book: str, position_id: str) -> PositionRecord | None:
    """One position by its id."""
    table = crypto_sim_positions.c
    query = select(crypto_sim_positions).where(table.book == book, table.position_id == position_id)
    return select_record(connection, query, PositionRecord)


def open_positions(connection: Connection, book: str) -> list[PositionRecord]:
    """Positions that are open now, oldest first."""
    table = crypto_sim_positions.c
    query = select(crypto_sim_positions).where(table.book == book, table.status == "OPEN")
    return select_records(connection, query.order_by(table.entry_time), PositionRecord)


def closed_positions(
    connection: Connection, book: str, start: int, end: int
) -> list[PositionRecord]:
    """Positions with start <= exit_time < end, in the order they were closed."""
    table = crypto_sim_positions.c
    query = select(crypto_sim_positions).where(
        table.book == book,
        table.status == "CLOSED",
        table.exit_time >= start,
        table.exit_time < end,
    )
    query = query.order_by(table.exit_time, table.position_id)
    return select_records(connection, query, PositionRecord)


def positions_entered(
    connection: Connection, book: str, start: int, end: int
) -> list[PositionRecord]:
    """Positions with start <= entry_time < end, in the order they were opened."""
    table = crypto_sim_positions.c
    query = select(crypto_sim_positions).where(
        table.book == book, table.entry_time >= start, table.entry_time < end
    )
    query = query.order_by(table.entry_time, table.position_id)
    return select_records(connection, query, PositionRecord)


def portfolio(
    connection: Connection, book: str, symbol: str, start: int, end: int
) -> list[PortfolioRecord]:
    """The account after each cycle with start <= as_of < end, ascending."""
    table = sim_portfolio.c
    query = select(sim_portfolio).where(
        table.book == book, table.symbol == symbol, table.as_of >= start, table.as_of < end
    )
    return select_records(connection, query.order_by(table.as_of), PortfolioRecord)


def last_portfolio(
    connection: Connection, book: str, symbol: str, source: str
) -> PortfolioRecord | None:
    """The account after the newest cycle on facts of this source."""
    table = sim_portfolio.c
    query = select(sim_portfolio).where(
        table.book == book, table.symbol == symbol, table.source == source
    )
    return select_record(connection, query.order_by(table.as_of.desc()), PortfolioRecord)
