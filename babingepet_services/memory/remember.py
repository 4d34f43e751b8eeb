"""What a day in the warehouse leaves behind in the memory; the same day again changes nothing.

1. decisions of the paper book: the first minute of each stretch in which a verdict stood and the
   same gates refused it, and every minute that ordered an entry. A HOLD is no memory: there are up
   to 1,440 a day, and they teach nothing; nor is a minute in which a position was open already,
   since no entry was in question
2. closed positions of the paper book, with the conditions of the decision that ordered them.
   Shadow positions are none of them: nothing was traded

Nothing that was made after the fact is read: times of knowledge are those of the market's clock.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from babingepet.domain.codes import Gate
from babingepet.errors import InputError
from babingepet.market.intervals import DAY, day_start
from babingepet.memory.conditions import Conditions, session_of
from babingepet.memory.engrams import Engram, Outcome
from babingepet.memory.events import decision_engram, trade_engram
from babingepet_resources.hippocampus.store import Hippocampus
from babingepet_resources.warehouse import history
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import DecisionRecord, PositionRecord
from babingepet_services.btc.records import PAPER
from babingepet_services.market.gap_ledger import Market


@dataclass(frozen=True)
class Remembered:
    """What became of a day.

    Attributes:
        engrams: What the day left behind, in the order in which it became known.
        decisions: Decisions that were worth remembering.
        trades: Positions that were closed.
        stored: Of both, those that made an engram of their own.
        reinforced: Those whose words were there already.
        known: Those that were remembered before.
        conflicting: Those of which the memory says something else; it stays.
    """

    engrams: Sequence[Engram]
    decisions: int
    trades: int
    stored: int
    reinforced: int
    known: int
    conflicting: int


def remember_day(
    database: Database, store: Hippocampus, market: Market, day: int, *, now: int
) -> Remembered:
    """Remember one UTC day of the paper book, whole or not at all.

    Args:
        database: The warehouse.
        store: The memory of the same source.
        market: The instrument, and whose facts.
        day: 00:00 UTC, ms. A day that is not over is remembered as far as it came.
        now: UTC ms; when it is written.

    Raises:
        InputError: It is not the beginning of a day.
        WarehouseUnavailable: The warehouse does not answer.
        MemoryUnavailable: The memory cannot be written; nothing was.
    """
    engrams = engrams_of_day(database, market, day)
    kinds = Counter(engram.kind for engram in engrams)
    counts = Counter(done.status for done in store.store_engrams(engrams, now=now))
    return Remembered(
        engrams=engrams,
        decisions=kinds["decision"],
        trades=kinds["trade"],
        stored=counts["stored"],
        reinforced=counts["reinforced"],
        known=counts["known"],
        conflicting=counts["conflicting"],
    )


def engrams_of_day(database: Database, market: Market, day: int) -> list[Engram]:
    """What a UTC day of the paper book is worth remembering for, as it became known.

    A decision belongs to the day in which its minute begins, as in every report of a day.

    Raises:
        InputError: It is not the beginning of a day.
        WarehouseUnavailable: The warehouse does not answer.
    """
    if day != day_start(day):
        raise InputError(f"{day}: not 00:00 UTC of a day, in ms")
    with database.reading() as connection:
        engrams = [*_decisions(connection, market, day), *_trades(connection, market, day)]
    return sorted(engrams, key=lambda one: one.known_at)


def _decisions(connection: Connection, market: Market, day: int) -> Iterator[Engram]:
    first, end = day + 1, day + DAY + 1  # a decision carries the end of its minute
    rows = history.decisions(connection, PAPER, market.symbol, first, end)
    before = history.last_decision(connection, PAPER, market.symbol, market.source, until=day)
    ours = (row for row in rows if row.source == market.source)
    for row, said in memorable(ours, before):
        yield engram_of_decision(row, said)


def engram_of_decision(row: DecisionRecord, said: Mapping[str, Any]) -> Engram:
    """The engram of a stored decision and its payload."""
    return decision_engram(
        fact_id=fact_id(row.book, row.cycle_id),
        symbol=row.symbol,
        source=row.source,
        verdict=row.verdict,
        ordered=said["order"] is not None,
        gates=row.blocked_by,
        conditions=conditions_of_decision(said),
        event_time=row.as_of,
        known_at=max(row.clock, row.as_of),
    )


def memorable(
    rows: Iterable[DecisionRecord], before: DecisionRecord | None
) -> Iterator[tuple[DecisionRecord, Mapping[str, Any]]]:
    """Decisions that are worth remembering, each with its payload.

    Args:
        rows: Ascending.
        before: The one before the first.
    """
    last = None if before is None else _stand(before)
    for row in rows:
        stand = _stand(row)
        was_in_question = row.verdict != "HOLD" and Gate.POSITION_OPEN.name not in row.blocked_by
        if was_in_question and (stand != last or not row.blocked_by):
            said = json.loads(row.payload)
            if row.blocked_by or said["order"] is not None:
                yield row, said
        last = stand


def _stand(row: DecisionRecord) -> tuple[str, tuple[str, ...]]:
    return row.verdict, tuple(row.blocked_by)


def _trades(connection: Connection, market: Market, day: int) -> Iterator[Engram]:
    for row in history.closed_positions(connection, PAPER, day, day + DAY):
        is_ours = (row.symbol, row.source) == (market.symbol, market.source)
        if is_ours and not row.shadow and row.exit_time is not None and row.net_return is not None:
            yield _trade(connection, row, row.exit_time, row.net_return)


def _trade(
    connection: Connection, row: PositionRecord, exit_time: int, net_return: float
) -> Engram:
    ordered = history.decision(connection, row.book, row.entry_cycle_id)
    left = history.decision(connection, row.book, row.exit_cycle_id or "")
    outcome = Outcome(net_return, row.exit_reason or "NONE", row.r_multiple)
    return trade_engram(
        fact_id=fact_id(row.book, row.position_id),
        symbol=row.symbol,
        source=row.source,
        side=row.side,
        entry_time=row.entry_time,
        outcome=outcome,
        conditions=_ordered_under(row, ordered),
        event_time=exit_time,
        known_at=exit_time if left is None else max(left.clock, exit_time),
        payload={
            "entry_price": row.entry_price,
            "exit_price": row.exit_price,
            "net_pnl": None if row.net_pnl is None else str(row.net_pnl),
        },
    )


def _ordered_under(row: PositionRecord, ordered: DecisionRecord | None) -> Conditions:
    """Conditions of the order; of one that is not stored, what the position itself says."""
    if ordered is not None:
        return conditions_of_decision(json.loads(ordered.payload))
    return Conditions(entry_grade=row.grade, session=session_of(row.entry_time))


def conditions_of_decision(said: Mapping[str, Any]) -> Conditions:
    """The five conditions of a decision's payload; what was not measured is None."""
    raw = said["raw"]
    return Conditions(
        vpin_regime=raw.get("vpin", {}).get("level"),
        ofi_pressure=raw.get("ofi_contrarian", {}).get("pressure"),
        entry_grade=said["grade"],
        session=session_of(said["as_of"]),
        regime=said["regime"],
    )


def fact_id(book: str, identifier: str) -> str:
    """Name of a decision or a position in the memory."""
    return f"{book}:{identifier}"
