"""A cycle in one transaction: the claim, the decision, and all that follows from it.

What belongs here: the order of the writes. What does not: what they contain (the engine), and
anything slow. Hash and compress before; nothing waits for the network inside.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from babingepet.errors import CycleAlreadyDecided, IntegrityBroken
from babingepet_resources.warehouse import (
    blobs,
    candles,
    funding,
    gaps,
    lease,
    open_interest,
    outbox,
    rounds,
    tape,
)
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import (
    CycleOutcome,
    CycleWrite,
    DecisionRecord,
    InsertOutcome,
    Lease,
    MarketFacts,
    PositionRecord,
)
from babingepet_resources.warehouse.statements import insert_records, replacing
from babingepet_resources.warehouse.tables import (
    btc_decisions,
    crypto_ai_reasoning_log,
    crypto_signals,
    crypto_sim_positions,
    cycle_inputs,
    sim_portfolio,
)

_WHILE_OPEN = replacing(crypto_sim_positions, only_where="crypto_sim_positions.status = 'OPEN'")


def commit(database: Database, held: Lease | None, write: CycleWrite, *, now: int) -> CycleOutcome:
    """Write one cycle, whole or not at all.

    Args:
        database: The warehouse.
        held: The lease this cycle is decided under; None for books that only one process can
            write, such as a replay's own.
        write: What the cycle decided, read and learned.
        now: The lease's clock, UTC ms; becomes its heartbeat.

    Raises:
        LeaseLost: Another loop took over; nothing was written.
        CycleAlreadyDecided: The cycle, or its minute, was decided before; nothing was written.
        IntegrityBroken: A row contradicts another: a closed position would change.
        OutcomeUnknown: The connection broke during the commit; all was written, or nothing.
        WarehouseUnavailable: The database; nothing was written.
    """

    def whole_cycle(connection: Connection) -> CycleOutcome:
        if held is not None:
            lease.renew_and_claim(connection, held, now, write.decision.cycle_id)
        _write_decision(connection, write.decision)
        _write_what_was_decided(connection, write)
        return _write_market(connection, write)

    return database.transact(whole_cycle)


def is_written(database: Database, held: Lease, book: str, cycle_id: str, *, now: int) -> bool:
    """Whether a cycle is stored whose commit broke off; waits for it, if it still goes on.

    Raises:
        LeaseLost: Another loop took over; it knows.
        WarehouseUnavailable: The database; nothing is known yet.
    """

    def stored(connection: Connection) -> bool:
        lease.keep(connection, held, now)
        decided = btc_decisions.c
        query = select(decided.cycle_id).where(decided.book == book, decided.cycle_id == cycle_id)
        return connection.execute(query).first() is not None

    return database.transact(stored)


def put_facts(database: Database, held: Lease, facts: MarketFacts, *, now: int) -> CycleOutcome:
    """Write facts that are too many for one cycle, whole or not at all, under the same fence.

    Raises:
        LeaseLost: Another loop took over; nothing was written.
        WarehouseUnavailable: The database.
    """

    def under_the_fence(connection: Connection) -> CycleOutcome:
        lease.keep(connection, held, now)
        return _write_market(connection, facts)

    return database.transact(under_the_fence)


def _write_decision(connection: Connection, decision: DecisionRecord) -> None:
    if insert_records(connection, btc_decisions, [decision]) == 0:
        raise CycleAlreadyDecided(
            f"Cycle {decision.cycle_id} of book {decision.book} was decided before."
        )


def _write_what_was_decided(connection: Connection, write: CycleWrite) -> None:
    insert_records(connection, crypto_signals, write.signals)
    if write.inputs is not None:
        insert_records(connection, cycle_inputs, [write.inputs])
    blobs.put(connection, write.blobs)
    for position in write.positions:
        _write_position(connection, position)
    if write.portfolio is not None:
        insert_records(connection, sim_portfolio, [write.portfolio])
    insert_records(connection, crypto_ai_reasoning_log, write.reasoning)
    gaps.insert(connection, write.gaps)
    outbox.add(connection, write.outbox)
    if write.analysts is not None:
        rounds.write(connection, write.analysts)


def _write_position(connection: Connection, position: PositionRecord) -> None:
    if insert_records(connection, crypto_sim_positions, [position], _WHILE_OPEN) == 0:
        raise IntegrityBroken(
            f"Position {position.position_id} of book {position.book} is closed and cannot change."
        )


def _write_market(connection: Connection, write: MarketFacts) -> CycleOutcome:
    stored = InsertOutcome()
    for batch in write.candles:
        stored += candles.insert(
            connection,
            batch.symbol,
            batch.interval,
            batch.source,
            batch.candles,
            known_at=batch.known_at,
            derived=batch.derived,
        )
    settled = InsertOutcome()
    for rates in write.funding:
        settled += funding.insert(
            connection, rates.symbol, rates.source, rates.rates, known_at=rates.known_at
        )
    for readings in write.open_interest:
        open_interest.insert(
            connection, readings.symbol, readings.source, readings.rows, known_at=readings.known_at
        )
    tape.insert_order_flow(connection, write.order_flow)
    tape.insert_large_prints(connection, write.large_prints)
    tape.insert_order_books(connection, write.order_books)
    return CycleOutcome(stored, settled)
