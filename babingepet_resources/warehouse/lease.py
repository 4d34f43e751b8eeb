"""The lease: which loop may decide, and the claim that fences every cycle's transaction.

What belongs here: taking, renewing and giving back one row. What does not: when to try (the loop
and its sensor).

The orchestrator's run status cannot guarantee one loop: after its code server is killed, a run can
read CANCELED while its process still ticks. So each holder has a fence, one higher than the last,
and each cycle's transaction begins with an UPDATE that matches the current fence only. Whoever was
replaced, paused or resumed matches no row and writes nothing.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, text

from babingepet.errors import CycleAlreadyDecided, LeaseLost
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import Lease
from babingepet_resources.warehouse.statements import modify, select_record
from babingepet_resources.warehouse.tables import loop_lease as table

# One statement, so that of two successors who race, the second waits for the first and then finds
# a fresh heartbeat. Both databases speak this dialect of INSERT.
_ACQUIRE = text(
    """
    INSERT INTO loop_lease (name, owner, fence, heartbeat_at, acquired_at)
    VALUES (:name, :owner, 1, :now, :now)
    ON CONFLICT (name) DO UPDATE SET
        owner = excluded.owner,
        fence = loop_lease.fence + 1,
        heartbeat_at = excluded.heartbeat_at,
        acquired_at = excluded.acquired_at,
        released_at = NULL
    WHERE loop_lease.owner IS NULL
        OR loop_lease.released_at IS NOT NULL
        OR loop_lease.heartbeat_at < :stale_before
    RETURNING fence, cycle_id
    """
)

_HELD = "name = ? AND owner = ? AND fence = ? AND released_at IS NULL"

_CLAIM = (
    f"UPDATE loop_lease SET heartbeat_at = ?, cycle_id = ? WHERE {_HELD} "  # noqa: S608 (constants)
    "AND (cycle_id IS NULL OR cycle_id < ?)"
)

_RENEW = f"UPDATE loop_lease SET heartbeat_at = ? WHERE {_HELD}"  # noqa: S608 (constants)

_RELEASE = f"UPDATE loop_lease SET released_at = ? WHERE {_HELD}"  # noqa: S608 (constants)


def acquire(
    database: Database, name: str, owner: str, now: int, stale_after_ms: int
) -> Lease | None:
    """Take the lease when nobody holds it, or its holder's heartbeat is stale.

    Args:
        database: The warehouse.
        name: What the lease is for.
        owner: Who asks: the run's id.
        now: UTC ms.
        stale_after_ms: A heartbeat older than this is nobody's.

    Returns:
        The lease under a new fence, or None while another holder is alive.
    """
    values = {"name": name, "owner": owner, "now": now, "stale_before": now - stale_after_ms}
    with database.writing() as connection:
        row = connection.execute(_ACQUIRE, values).first()
    return None if row is None else Lease(name, owner, row.fence, now, now, row.cycle_id)


def renew_and_claim(connection: Connection, lease: Lease, now: int, cycle_id: str) -> None:
    """Renew the heartbeat and claim a cycle: the first statement of the cycle's transaction.

    Raises:
        LeaseLost: Another holder took the lease over, or it was released.
        CycleAlreadyDecided: The lease is ours, but this cycle or a later one was claimed before.
    """
    if modify(connection, _CLAIM, (now, cycle_id, *_hold(lease), cycle_id)) == 1:
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
    with database.writing() as connection:
        if modify(connection, _RENEW, (now, *_hold(lease))) != 1:
            raise LeaseLost(f"The lease {lease.name} is no longer held by {lease.owner}.")


def release(database: Database, lease: Lease, now: int) -> bool:
    """Give the lease back, so that a successor need not wait; False when it was lost before."""
    with database.writing() as connection:
        return modify(connection, _RELEASE, (now, *_hold(lease))) == 1


def read(database: Database, name: str) -> Lease | None:
    """The lease as it stands, or None when it was never taken."""
    with database.reading() as connection:
        return select_record(connection, select(table).where(table.c.name == name), Lease)


def _hold(lease: Lease) -> tuple[str, str | None, int]:
    return lease.name, lease.owner, lease.fence
