"""One BTC minute, end to end: facts in memory, decision, one transaction.

1. ``decide``: the engine decides on what the memory holds
2. ``seal``: what it read is named by hash
3. ``prepare``: the decision and the facts that wait become rows
4. ``commit``: one transaction, claimed first; only then does the memory take the new state over

A minute whose transaction fails leaves the state as it was; its facts are written with the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from babingepet.compiled import ENGINE_VERSION
from babingepet.cycles.btc import BASE_BOOK, CycleInputs, WeightBook, run_cycle
from babingepet.cycles.btc_state import dump_state
from babingepet.cycles.btc_values import BtcState
from babingepet.cycles.settings import BtcSettings, with_filters
from babingepet.domain.decision import Decision, canonical_json, sha256
from babingepet.market.intervals import HOUR, minutes_needed_from
from babingepet_resources.clients.feed import CollectedMinute, MarketFeed
from babingepet_resources.warehouse import blobs, cycles
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import (
    BlobRecord,
    CycleInputsRecord,
    CycleWrite,
    DecisionRecord,
    Lease,
    ReasoningRecord,
)
from babingepet_services.btc import records as btc_records
from babingepet_services.btc.context import Context
from babingepet_services.btc.facts import PendingFacts
from babingepet_services.btc.memory import BtcMemory
from babingepet_services.capture.content import row_bytes, tape_digest
from babingepet_services.market.feed_watch import report_record
from babingepet_services.swarm.records import Round, reasoning_record, round_record
from babingepet_services.swarm.values import Analysts
from babingepet_services.version import code_version


@dataclass(frozen=True)
class BtcProgram:
    """What decides, as opposed to what it decides on.

    Attributes:
        book: The ledger that is written.
        settings: Rules of every stage.
        weights: Weights of the vote.
        capture_tape: Whether raw trades and quotes are kept.
        paused: Whether entries are forbidden.
        analysts: Who is heard every twenty minutes; only the embedded ones (``rules``) are asked
            here.
    """

    book: str = btc_records.PAPER
    settings: BtcSettings = field(default_factory=BtcSettings)
    weights: WeightBook = BASE_BOOK
    capture_tape: bool = True
    paused: bool = False
    analysts: Analysts = "rules"

    def on_exchange(self, feed: MarketFeed) -> BtcProgram:
        """The program under the exchange's own limits, where the settings ask for them.

        Raises:
            Unavailable: The exchange does not state them.
        """
        if not self.settings.sizing.exchange_filters:
            return self
        return replace(self, settings=with_filters(self.settings, feed.filters()))

    @cached_property
    def rules(self) -> bytes:
        """Settings and weights as they are stored once, under their hash."""
        return canonical_json({"settings": self.settings.by_name, "weights": asdict(self.weights)})


@dataclass(frozen=True)
class Decided:
    """A decision, the facts it names and the state after it; not written yet.

    Attributes:
        analysts: What the embedded analysts said, when it was time to ask them.
    """

    decision: Decision
    state: BtcState
    inputs: CycleInputsRecord
    blobs: tuple[BlobRecord, ...]
    hashes: dict[str, str]
    analysts: Round | None


def decide(
    minute: CollectedMinute,
    memory: BtcMemory,
    program: BtcProgram,
    context: Context,
    failed_checks: tuple[str, ...],
) -> tuple[CycleInputs, Decision, BtcState]:
    """Make the decision of a minute that joined the memory.

    Raises:
        InputError: No closed candle ends at the minute.
    """
    info = memory.info
    inputs = CycleInputs(
        symbol=info.symbol,
        source=info.source,
        signals=memory.inputs(minute.as_of, context),
        feeds=memory.feeds,
        clock=minute.clock,
        clock_skew=minute.health.clock_skew_ms or 0,
        failed_checks=failed_checks,
        paused=program.paused,
    )
    decision, state = run_cycle(inputs, memory.state, program.settings, program.weights)
    return inputs, decision, state


def seal(
    inputs: CycleInputs,
    decision: Decision,
    state: BtcState,
    memory: BtcMemory,
    program: BtcProgram,
    raw_tape: dict[str, str],
) -> Decided:
    """Name all that the decision read by hash, and pack what is stored by content."""
    named = {
        "before": dump_state(memory.state),
        "after": dump_state(state),
        "rules": program.rules,
    }
    hashes = {name: sha256(content) for name, content in named.items()}
    manifest = _manifest(inputs, memory, raw_tape, hashes)
    inputs_hash = sha256(canonical_json(manifest))
    return Decided(
        decision,
        state,
        CycleInputsRecord(program.book, decision.cycle_id, inputs_hash, manifest),
        tuple(
            blobs.pack(content, inputs.clock)
            for name, content in named.items()
            if hashes[name] not in memory.stored
        ),
        hashes,
        None if memory.analysts is None else memory.analysts.hold(inputs.signals, decision.scores),
    )


def _manifest(
    inputs: CycleInputs,
    memory: BtcMemory,
    raw_tape: dict[str, str],
    hashes: dict[str, str],
) -> dict[str, Any]:
    signals = inputs.signals
    as_of = signals.as_of
    minutes, hours = signals.minutes, memory.hours
    first = int(minutes.open_time[0])
    return {
        "as_of": as_of,
        "clock": inputs.clock,
        "clock_skew": inputs.clock_skew,
        "symbol": inputs.symbol,
        "source": inputs.source,
        "product": memory.info.product,
        "feeds": sorted(inputs.feeds),
        "failed_checks": list(inputs.failed_checks),
        "paused": inputs.paused,
        "rules": hashes["rules"],
        "minutes": {
            "start": minutes_needed_from(as_of),
            "first": first,
            "rows": len(minutes),
            "sha256": memory.digests.digest(minutes_needed_from(as_of)),
        },
        "hours": {
            "start": int(hours.open_time[0]) if len(hours) else as_of,
            "end": first // HOUR * HOUR,
            "rows": len(hours),
            "sha256": memory.hours_hash,
        },
        "funding": {
            "start": int(signals.funding.funding_time[0]) if len(signals.funding) else as_of,
            "rows": len(signals.funding),
            "sha256": sha256(row_bytes(signals.funding)),
        },
        "open_interest": signals.open_interest and list(signals.open_interest),
        "tape": {
            "start": signals.tape[0].open_time if signals.tape else as_of,
            "rows": len(signals.tape),
            "sha256": tape_digest(memory.tape_digests),
        },
        "raw_tape": raw_tape,
        "context": Context(signals.etf_flows, signals.news, signals.consensus).manifest(),
        "state_before": hashes["before"],
    }


def prepare(
    decided: Decided,
    memory: BtcMemory,
    pending: PendingFacts,
    program: BtcProgram,
    lease: Lease,
    now: int,
) -> CycleWrite:
    """All rows of a cycle: the decision's own and the facts that wait."""
    decision, held, book = decided.decision, decided.analysts, program.book
    return CycleWrite(
        decision=_decision_record(decided, program, lease, now),
        signals=btc_records.signal_records(decision, book),
        inputs=decided.inputs,
        blobs=(*decided.blobs, *pending.blobs),
        candles=tuple(pending.candles),
        funding=tuple(pending.funding),
        open_interest=tuple(pending.open_interest),
        order_flow=tuple(pending.order_flow),
        order_books=tuple(pending.order_books),
        large_prints=tuple(pending.large_prints),
        positions=btc_records.position_records(decision, book),
        portfolio=btc_records.portfolio_record(decision, book, memory.peak_with(decision)),
        reasoning=(
            btc_records.reasoning_record(decision, book),
            *_feeds(memory, decision, book),
            *([] if held is None else [reasoning_record(held, book)]),
        ),
        gaps=tuple(pending.gaps),
        outbox=btc_records.outbox_records(decision, book, now),
        analysts=None
        if held is None
        else round_record(held, decision.symbol, decided.inputs.manifest["clock"]),
    )


def _feeds(memory: BtcMemory, decision: Decision, book: str) -> Iterator[ReasoningRecord]:
    report = memory.watch.report(decision.as_of)
    if report is not None:
        yield report_record(report, book, decision.as_of)


def commit(
    write: CycleWrite,
    decided: Decided,
    memory: BtcMemory,
    pending: PendingFacts,
    database: Database,
    lease: Lease,
) -> None:
    """Write a cycle, then let the memory take it over.

    Raises:
        LeaseLost: Another loop owns the market; nothing was written.
        CycleAlreadyDecided: The minute was decided before; nothing was written.
        OutcomeUnknown: Nobody knows yet; the state is as before.
        WarehouseUnavailable: Nothing was written; the state is as before.
    """
    cycles.commit(database, lease, write, now=write.decision.decided_at)
    pending.clear()
    take_over(decided, memory)


def take_over(decided: Decided, memory: BtcMemory) -> None:
    """Let the memory go on from a cycle that is written."""
    memory.watch.written()
    decision = decided.decision
    memory.state, memory.last_as_of = decided.state, decision.as_of
    memory.peak_equity = memory.peak_with(decision)
    memory.stored = set(decided.hashes.values())
    if memory.analysts is not None and decided.analysts is not None:
        memory.analysts.take_over(decided.analysts)


def _decision_record(
    decided: Decided, program: BtcProgram, lease: Lease, now: int
) -> DecisionRecord:
    decision = decided.decision
    payload = decision.canonical()
    return DecisionRecord(
        book=program.book,
        cycle_id=decision.cycle_id,
        symbol=decision.symbol,
        source=decision.source,
        as_of=decision.as_of,
        clock=decided.inputs.manifest["clock"],
        fence=lease.fence,
        owner=lease.owner or "",
        decided_at=now,
        score=decision.score,
        coverage=decision.coverage,
        verdict=decision.verdict,
        votes=decision.votes,
        grade=decision.grade,
        blocked_by=[refusal.gate for refusal in decision.blocked_by],
        position=decision.position,
        payload=payload.decode(),
        decision_hash=sha256(payload),
        inputs_hash=decided.inputs.inputs_hash,
        state_before_hash=decided.hashes["before"],
        state_after_hash=decided.hashes["after"],
        settings_hash=decision.settings_hash,
        weights_version=decision.weights_version,
        engine_version=ENGINE_VERSION,
        code_version=code_version(),
    )
