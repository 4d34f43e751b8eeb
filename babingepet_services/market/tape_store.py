"""Raw trades and quotes on their way from the warehouse to the event tape, and off it by age.

1. ``store_tape`` lays the closed hours of a day down, from what the day's decisions captured
2. ``prune_tape`` removes from the warehouse what stands on the tape, byte for byte
3. ... and from the tape what is older than it is kept

The warehouse is the write-ahead log: a raw tape is written there in its decision's transaction and
leaves only when it was found on the tape. Each step may be interrupted and run again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic

import numpy as np
from sqlalchemy import Connection

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, HOUR, MINUTE, day_start
from babingepet_resources.event_tape.frames import (
    Taped,
    TapedQuotes,
    TapedTrades,
    fact_bytes,
    in_order,
    taped_from,
)
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.exchange.moments import parse_moment
from babingepet_resources.warehouse import blobs, history
from babingepet_resources.warehouse.database import Database
from babingepet_services.btc.records import PAPER
from babingepet_services.market.tape_raw import RawMinute, RawTape

Captures = list[tuple[int, dict[str, str]]]
"""as_of of decisions, and content hashes of what each captured, by kind."""

CLOSING = 30 * MINUTE
"""How long after its end an hour is laid down: twice what a starting loop fetches of the past."""

RAW_DAYS = 2
"""Whole days for which the warehouse keeps raw tapes that stand on the event tape too."""


@dataclass
class StoredDay:
    """What came of laying a day down; hours are counted once for trades and once for quotes.

    Attributes:
        day: The UTC day.
        source: Where the facts come from.
        written: Hours that are new on the tape.
        already: Hours that stood on it with the same events.
        conflicts: Hours that stand on it with other events than were captured; kept as they are.
        open: Hours that are not over, or only just.
        uncaptured: Hours of which no decision captured anything, or not everything is there any
            more and the tape never had it.
        rows: Events of the hours that are new.
    """

    day: str
    source: str
    written: int = 0
    already: int = 0
    conflicts: int = 0
    open: int = 0
    uncaptured: int = 0
    rows: int = 0


@dataclass(frozen=True)
class PrunedTape:
    """What was removed.

    Attributes:
        hours: Files of the event tape that were older than it is kept.
        hour_bytes: Their size.
        raw: Raw tapes of decisions, removed from the warehouse.
        raw_bytes: Their size there.
        kept_raw: Raw tapes as old, kept because the event tape does not hold them.
    """

    hours: int = 0
    hour_bytes: int = 0
    raw: int = 0
    raw_bytes: int = 0
    kept_raw: int = 0


def store_tape(
    database: Database, tape: EventTape, symbol: str, source: str, day: str, now: int
) -> StoredDay:
    """Lay the closed hours of a day down on the event tape.

    Args:
        database: The warehouse.
        tape: The event tape.
        symbol: The instrument.
        source: Binance, recorded or simulated.
        day: The UTC day, ``2025-05-10``.
        now: UTC ms; an hour is closed when this or the last decision is half an hour past it.

    Raises:
        InputError: It is not a day.
        TapeUnavailable: The tape cannot be reached or written.
        WarehouseUnavailable: The database.
    """
    start = parse_moment(day, "--day")
    if start % DAY:
        raise InputError(f"--day '{day}' is not a UTC day such as 2025-05-10.")
    report = StoredDay(day, source)
    with database.reading() as connection:
        last = history.last_decision(connection, PAPER, symbol, source)
        reached = max(now, last.as_of if last else 0)
        for hour in range(start, start + DAY, HOUR):
            if hour + HOUR + CLOSING > reached:
                report.open += 2
                continue
            until = hour + HOUR + CLOSING
            captured = list(_captured(connection, symbol, source, hour, until))
            trades = _collected(TapedTrades, connection, captured, hour)
            quotes = _collected(TapedQuotes, connection, captured, hour)
            _store_hour(tape, report, hour, symbol, trades)
            _store_hour(tape, report, hour, symbol, quotes)
    return report


def prune_tape(
    database: Database, tape: EventTape, symbol: str, source: str, kept_days: int
) -> PrunedTape:
    """Remove what is kept twice for long enough, and what is older than it is kept.

    Ages are counted back from the last decision: a recorded or accelerated market has days of its
    own, and a market that stands still loses nothing.

    Args:
        database: The warehouse.
        tape: The event tape.
        symbol: The instrument.
        source: Binance, recorded or simulated.
        kept_days: Days for which the event tape is kept.

    Raises:
        TapeUnavailable: The tape cannot be reached or written; what was removed until then is.
        WarehouseUnavailable: The database.
        IntegrityBroken: A file of the tape is damaged; nothing it should hold was removed.
    """
    with database.reading() as connection:
        last = history.last_decision(connection, PAPER, symbol, source)
    oldest = min(
        (e.hour for e in tape.stored() if (e.symbol, e.source) == (symbol, source)), default=None
    )
    if last is None or oldest is None:
        return PrunedTape()
    raw = RawTape(tape)
    removed = raw_bytes = kept = 0
    for day in range(day_start(oldest), day_start(last.as_of) - RAW_DAYS * DAY, DAY):
        sizes, left = _kept_twice(database, raw, symbol, source, day)
        with database.writing() as connection:
            blobs.remove(connection, list(sizes))
        removed += len(sizes)
        raw_bytes += sum(sizes.values())
        kept += left
    hours = tape.remove_before(symbol, source, last.as_of - kept_days * DAY)
    return PrunedTape(len(hours), sum(entry.size for entry in hours), removed, raw_bytes, kept)


def _captured(
    connection: Connection, symbol: str, source: str, after: int, until: int
) -> Iterator[tuple[int, dict[str, str]]]:
    """Decisions with after < as_of <= until that captured a raw tape: its hashes by name."""
    for stored in history.inputs_between(connection, symbol, source, after + 1, until + 1):
        if stored.manifest["raw_tape"]:
            yield stored.manifest["as_of"], stored.manifest["raw_tape"]


@dataclass(frozen=True)
class _Hour(Generic[Taped]):
    """What was captured of an hour, and of which decisions it is not there any more."""

    rows: Taped
    found: tuple[int, ...]
    lost: tuple[int, ...]


def _collected(
    kind: type[Taped], connection: Connection, captured: Captures, hour: int
) -> _Hour[Taped]:
    contents = {as_of: blobs.get(connection, raw[kind.KIND]) for as_of, raw in captured}
    parts = {
        as_of: taped_from(kind, content, as_of).between(hour, hour + HOUR)
        for as_of, content in contents.items()
        if content is not None
    }
    return _Hour(kind.concat(parts.values()), tuple(parts), tuple(contents.keys() - parts.keys()))


def _store_hour(
    tape: EventTape, report: StoredDay, hour: int, symbol: str, captured: _Hour[Taped]
) -> None:
    rows = captured.rows
    stored = tape.hour(type(rows), symbol, report.source, hour)
    if stored is not None:
        is_same = _holds(stored, rows, captured.found)
        report.already += is_same
        report.conflicts += not is_same
    elif captured.lost or not (len(rows) or _is_within(hour, captured.found)):
        report.uncaptured += 1
    else:
        tape.write_hour(symbol, report.source, hour, rows)
        report.written += 1
        report.rows += len(rows)


def _is_within(hour: int, found: tuple[int, ...]) -> bool:
    """Whether a decision of the hour itself captured something: then it had no events."""
    return any(hour < as_of <= hour + HOUR for as_of in found)


def _holds(stored: Taped, rows: Taped, found: tuple[int, ...]) -> bool:
    """Whether of the decisions whose raw tape is there the tape holds just these rows."""
    of_them = stored.where(np.isin(stored.known_at, np.array(found, np.int64)))
    return fact_bytes(in_order(of_them)) == fact_bytes(in_order(rows))


def _kept_twice(
    database: Database, raw: RawTape, symbol: str, source: str, day: int
) -> tuple[dict[str, int], int]:
    """Sizes of a day's raw tapes that stand on the event tape too, and how many others there are."""
    with database.reading() as connection:
        captured = list(_captured(connection, symbol, source, day, day + DAY))
        digests = [digest for _, names in captured for digest in names.values()]
        sizes = blobs.sizes(connection, digests)
    minutes = [
        RawMinute(name, symbol, source, as_of, digest)
        for as_of, names in captured
        for name, digest in names.items()
        if sizes.get(digest)
    ]
    twice = {minute.digest for minute in minutes if raw.on_tape(minute) is not None}
    return {digest: sizes[digest] for digest in sorted(twice)}, len(minutes) - len(twice)
