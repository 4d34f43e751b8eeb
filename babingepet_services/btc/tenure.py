"""One loop's hold of the lease: taking it, standing by for it, keeping it, passing it on.

1. a loop that finds the lease free takes it
2. one that finds it held leaves, unless the owner was asked to hand over: then it stands by,
   connected to the market, and says so every second
3. the owner gives the lease to a successor that it saw at the minute before, too: that one has
   heard a whole minute
4. a successor whose owner left or fell silent takes the lease as anyone would

Belongs here: when to do what. Does not belong here: what the row allows
(``babingepet_resources.warehouse.lease``), or minutes (``loop``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

from babingepet.errors import LeaseLost, WarehouseUnavailable
from babingepet.market.intervals import iso
from babingepet_resources.clients.clock import Clock
from babingepet_resources.warehouse import lease
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.lease import SUCCESSOR_STALE_AFTER
from babingepet_resources.warehouse.records import Lease
from babingepet_services.version import code_version

log = logging.getLogger(__name__)

STAND_BY_EVERY = 1.0
"""Seconds between two signs of life of a successor, each an UPDATE of a row; also how long a lease
that was passed on lies with nobody."""


class Tenure:
    """What one loop has to do with the lease.

    Args:
        database: The warehouse.
        clock: This machine's clock.
        name: Of the lease.
        owner: Who this loop is.
        stale_after: Age of a heartbeat, ms, at which the lease may be taken over.

    Attributes:
        handed_to: Who was given the lease; None as long as nobody was.
    """

    def __init__(
        self, database: Database, clock: Clock, name: str, owner: str, stale_after: int
    ) -> None:
        self._database = database
        self._clock = clock
        self._name = name
        self._owner = owner
        self._stale_after = stale_after
        self._held: Lease | None = None
        self._seen: str | None = None
        self.handed_to: str | None = None

    @property
    def held(self) -> Lease:
        """The lease under this loop's fence, as it was when it was taken.

        Raises:
            LeaseLost: It does not hold one.
        """
        if self._held is None:
            raise LeaseLost(f"the lease {self._name} is not held by {self._owner}")
        return self._held

    @property
    def is_waiting(self) -> bool:
        """Whether another loop is to be succeeded, and holds the lease still."""
        return self._held is None

    def begin(self) -> None:
        """Take the lease, or find that there is reason to stand by for it.

        Raises:
            LeaseLost: Another loop is alive, and is not to be replaced by this one.
        """
        if self._take():
            return
        other = self._read()
        if other is None or other.handover_reason is None or self._is_awaited(other):
            raise _alive(other)
        log.info("standing by for %s: %s", other.owner, other.handover_reason)

    def wait(self, should_stop: Callable[[], bool], is_connected: Callable[[], object]) -> bool:
        """Stand by until the lease is held, if it is not.

        Args:
            should_stop: Asked every second.
            is_connected: Raises when the market is gone; called every second.

        Returns:
            Whether it is held; False when told to stop.

        Raises:
            LeaseLost: The owner was replaced by another, or another one stands by.
        """
        while self._held is None:
            if should_stop():
                return False
            is_connected()
            try:
                if self._stands_by():
                    self._clock.sleep(STAND_BY_EVERY)
                elif not self._take():
                    raise _alive(self._read())
            except WarehouseUnavailable as error:
                log.warning("standing by without a word from the warehouse: %s", error)
                self._clock.sleep(STAND_BY_EVERY)
        return True

    def renew(self) -> None:
        """Give a sign of life outside of a cycle; a warehouse that is away is waited for.

        Raises:
            LeaseLost: Another loop took the lease over.
        """
        try:
            lease.renew(self._database, self.held, self._clock.now())
        except WarehouseUnavailable as error:
            log.warning("no heartbeat: %s", error)

    def ask(self, reason: str) -> None:
        """Ask for a successor; this loop goes on until one stands by."""
        with suppress(WarehouseUnavailable):
            if lease.ask_handover(self._database, self._name, self.held.fence, reason):
                log.info("a successor is wanted: %s", reason)

    def pass_on(self) -> bool:
        """Give the lease to a successor that stood by at the last call, too; after a decision.

        Returns:
            Whether it was given away: then nothing may be decided any more.
        """
        seen, self._seen = self._seen, None
        try:
            row = self._read()
            if row is None or not self._is_awaited(row):
                return False
            self._seen = row.successor
            if row.successor is None or row.successor != seen:
                return False
            if not lease.hand_over(self._database, self.held, row.successor, self._clock.now()):
                return False
        except WarehouseUnavailable:
            return False  # the next cycle finds out whether the lease is still held
        log.info("handed over to %s: %s", row.successor, row.handover_reason)
        self._held, self.handed_to = None, row.successor
        return True

    def end(self) -> None:
        """Give the lease back, if it is held; let nobody wait for this loop, if it stands by."""
        with suppress(WarehouseUnavailable):
            if self._held is not None:
                lease.release(self._database, self._held, self._clock.now())
            elif self.handed_to is None:
                lease.withdraw(self._database, self._name, self._owner)

    def _take(self) -> bool:
        self._held = lease.acquire(
            self._database,
            self._name,
            self._owner,
            self._clock.now(),
            self._stale_after,
            code_version(),
        )
        return self._held is not None

    def _stands_by(self) -> bool:
        now = self._clock.now()
        return lease.stand_by(self._database, self._name, self._owner, now, self._stale_after)

    def _read(self) -> Lease | None:
        return lease.read(self._database, self._name)

    def _is_awaited(self, row: Lease) -> bool:
        """Whether a successor gave a sign of life lately."""
        oldest = self._clock.now() - SUCCESSOR_STALE_AFTER
        return row.successor_at is not None and row.successor_at >= oldest


def _alive(other: Lease | None) -> LeaseLost:
    if other is None:
        return LeaseLost("another loop took the lease, which is gone")
    waiting = f"; {other.successor} stands by" if other.successor else ""
    return LeaseLost(
        f"another loop is alive: {other.owner}, heartbeat {iso(other.heartbeat_at)}{waiting}"
    )
