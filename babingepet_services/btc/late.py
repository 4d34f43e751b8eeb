"""Minutes that overlap the next one: noticed, and told when it becomes a habit.

A minute that is handed over when a newer one is over is skipped, not queued: its facts are kept, but
nothing is decided on a price that nobody can trade at any more.

Belongs here: when a minute is late, and the two messages. Does not belong here: skipping (``loop``).
"""

from __future__ import annotations

import logging

from babingepet.errors import WarehouseUnavailable
from babingepet.market.intervals import MINUTE, SECOND, iso
from babingepet_resources.clients.feed import CollectedMinute
from babingepet_resources.warehouse import outbox
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import OutboxRecord

log = logging.getLogger(__name__)

TOPIC = "btc.loop_late"
"""Of messages about minutes that take longer than a minute: ``kind`` is fault or recovered."""
IN_A_ROW = 3
"""Late minutes in a row that are told."""


def is_overtaken(minute: CollectedMinute) -> bool:
    """Whether a newer minute was over when this one was collected; never in a market that waits."""
    return minute.clock - minute.as_of >= MINUTE


class Punctuality:
    """Counts minutes that were not done within a minute of their end.

    Attributes:
        in_a_row: Late minutes since the last one on time.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._told: int | None = None
        self.in_a_row = 0

    def done(self, as_of: int, market_now: int, now: int) -> None:
        """A minute was decided or skipped.

        Args:
            as_of: Its end.
            market_now: The exchange's clock; a market that waits stands at ``as_of``.
            now: This machine's clock, UTC ms.
        """
        behind = market_now - as_of
        self.in_a_row = self.in_a_row + 1 if behind >= MINUTE else 0
        if self.in_a_row >= IN_A_ROW and self._told is None:
            detail = f"{self.in_a_row} minutes in a row were done {behind // SECOND} s after their end or later"
            self._told = as_of if self._tell("fault", as_of, as_of, detail, now) else None
        elif self.in_a_row == 0 and self._told is not None:
            detail = "minutes are done in time again"
            self._told = (
                None if self._tell("recovered", self._told, as_of, detail, now) else self._told
            )

    def _tell(self, kind: str, fault: int, as_of: int, detail: str, now: int) -> bool:
        log.warning("%s: %s", iso(as_of), detail)
        payload = {"kind": kind, "tier": 2, "as_of": as_of, "detail": detail, "told_at": iso(now)}
        message = OutboxRecord(TOPIC, f"loop:late:{fault}:{kind}", payload, now)
        try:
            with self._database.writing() as connection:
                outbox.add(connection, [message])
        except WarehouseUnavailable as error:
            log.warning("it could not be told: %s", error)
            return False
        return True
