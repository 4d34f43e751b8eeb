"""What the loop writes, and what it does when the database does not answer.

1. facts that are too many for one cycle are written by themselves, under the same fence
2. a cycle is one transaction; when it fails its facts wait for the next
3. when the connection broke in the commit, nobody knows whether it was written: nothing is decided
   until the database has said so, because the next decision begins with the state of this one

Belongs here: the order of writing and what is kept meanwhile. Does not belong here: how a cycle is
made (``cycle``), and the transactions (``babingepet_resources.warehouse.cycles``).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from babingepet.cycles.btc import CycleInputs
from babingepet.cycles.btc_values import BtcState
from babingepet.domain.decision import Decision
from babingepet.errors import CycleAlreadyDecided, OutcomeUnknown, WarehouseUnavailable
from babingepet_resources.clients.clock import Clock
from babingepet_resources.warehouse import cycles
from babingepet_resources.warehouse.database import Database
from babingepet_services.btc.cycle import BtcProgram, Decided, commit, prepare, seal, take_over
from babingepet_services.btc.facts import PendingFacts
from babingepet_services.btc.memory import BtcMemory
from babingepet_services.btc.missed import IN_DOUBT
from babingepet_services.btc.tenure import Tenure

log = logging.getLogger(__name__)

DECIDED_BEFORE = "decided before"


class Stopwatch:
    """Seconds between laps."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = clock.monotonic()

    def lap(self) -> float:
        """Seconds since the lap before."""
        before, self._last = self._last, self._clock.monotonic()
        return self._last - before


@dataclass(frozen=True)
class Written:
    """What became of a cycle.

    Attributes:
        missed: Why it is not written; None when it is.
        record_seconds: Hashing and laying out what is stored.
        commit_seconds: The transaction.
    """

    missed: str | None
    record_seconds: float = 0.0
    commit_seconds: float = 0.0


class CycleWriter:
    """Writes the cycles of one loop.

    Args:
        database: The warehouse, under the limits of a cycle.
        tenure: Holds the lease.
        clock: This machine's clock.

    Attributes:
        pending: Facts that wait to be written.
    """

    def __init__(self, database: Database, tenure: Tenure, clock: Clock) -> None:
        self._database = database
        self._tenure = tenure
        self._clock = clock
        self._doubtful: tuple[Decided, str] | None = None
        self.pending = PendingFacts()

    def settle(self, database: Database, memory: BtcMemory) -> str | None:
        """Find out what became of a commit that broke off.

        Returns:
            Why nothing may be decided yet; None when it may.

        Raises:
            LeaseLost: Another loop owns the market now.
        """
        if self._doubtful is None:
            return None
        decided, book = self._doubtful
        cycle_id, held = decided.decision.cycle_id, self._tenure.held
        try:
            is_written = cycles.is_written(database, held, book, cycle_id, now=self._clock.now())
        except WarehouseUnavailable as error:
            return f"whether {cycle_id} was written is not known yet: {error}"
        if is_written:
            log.info("%s was written after all", cycle_id)
            take_over(decided, memory)
        self._doubtful = None
        return None

    def write(
        self,
        database: Database,
        outcome: tuple[CycleInputs, Decision, BtcState],
        memory: BtcMemory,
        program: BtcProgram,
        raw_tape: dict[str, str],
    ) -> Written:
        """Write a cycle with the facts that wait.

        Args:
            database: With what is left of the minute's time.
            outcome: What was decided.
            memory: Takes the new state over once it is written.
            program: What decided.
            raw_tape: Hashes of the captured tape, by name.

        Raises:
            LeaseLost: Another loop owns the market now; nothing was written.
        """
        watch = Stopwatch(self._clock)
        held = self._tenure.held
        decided = seal(*outcome, memory, program, raw_tape)
        try:
            database = self._write_backlog(database)
            write = prepare(decided, memory, self.pending, program, held, self._clock.now())
            record_seconds = watch.lap()
            commit(write, decided, memory, self.pending, database, held)
        except OutcomeUnknown as error:
            self._doubtful = decided, program.book
            return Written(f"{IN_DOUBT}: {error}")
        except WarehouseUnavailable as error:
            return Written(f"the decision could not be written: {error}")
        except CycleAlreadyDecided:
            return Written(DECIDED_BEFORE)
        return Written(None, record_seconds, watch.lap())

    def _write_backlog(self, database: Database) -> Database:
        """Write all but what fits into a cycle; returns a database with time left for the cycle."""
        while (portion := self.pending.portion()) is not None:
            cycles.put_facts(database, self._tenure.held, portion, now=self._clock.now())
            self.pending.forget(portion)
            database = self._database.sharing_a_limit()  # it works: the next has its own time
        return database
