"""The long-lived BTC loop: one owner, a decision a minute, nothing twice, nothing lost.

1. the lease is taken; whoever holds a fresh one keeps it
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
from babingepet.errors import CycleAlreadyDecided, LeaseLost, Unavailable, WarehouseUnavailable
from babingepet.market.intervals import DAY, HOUR, MINUTE, iso, month_start
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.feed import CollectedMinute, MarketEnded, MarketFeed
from babingepet_resources.warehouse import checks, lease
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import Lease
from babingepet_services.btc import checks as btc_checks
from babingepet_services.btc.context import Context, read_context
from babingepet_services.btc.cycle import BtcProgram, commit, decide, prepare, seal
from babingepet_services.btc.facts import PendingFacts
from babingepet_services.btc.load import load_memory
from babingepet_services.btc.memory import BtcMemory
from babingepet_services.btc.records import missed_minutes
from babingepet_services.market import gap_ledger

log = logging.getLogger(__name__)

STALE_AFTER = 90_000
"""Age of a heartbeat, ms of this machine's clock, at which the lease may be taken over."""
HEARTBEAT = 20.0
"""Seconds the loop waits for a minute before it renews the lease without one."""
DECIDED_BEFORE = "decided before"
CHECK_EVERY = 15
"""Decisions between two evaluations of the data checks."""
SETTLED = DAY
"""Age up to which gaps are looked at again for the decisions that they concern, as often."""


@dataclass(frozen=True)
class LoopOptions:
    """How one loop runs.

    Attributes:
        owner: Who holds the lease: a run id, a host and process id.
        lease_name: One lease a market.
        max_cycles: Decisions after which the loop ends by itself; None for never.
        heartbeat: Seconds between renewals while no minute comes.
    """

    owner: str
    lease_name: str = "btc"
    max_cycles: int | None = None
    heartbeat: float = HEARTBEAT


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
        self._database = database
        self._clock = clock
        self._program = program
        self._options = options
        self._pending = PendingFacts()
        self._decided = 0
        self._skipped = False
        self._has_hole = False

    def run(self, should_stop: Callable[[], bool] = lambda: False) -> Iterator[CycleReport]:
        """Decide minute after minute until stopped, ended, or replaced.

        Args:
            should_stop: Asked between two minutes.

        Raises:
            LeaseLost: Another loop is alive, or took over; this one wrote nothing since.
            Unavailable: The market or the database does not answer for good.
            ConfigurationError: The market supplies too little of the vote.
        """
        held = self._take_lease()
        gc.disable()  # garbage is collected between cycles: in mid-cycle it costs up to 3 ms
        try:
            self._feed.start()
            self._program = self._program.on_exchange(self._feed)
            require_capability(
                frozenset(self._feed.info.feeds), self._program.settings, self._program.weights
            )
            yield from self._minutes(held, should_stop)
        finally:
            gc.enable()
            self._feed.stop()
            with suppress(WarehouseUnavailable):
                lease.release(self._database, held, self._clock.now())

    def _take_lease(self) -> Lease:
        name, owner = self._options.lease_name, self._options.owner
        held = lease.acquire(self._database, name, owner, self._clock.now(), STALE_AFTER)
        if held is None:
            other = lease.read(self._database, name)
            since = iso(other.heartbeat_at) if other else "unknown"
            who = other.owner if other else "unknown"
            raise LeaseLost(f"another loop is alive: {who}, heartbeat {since}")
        return held

    def _minutes(self, held: Lease, should_stop: Callable[[], bool]) -> Iterator[CycleReport]:
        memory: BtcMemory | None = None
        after: int | None = None
        while not should_stop() and self._decided != self._options.max_cycles:
            try:
                minute = self._feed.next_minute(after=after, timeout=self._options.heartbeat)
            except MarketEnded:
                log.info("the recording is over")
                return
            if minute is None:
                lease.renew(self._database, held, self._clock.now())
                continue
            after = minute.as_of
            try:
                memory = self._memory_for(minute, memory, held)
            except Unavailable as error:
                if memory is None:
                    raise
                yield self._not_decided(minute, f"the history could not be loaded: {error}")
            else:
                yield self._one_minute(minute, memory, held)
            self._feed.release(minute.as_of)
            gc.collect(0 if minute.as_of % HOUR else 2)

    def _memory_for(
        self, minute: CollectedMinute, memory: BtcMemory | None, held: Lease
    ) -> BtcMemory:
        """The memory, loaded anew where series begin elsewhere: in another month, after a hole.

        Raises:
            Unavailable: It has to be loaded, and cannot be.
        """
        if memory is None or memory.month != month_start(minute.as_of):
            return self._load(minute, held, memory)
        if self._has_hole and memory.last_as_of == minute.as_of - MINUTE:  # no fact waits
            try:
                memory = self._load(minute, held, memory)
            except Unavailable as error:
                log.warning("the hole in the history stays for now: %s", error)
            else:
                self._has_hole = False
        return memory

    def _load(self, minute: CollectedMinute, held: Lease, before: BtcMemory | None) -> BtcMemory:
        memory = load_memory(
            self._feed,
            self._database,
            self._program.book,
            minute.as_of,
            lambda: lease.renew(self._database, held, self._clock.now()),
        )
        if before is not None:
            memory.watch = before.watch
        log.info(
            "loaded %d minutes of history from %s", len(memory.history.minutes(minute.as_of)),
            memory.info.source,
        )  # fmt: skip
        return memory

    def _one_minute(self, minute: CollectedMinute, memory: BtcMemory, held: Lease) -> CycleReport:
        if memory.last_as_of is not None and minute.as_of <= memory.last_as_of:
            memory.skip(minute)
            self._skipped = True
            return self._not_decided(minute, DECIDED_BEFORE)
        if self._skipped:
            memory.read_tape(self._database, minute.as_of - MINUTE)
            self._skipped = False
        self._note_missed_before(minute, memory)
        context, failed = self._known_beside(memory, minute.as_of)
        watch = _Stopwatch(self._clock)
        before = memory.history.end
        reduced, fresh = memory.extend(minute)
        self._has_hole |= bool(len(fresh)) and int(fresh.open_time[0]) > before
        closed = memory.history.end == minute.as_of
        failed += btc_checks.doubtful(memory.history.minutes(minute.as_of))
        outcome = decide(minute, memory, self._program, context, failed) if closed else None
        compute_seconds = watch.lap()
        raw_tape = self._pending.collect(
            minute, memory, reduced, fresh, capture_tape=self._program.capture_tape
        )
        if outcome is None:
            return self._not_decided(minute, "the exchange has no closed candle")
        decided = seal(*outcome, memory, self._program, raw_tape)
        write = prepare(decided, memory, self._pending, self._program, held, self._clock.now())
        record_seconds = watch.lap()
        try:
            commit(write, decided, memory, self._pending, self._database, held)
        except WarehouseUnavailable as error:
            return self._not_decided(minute, f"the decision could not be written: {error}")
        except CycleAlreadyDecided:
            return self._not_decided(minute, DECIDED_BEFORE)
        self._decided += 1
        return CycleReport(
            minute.as_of,
            decided.decision,
            None,
            minute,
            compute_seconds,
            record_seconds,
            watch.lap(),
        )

    def _known_beside(self, memory: BtcMemory, as_of: int) -> tuple[Context, tuple[str, ...]]:
        """Context, and blocking checks that fail; what cannot be asked forbids entries."""
        try:
            if self._decided % CHECK_EVERY == 1:
                self._evaluate_checks(memory, as_of)
            with self._database.reading() as connection:
                failing = btc_checks.failing_now(connection, memory.info.source, as_of)
                return read_context(connection, memory.context_feeds, as_of), failing
        except WarehouseUnavailable as error:
            return Context(), (f"the data checks could not be asked: {error}",)

    def _evaluate_checks(self, memory: BtcMemory, as_of: int) -> None:
        info = memory.info
        until = as_of - MINUTE
        with self._database.reading() as connection:
            day = btc_checks.load_day(
                connection, info.symbol, info.source, self._program.book, until
            )
        with self._database.writing() as connection:
            checks.put(connection, btc_checks.evaluate(day, info.source, self._clock.now()))
            market = gap_ledger.Market(info.symbol, info.source)
            gap_ledger.close_candles(connection, market, as_of - SETTLED, as_of)
            gap_ledger.settle(connection, market, as_of - SETTLED, as_of)

    def _note_missed_before(self, minute: CollectedMinute, memory: BtcMemory) -> None:
        last = memory.last_as_of
        if last is None or minute.as_of <= last + MINUTE:
            return
        reason = "no loop was running" if self._decided == 0 else "the loop did not get the minute"
        gap = missed_minutes(memory.info, last, minute.as_of - MINUTE, reason, self._clock.now())
        known = [g for g in self._pending.gaps if g.feed != gap.feed]
        self._pending.gaps[:] = [*known, gap]

    def _not_decided(self, minute: CollectedMinute, reason: str) -> CycleReport:
        log.warning("%s was not decided: %s", iso(minute.as_of), reason)
        return CycleReport(minute.as_of, None, reason, minute)


class _Stopwatch:
    """Seconds between laps."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = clock.monotonic()

    def lap(self) -> float:
        """Seconds since the lap before."""
        before, self._last = self._last, self._clock.monotonic()
        return self._last - before
