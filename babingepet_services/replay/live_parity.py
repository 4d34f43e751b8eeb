"""A day of live decisions made again from what was captured: how many come out byte for byte.

1. the day's decisions are read in ascending time, and the one before them
2. each is made again from the state it names and from its captured inputs (``replay.cycle``)
3. its state must be the one that the decision before handed on

Belongs here: what a day came to. Does not belong here: finding what was read (``captured``), and
what becomes of a failure (``parity_finding``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from babingepet.compiled import ENGINE_VERSION
from babingepet.errors import InputError, IntegrityBroken
from babingepet.market.intervals import DAY, HOUR, MINUTE, iso
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.exchange.moments import parse_moment
from babingepet_resources.warehouse import history
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import DecisionRecord
from babingepet_services.capture.inputs import Captured
from babingepet_services.replay.cycle import decide_again


@dataclass(frozen=True)
class CycleParity:
    """What came of one decision.

    Attributes:
        cycle_id: The decision.
        open_time: Of its minute, UTC ms.
        undecidable: Why it cannot be made again; None when it was.
        differences: Paths that differ, with both values.
        gone: What of its raw tape retention removed; None when nothing.
    """

    cycle_id: str
    open_time: int
    undecidable: str | None
    differences: tuple[str, ...]
    gone: str | None = None

    @property
    def identical(self) -> bool:
        """Whether every byte of it and of the state after it is the same."""
        return self.undecidable is None and not self.differences

    @property
    def explanation(self) -> tuple[str, ...]:
        """Why it is not identical, in lines; empty when it is."""
        reason = () if self.undecidable is None else (f"cannot be made again: {self.undecidable}",)
        return (*reason, *self.differences)


@dataclass(frozen=True)
class HourParity:
    """What came of the decisions of one hour: ``10:00``, and how many."""

    hour: str
    total: int
    identical: int
    undecidable: int


@dataclass(frozen=True)
class DayParity:
    """What came of a day's decisions.

    Attributes:
        book: The ledger.
        symbol: The instrument.
        source: Where its facts came from.
        day: The UTC day.
        total: Decisions stored of the day.
        identical: Of these, made again byte for byte, the state after them included.
        undecidable: Of these, not to be made again, because what they read is not stored as it was.
        without_raw_tape: Of these, made from the minute as it was reduced, because retention
            removed its raw trades or quotes.
        other_engine: Of these, decided by other engine sources than decided now.
        engine_version: Of the sources that decided now.
        first_difference: The earliest one that is not identical; None when all are.
        hours: The same by hour, only hours with decisions.
    """

    book: str
    symbol: str
    source: str
    day: str
    total: int
    identical: int
    undecidable: int
    without_raw_tape: int
    other_engine: int
    engine_version: str
    first_difference: CycleParity | None
    hours: tuple[HourParity, ...]

    @property
    def share(self) -> float | None:
        """Identical of all, a fraction; None for a day without decisions."""
        return self.identical / self.total if self.total else None

    @property
    def is_complete(self) -> bool:
        """Whether nothing came out otherwise."""
        return self.identical == self.total

    @property
    def sentence(self) -> str:
        """What a check says of it."""
        if not self.total:
            return "no cycle was decided on this day"
        text = f"{self.identical} of {self.total} cycles identical"
        if self.undecidable:
            text += f", {self.undecidable} cannot be made again"
        if self.without_raw_tape:
            text += f", {self.without_raw_tape} without their raw tape, which retention removed"
        if self.other_engine:
            text += f", {self.other_engine} were decided by another engine version"
        if self.first_difference is not None:
            first = self.first_difference
            text += f"; the first that is not: {first.cycle_id}, {first.explanation[0]}"
        return text

    def document(self) -> dict[str, Any]:
        """As JSON values, under the names of the fields; with ``share``."""
        return asdict(self) | {"share": self.share}


def replay_day(
    database: Database,
    book: str,
    symbol: str,
    source: str,
    day: str,
    event_tape: EventTape | None = None,
) -> DayParity:
    """Make the decisions of a day again and compare every byte.

    Args:
        database: The warehouse.
        book: The ledger.
        symbol: The instrument.
        source: Binance, recorded or simulated.
        day: The UTC day, ``2025-05-10``: minutes that begin in it.
        event_tape: Where raw tapes are that left the warehouse; None to look there only.

    Raises:
        InputError: It is not a day.
        TapeUnavailable: The event tape does not answer.
        WarehouseUnavailable: The database.
    """
    start = parse_moment(day, "--day")
    if start % DAY:
        raise InputError(f"--day '{day}' is not a UTC day such as 2025-05-10.")
    with database.reading() as connection:
        records = [
            record
            for record in history.decisions(connection, book, symbol, start + 1, start + DAY + 1)
            if record.source == source
        ]
        before = history.last_decision(connection, book, symbol, source, until=start)
        captured = Captured(connection, start + DAY, event_tape)
        cycles = list(_replay(connection, records, before, captured))
    return DayParity(
        book=book,
        symbol=symbol,
        source=source,
        day=day,
        total=len(cycles),
        identical=_identical(cycles),
        undecidable=_undecidable(cycles),
        without_raw_tape=sum(cycle.gone is not None for cycle in cycles),
        other_engine=sum(record.engine_version != ENGINE_VERSION for record in records),
        engine_version=ENGINE_VERSION,
        first_difference=next((cycle for cycle in cycles if not cycle.identical), None),
        hours=tuple(_by_hour(cycles)),
    )


def _replay(
    connection: Connection,
    records: Sequence[DecisionRecord],
    before: DecisionRecord | None,
    captured: Captured,
) -> Iterator[CycleParity]:
    for record in records:
        reason = gone = None
        differences = tuple(_chain_differences(record, before))
        try:
            replayed = decide_again(connection, record, captured)
            differences, gone = differences + replayed.differences, replayed.gone
        except (IntegrityBroken, InputError) as error:
            reason = str(error)
        yield CycleParity(record.cycle_id, record.as_of - MINUTE, reason, differences, gone)
        before = record


def _chain_differences(record: DecisionRecord, before: DecisionRecord | None) -> Iterator[str]:
    if before is not None and before.state_after_hash != record.state_before_hash:
        yield (
            f"state_before_hash: stored {record.state_before_hash[:12]}, "
            f"{before.cycle_id} handed on {before.state_after_hash[:12]}"
        )


def _by_hour(cycles: Sequence[CycleParity]) -> Iterator[HourParity]:
    for hour in sorted({cycle.open_time // HOUR for cycle in cycles}):
        of_it = [cycle for cycle in cycles if cycle.open_time // HOUR == hour]
        name = iso(hour * HOUR)[11:16]
        yield HourParity(name, len(of_it), _identical(of_it), _undecidable(of_it))


def _identical(cycles: Sequence[CycleParity]) -> int:
    return sum(cycle.identical for cycle in cycles)


def _undecidable(cycles: Sequence[CycleParity]) -> int:
    return sum(cycle.undecidable is not None for cycle in cycles)
