"""What a loop left behind, read once as the product itself reads it.

Belongs here: reading. Does not belong here: what must hold (``invariants``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from babingepet.market.intervals import MINUTE
from babingepet_resources.warehouse import blobs, candles, gaps, history, outbox
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import (
    DecisionRecord,
    GapRecord,
    Lease,
    OutboxRecord,
    PortfolioRecord,
    PositionRecord,
)
from babingepet_resources.warehouse.statements import select_record
from babingepet_resources.warehouse.tables import loop_lease

EVER = 2**60


@dataclass(frozen=True)
class Stored:
    """What a loop left behind."""

    decisions: Sequence[DecisionRecord]
    accounts: Sequence[PortfolioRecord]
    positions: Sequence[PositionRecord]
    """Real ones, in the order of their entries."""
    missed: Sequence[GapRecord]
    """Of the feed ``decision``."""
    known_at: dict[int, int]
    """When each minute's candle became known, by open time."""
    closes: dict[int, float]
    told: Sequence[OutboxRecord]
    held: Lease | None
    has_last_state: bool


def read(database: Database, name: str, symbol: str) -> Stored:
    """Everything the rules look at, in one snapshot."""
    with database.reading() as connection:
        decisions = history.decisions(connection, "paper", symbol, 0, EVER)
        positions = [
            *history.closed_positions(connection, "paper", 0, EVER),
            *history.open_positions(connection, "paper"),
        ]
        source = decisions[-1].source if decisions else "none"
        start = decisions[0].as_of - MINUTE if decisions else 0
        rows, known_at = candles.read_known(connection, symbol, "1m", source, start, EVER)
        times = rows.open_time.tolist()
        return Stored(
            decisions=decisions,
            accounts=history.portfolio(connection, "paper", symbol, 0, EVER),
            positions=sorted((p for p in positions if not p.shadow), key=lambda p: p.entry_time),
            missed=gaps.read(connection, symbol, 0, EVER, feed="decision"),
            known_at=dict(zip(times, known_at.tolist(), strict=True)),
            closes=dict(zip(times, rows.close.tolist(), strict=True)),
            told=outbox.pending(connection, limit=1_000_000),
            held=select_record(
                connection, select(loop_lease).where(loop_lease.c.name == name), Lease
            ),
            has_last_state=not decisions
            or blobs.get(connection, decisions[-1].state_after_hash) is not None,
        )


def missed_minutes(stored: Stored) -> Counter[int]:
    """How often each minute, by its end, is on record as missed."""
    return Counter(
        time + MINUTE
        for gap in stored.missed
        for time in range(gap.start_time, gap.end_time, MINUTE)
    )
