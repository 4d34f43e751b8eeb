"""How long a transaction may take, and who ends it.

What belongs here: the figures, as values that are given to a database. What does not: how they are
enforced (``postgres``, ``sqlite``, ``watchdog``).

The server ends what is slow on its side: a statement, a wait for a lock, a transaction that stands
idle. It cannot end what it never hears of: behind a proxy that accepts and passes nothing on, the
client's system sees a healthy connection for ever. So the whole transaction has a limit of our own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits of one transaction, in seconds.

    Attributes:
        connect: To be connected, and to hear the first answer in a transaction.
        lock: To wait for another writer.
        statement: For the server to run one statement.
        transaction: From asking for a connection to the commit; statements, our own work between
            them and the network, all in all. PostgreSQL only: SQLite waits for nobody but its lock.
    """

    connect: float
    lock: float
    statement: float
    transaction: float


CYCLE = Limits(connect=2, lock=3, statement=4, transaction=5)
"""For what a minute's decision waits for: a cycle has a minute, and its lease 90 s."""

ORDINARY = Limits(connect=5, lock=5, statement=30, transaction=60)
"""For reading, reports and the loading of a history: shorter than a lease lasts."""

PATIENT = Limits(connect=5, lock=60, statement=900, transaction=3600)
"""For migrations, imports and backfills: the longest statement copies a year of minutes."""
