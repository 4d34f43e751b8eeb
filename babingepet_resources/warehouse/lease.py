"""The lease: which loop may decide, and the claim that fences every cycle's transaction.

What belongs here: taking, renewing, handing over and giving back one row. What does not: when to try
(the loop and its sensor).

The orchestrator's run status cannot guarantee one loop: after its code server is killed, a run can
read CANCELED while its process still ticks. So each holder has a fence, one higher than the last,
and each cycle's transaction begins with an UPDATE that matches the current fence only. Whoever was
replaced, paused or resumed matches no row and writes nothing.

A lease is handed over warm: the successor stands by, connected to the market, until the owner gives
the lease back to it. What is possible when; every change is one statement, and everything else
matches no row and changes nothing:

=========  ==========================================  ============================================
state      the row                                     what can happen next
=========  ==========================================  ============================================
free       no owner, or given back with nobody         anyone takes it, fence + 1 -> held
           standing by, or its heartbeat is stale
held       an owner with a fresh heartbeat             owner claims, renews -> held; anyone asks ->
                                                       asked; owner gives it back -> free
asked      held, and ``handover_reason``               owner claims, renews -> asked; the first to
                                                       stand by -> awaited; owner gives it back ->
                                                       free
awaited    asked, and a fresh ``successor``            as asked; a second successor is refused;
                                                       owner hands over -> passed; successor falls
                                                       silent or withdraws -> asked; owner falls
                                                       silent -> free
passed     given back, and a fresh ``successor``       successor takes it, fence + 1 -> held;
                                                       successor falls silent or withdraws -> free
=========  ==========================================  ============================================

A passed lease has no writer at all until the successor takes it, and only taking raises the fence:
two writers never share one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, text

from babingepet.errors import CycleAlreadyDecided, LeaseLost
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import Lease
from babingepet_resources.warehouse.statements import modify, select_record
from babingepet_resources.warehouse.tables import loop_lease as table

SUCCESSOR_STALE_AFTER = 15_000
"""Age of a successor's sign of life, ms, at which nobody waits for it. It gives one a second, but a
bulk load may hold SQLite's only lock for five."""

# One statement, so that of two successors who race, the second waits for the first and then finds
# a fresh heartbeat. Both databases speak this dialect of INSERT.
_ACQUIRE = text(
    """
    INSERT INTO loop_lease (name, owner, fence, heartbeat_at, acquired_at, code_version)
    VALUES (:name, :owner, 1, :now, :now, :code_version)
    ON CONFLICT (name) DO UPDATE SET
        owner = excluded.owner,
        fence = loop_lease.fence + 1,
        heartbeat_at = excluded.heartbeat_at,
        acquired_at = excluded.acquired_at,
        code_version = excluded.code_version,
        released_at = NULL,
        handover_reason = NULL,
        successor = NULL,
        successor_at = NULL
    WHERE loop_lease.owner IS NULL
        OR loop_lease.heartbeat_at < :stale_before
        OR loop_lease.released_at IS NOT NULL
            AND (loop_lease.successor IS NULL
                OR loop_lease.successor = excluded.owner
                OR loop_lease.successor_at < :successor_stale_before)
    RETURNING fence
    """
)

_HELD = "name = ? AND owner = ? AND fence = ? AND released_at IS NULL"

_CLAIM = (
    "UPDATE loop_lease SET heartbeat_at = ?, decided_at = ?, cycle_id = ? "  # noqa: S608 (constants)
    f"WHERE {_HELD} AND (cycle_id IS NULL OR cycle_id < ?)"
)

_RENEW = f"UPDATE loop_lease SET heartbeat_at = ? WHERE {_HELD}"  # noqa: S608 (constants)

_RELEASE = f"UPDATE loop_lease SET released_at = ? WHERE {_HELD}"  # noqa: S608 (constants)

_HAND_OVER = f"{_RELEASE} AND successor = ? AND successor_at >= ?"

_ASK = (
    "UPDATE loop_lease SET handover_reason = ? WHERE name = ? AND fence = ? "
    "AND released_at IS NULL AND handover_reason IS NULL"
)

_STAND_BY = (
    "UPDATE loop_lease SET successor = ?, successor_at = ? WHERE name = ? AND owner <> ? "
    "AND released_at IS NULL AND heartbeat_at >= ? AND handover_reason IS NOT NULL "
    "AND (successor IS NULL OR successor = ? OR successor_at < ?)"
)

_WITHDRAW = (
    "UPDATE loop_lease SET successor = NULL, successor_at = NULL WHERE name = ? AND successor = ?"
)


def acquire(
    database: Database,
    name: str,
    owner: str,
    now: int,
    stale_after_ms: int,
    code_version: str | None = None,
) -> Lease | None:
    """Take the lease when it is free, or was passed to the one who asks.

    Args:
        database: The warehouse.
        name: What the lease is for.
        owner: Who asks: the run's id.
        now: UTC ms.
        stale_after_ms: A heartbeat older than this is nobody's.
        code_version: Code that the owner runs.

    Returns:
        The lease under a new fence, or None while another holder or its successor is alive.
    """
    values = {
        "name": name, "owner": owner, "now": now, "stale_before": now - stale_after_ms,
        "successor_stale_before": now - SUCCESSOR_STALE_AFTER, "code_version": code_version,
    }  # fmt: skip

    def taken(connection: Connection) -> Lease | None:
        if connection.execute(_ACQUIRE, values).first() is None:
            return None
        return select_record(connection, select(table).where(table.c.name == name), Lease)

    return database.transact(taken)


def renew_and_claim(connection: Connection, lease: Lease, now: int, cycle_id: str) -> None:
    """Renew the heartbeat and claim a cycle: the first statement of the cycle's transaction.

    Raises:
        LeaseLost: Another holder took the lease over, or it was released.
        CycleAlreadyDecided: The lease is ours, but this cycle or a later one was claimed before.
    """
    if modify(connection, _CLAIM, (now, now, cycle_id, *_hold(lease), cycle_id)) == 1:
        return
    current = select_record(connection, select(table).where(table.c.name == lease.name), Lease)
    if current is not None and _hold(current) == _hold(lease) and current.released_at is None:
        raise CycleAlreadyDecided(
            f"Cycle {cycle_id} is not newer than {current.cycle_id}, which was decided before."
        )
    holder = "nobody" if current is None else f"{current.owner} (fence {current.fence})"
    raise LeaseLost(
        f"The lease {lease.name} belongs to {holder}, no longer to {lease.owner} "
        f"(fence {lease.fence})."
    )


def renew(database: Database, lease: Lease, now: int) -> None:
    """Renew the heartbeat outside of a cycle: while warming up, or waiting for a minute.

    Raises:
        LeaseLost: Another holder took the lease over, or it was released.
    """
    database.transact(lambda connection: keep(connection, lease, now))


def keep(connection: Connection, lease: Lease, now: int) -> None:
    """Renew the heartbeat as the first statement of a transaction that the fence must guard.

    Waits for every other transaction under this lease, the one included whose client was cut off
    and which the server still has open.

    Raises:
        LeaseLost: Another holder took the lease over, or it was released.
    """
    if modify(connection, _RENEW, (now, *_hold(lease))) != 1:
        raise LeaseLost(f"The lease {lease.name} is no longer held by {lease.owner}.")


def release(database: Database, lease: Lease, now: int) -> bool:
    """Give the lease back: a successor need not wait; False when it was lost before."""
    return _changed(database, _RELEASE, (now, *_hold(lease)))


def ask_handover(database: Database, name: str, fence: int, reason: str) -> bool:
    """Ask the owner to hand over at the end of a cycle.

    Args:
        database: The warehouse.
        name: Of the lease.
        fence: Of the owner who is meant; the next one is not asked by mistake.
        reason: For people.

    Returns:
        Whether it is asked for now; False when it was before, or that owner is gone.
    """
    return _changed(database, _ASK, (reason, name, fence))


def stand_by(database: Database, name: str, successor: str, now: int, stale_after_ms: int) -> bool:
    """Say that a successor is connected and waits to be handed the lease; again every second.

    Returns:
        Whether it is the one who waits. False when nothing was asked for, another one waits, or
        the lease may be taken: it was given back, or its heartbeat is older than ``stale_after_ms``.
    """
    values = (
        successor, now, name, successor, now - stale_after_ms,
        successor, now - SUCCESSOR_STALE_AFTER,
    )  # fmt: skip
    return _changed(database, _STAND_BY, values)


def withdraw(database: Database, name: str, successor: str) -> bool:
    """Stand by no more, so that nobody waits for this successor; False when it did not."""
    with database.writing() as connection:
        return modify(connection, _WITHDRAW, (name, successor)) == 1


def hand_over(database: Database, lease: Lease, successor: str, now: int) -> bool:
    """Give the lease back to the successor who stands by; nobody else can take it while it lives.

    Returns:
        False when the successor fell silent, or the lease was lost before: nothing changed.
    """
    values = (now, *_hold(lease), successor, now - SUCCESSOR_STALE_AFTER)
    return _changed(database, _HAND_OVER, values)


def read(database: Database, name: str) -> Lease | None:
    """The lease as it stands, or None when it was never taken."""
    with database.reading() as connection:
        return select_record(connection, select(table).where(table.c.name == name), Lease)


def _changed(database: Database, sql: str, values: tuple[Any, ...]) -> bool:
    return database.transact(lambda connection: modify(connection, sql, values)) == 1


def _hold(lease: Lease) -> tuple[str, str | None, int]:
    return lease.name, lease.owner, lease.fence
