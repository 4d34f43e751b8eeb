"""A cycle in one transaction: the claim, the decision, and all that follows from it.

What belongs here: the order of the writes. What does not: what they contain (the engine), and
anything slow. Hash and compress before; nothing waits for the network inside.
"""

from __future__ import annotations

from sqlalchemy import Connection

from babingepet.errors import CycleAlreadyDecided, IntegrityBroken
from babingepet_resources.warehouse import (
    blobs,
    candles,
    funding,
    gaps,
    lease,
    open_interest,
    outbox,
    tape,
)
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import (
    CycleOutcome,
    CycleWrite,
    DecisionRecord,
    InsertOutcome,
    Lease,
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
        WarehouseUnavailable: The database; nothing was written.
    """
    with database.writing() as connection:
        if held is not None:
            lease.renew_and_claim(connection, held, now, write.decision.cycle_id)
        _write_decision(connection, write.decision)
        _write_what_was_decided(connection, write)
        return _write_market(connection, write)


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


def _write_position(connection: Connection, position: PositionRecord) -> None:
    if insert_records(connection, crypto_sim_positions, [position], _WHILE_OPEN) == 0:
        raise IntegrityBroken(
            f"Position {position.position_id} of book {position.book} is closed and cannot change."
        )


def _write_market(connection: Connection, write: CycleWrite) -> CycleOutcome:
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
