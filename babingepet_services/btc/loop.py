"""The long-lived BTC loop: one owner, a decision a minute, nothing twice, nothing lost.

1. the lease is taken; whoever holds a fresh one keeps it, or hands it over (``tenure``)
2. history and state are loaded for the first minute
3. each complete minute is decided and written under the lease's fence
4. minutes that could not be decided are recorded as missed, not invented; when the market is back,
   history is loaded anew, so that no indicator is computed across a hole that can be filled
5. on a stop the cycle in hand is finished, the sockets closed, the lease released

The loop is an iterator: the command line prints what it yields, Dagster records it.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from babingepet.cycles.btc import require_capability
from babingepet.domain.decision import Decision
from babingepet.errors import LeaseLost, Unavailable, WarehouseUnavailable
from babingepet.market.intervals import HOUR, iso
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.feed import CollectedMinute, MarketEnded, MarketFeed
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.limits import CYCLE, Limits
from babingepet_services.btc import checks as btc_checks
from babingepet_services.btc import missed
from babingepet_services.btc.beside import evaluate_checks, known_beside
from babingepet_services.btc.context import Context
from babingepet_services.btc.cycle import BtcProgram, decide
from babingepet_services.btc.late import Punctuality, is_overtaken
from babingepet_services.btc.memory import BtcMemory
from babingepet_services.btc.missed import MissedMinutes
from babingepet_services.btc.records import MISSED
from babingepet_services.btc.rehearsal import rehearse
from babingepet_services.btc.remembering import Remembering
from babingepet_services.btc.tenure import Tenure
from babingepet_services.btc.writing import DECIDED_BEFORE, CycleWriter, Stopwatch

log = logging.getLogger(__name__)

STALE_AFTER = 90_000
"""Age of a heartbeat, ms of this machine's clock, at which the lease may be taken over."""
HEARTBEAT = 20.0
"""Seconds the loop waits for a minute before it renews the lease without one."""
STUCK = 900.0
"""Seconds without a decision after which the loop makes room for a successor that stands by."""
CHECK_EVERY = 15
"""Decisions between two evaluations of the data checks."""


@dataclass(frozen=True)
class LoopOptions:
    """How one loop runs.

    Attributes:
        owner: Who holds the lease: a run id, a host and process id.
        lease_name: One lease a market.
        max_cycles: Decisions after which the loop ends by itself; None for never.
        heartbeat: Seconds between renewals while no minute comes.
        stale_after: Age of a heartbeat, ms, at which the lease may be taken over.
        limits: Of every transaction but those that load a history.
    """

    owner: str
    lease_name: str = "btc"
    max_cycles: int | None = None
    heartbeat: float = HEARTBEAT
    stale_after: int = STALE_AFTER
    limits: Limits = CYCLE


@dataclass(frozen=True)
class CycleReport:
    """What one minute came to, for whoever watches.

    Attributes:
        as_of: The minute's end.
        decision: None when it could not be decided.
        missed: Why not; None when it was.
        minute: What was collected.
        compute_seconds: From collected facts to the decision.
        record_seconds: Hashing, packing and laying out what is stored.
        commit_seconds: The transaction.
    """

    as_of: int
    decision: Decision | None
    missed: str | None
    minute: CollectedMinute
    compute_seconds: float = 0.0
    record_seconds: float = 0.0
    commit_seconds: float = 0.0


class BtcLoop:
    """One run of the loop over its parts; iterate ``run``."""

    def __init__(
        self,
        feed: MarketFeed,
        database: Database,
        clock: Clock,
        program: BtcProgram,
        options: LoopOptions,
    ) -> None:
        self._feed = feed
        self._for_history = database
        self._database = database.within(options.limits)
        self._clock = clock
        self._program = program
        self._options = options
        self._tenure = Tenure(
            self._database, clock, options.lease_name, options.owner, options.stale_after
        )
        self._writer = CycleWriter(self._database, self._tenure, clock)
        self._missed = MissedMinutes()
        self._late = Punctuality(self._database)
        self._decided = 0
        self._decided_at = clock.monotonic()
        self._remembering = Remembering(feed, database, program, self._tenure.renew)

    def run(self, should_stop: Callable[[], bool] = lambda: False) -> Iterator[CycleReport]:
        """Decide minute after minute until stopped, ended, or replaced.

        Args:
            should_stop: Asked between two minutes.

        Raises:
            LeaseLost: Another loop is alive, or took over; this one wrote nothing since.
            Unavailable: The market or the database does not answer for good.
            ConfigurationError: The market supplies too little of the vote.
        """
        self._tenure.begin()
        gc.disable()  # garbage is collected between cycles: in mid-cycle it costs up to 3 ms
        try:
            self._feed.start()
            self._program = self._program.on_exchange(self._feed)
            require_capability(
                frozenset(self._feed.info.feeds), self._program.settings, self._program.weights
            )
            if self._tenure.is_waiting:
                rehearse(self._feed, self._for_history, self._program)
            if self._tenure.wait(should_stop, is_connected=self._feed.now):
                yield from self._minutes(should_stop)
        finally:
            gc.enable()
            self._feed.stop()
            with suppress(LeaseLost):
                self._write_missed()
            self._tenure.end()

    def ask_handover(self, reason: str) -> None:
        """Ask for a successor, and leave once it has stood by for a whole minute."""
        self._tenure.ask(reason)

    @property
    def successor(self) -> str | None:
        """Who was handed the lease; None as long as nobody was."""
        return self._tenure.handed_to

    def _minutes(self, should_stop: Callable[[], bool]) -> Iterator[CycleReport]:
        after: int | None = None
        while not should_stop() and self._decided != self._options.max_cycles:
            try:
                minute = self._feed.next_minute(after=after, timeout=self._options.heartbeat)
            except MarketEnded:
                log.info("the recording is over")
                return
            if minute is None:
                self._tenure.renew()
                if self._makes_room(decided=False):
                    return
                continue
            after = minute.as_of
            report = self._handle(minute)
            yield report
            # A market that waits is not let go on before its next loop is there.
            if self._makes_room(decided=report.decision is not None):
                return
            self._feed.release(minute.as_of)
            gc.collect(0 if minute.as_of % HOUR else 2)

    def _handle(self, minute: CollectedMinute) -> CycleReport:
        try:
            memory = self._remembering.for_minute(minute)
        except Unavailable as error:
            if self._remembering.memory is None and not isinstance(error, WarehouseUnavailable):
                raise
            report = self._not_decided(minute, f"{missed.NOT_LOADED}: {error}")
        else:
            report = self._one_minute(minute, memory)
        self._late.done(minute.as_of, self._feed.now(), self._clock.now())
        return report

    def _one_minute(self, minute: CollectedMinute, memory: BtcMemory) -> CycleReport:
        if memory.has_decided(minute):
            self._remembering.skip(minute, memory)
            return self._not_decided(minute, DECIDED_BEFORE)
        database = self._database.sharing_a_limit()
        doubt = self._writer.settle(database, memory)
        self._note_missed_before(database, minute, memory)
        context, failed = self._known_beside(database, memory, minute.as_of)
        watch = Stopwatch(self._clock)
        reduced, fresh = self._remembering.extend(minute, memory)
        why_not = doubt or _why_not(minute, memory)
        failed += btc_checks.doubtful(memory.history.minutes(minute.as_of))
        outcome = None if why_not else decide(minute, memory, self._program, context, failed)
        compute_seconds = watch.lap()
        raw_tape = self._writer.pending.collect(
            minute, memory, reduced, fresh, capture_tape=self._program.capture_tape
        )
        pack_seconds = watch.lap()
        if outcome is None:
            return self._not_decided(minute, why_not)
        written = self._writer.write(database, outcome, memory, self._program, raw_tape)
        if written.missed is not None:
            return self._not_decided(minute, written.missed)
        self._decided += 1
        self._decided_at = self._clock.monotonic()
        self._missed.decided()
        return CycleReport(
            minute.as_of,
            outcome[1],
            None,
            minute,
            compute_seconds,
            pack_seconds + written.record_seconds,
            written.commit_seconds,
        )

    def _known_beside(
        self, database: Database, memory: BtcMemory, as_of: int
    ) -> tuple[Context, tuple[str, ...]]:
        """Context, and blocking checks that fail; what cannot be asked forbids entries."""
        if self._decided % CHECK_EVERY == 1:
            try:
                evaluate_checks(database, memory, self._program.book, as_of, self._clock)
            except WarehouseUnavailable as error:
                return Context(), (f"the data checks could not be asked: {error}",)
        return known_beside(database, memory, as_of)

    def _note_missed_before(
        self, database: Database, minute: CollectedMinute, memory: BtcMemory
    ) -> None:
        rows = self._missed.until(
            database, memory.info, memory.last_as_of, minute.as_of, self._clock.now()
        )
        pending = self._writer.pending.gaps
        pending[:] = [*(gap for gap in pending if gap.feed != MISSED), *rows]

    def _not_decided(self, minute: CollectedMinute, reason: str) -> CycleReport:
        log.warning("%s was not decided: %s", iso(minute.as_of), reason)
        if reason != DECIDED_BEFORE:
            self._missed.note(minute.as_of, reason)
        if reason == missed.NO_CANDLE or reason.startswith(missed.NOT_LOADED):
            self._write_missed()
        return CycleReport(minute.as_of, None, reason, minute)

    def _write_missed(self) -> None:
        """Say why nothing is decided while nothing is; what cannot be written waits."""
        if self._missed.are_waiting:
            with suppress(WarehouseUnavailable):
                self._missed.write(
                    self._database, self._tenure.held, self._feed.info, self._clock.now()
                )

    def _makes_room(self, *, decided: bool) -> bool:
        """Pass the lease on to whoever waits for it; True when it is no longer held.

        A minute that was not decided left facts in this loop's memory only: after one it is kept,
        unless nothing was decided for so long that another should try without them.
        """
        is_stuck = self._clock.monotonic() - self._decided_at >= STUCK
        return (decided or is_stuck) and self._tenure.pass_on()


def _why_not(minute: CollectedMinute, memory: BtcMemory) -> str:
    """Why a minute that joined the memory is not decided; nothing when it is."""
    if is_overtaken(minute):
        return missed.LATE
    return "" if memory.history.end == minute.as_of else missed.NO_CANDLE
