"""The chronicle of a day or a week from the warehouse's facts.

Belongs here: reading the facts of a period. The words are the engine's.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from sqlalchemy import Connection

from babingepet.errors import InputError
from babingepet.market.intervals import MINUTE, day_start, iso, week_start
from babingepet.memory.chronicles import SPANS, Chronicle, PeriodFacts, Span, write_story
from babingepet_resources.hippocampus.chronicles import ChronicleFilter
from babingepet_resources.hippocampus.records import Stored
from babingepet_resources.hippocampus.store import Hippocampus
from babingepet_resources.warehouse import accounts, history
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import PositionRecord
from babingepet_services.btc.minutes import account_minutes
from babingepet_services.btc.records import PAPER
from babingepet_services.market.gap_ledger import NEVER, Market


def write_chronicle(
    database: Database,
    store: Hippocampus,
    market: Market,
    start: int,
    *,
    now: int,
    kind: Span = "day",
) -> Stored:
    """Write the story of a period that is over; once written it stays.

    Args:
        database: The warehouse.
        store: The memory of the same source.
        market: The instrument, and whose facts.
        start: 00:00 UTC of the day, or of the week's Monday, ms.
        now: The market's clock, UTC ms.
        kind: day or week.

    Raises:
        InputError: The period does not begin there, is not over, or nothing is stored of it and
            of any time before.
        WarehouseUnavailable: The warehouse does not answer.
        MemoryUnavailable: The memory cannot be written; nothing was.
    """
    begins = day_start(start) if kind == "day" else week_start(start)
    if start != begins:
        raise InputError(f"no {kind} begins at {iso(start)}")
    end = start + SPANS[kind]
    if now < end:
        raise InputError(f"the {kind} of {iso(start)} is not over before {iso(end)}")
    with database.reading() as connection:
        facts = period_facts(connection, market, start, end)
    if not has_anything(facts):
        raise InputError(f"nothing is stored of the {kind} of {iso(start)}, nor of what was before")
    return store.store_chronicle(write_story(kind, facts, known_at=now))


def has_anything(facts: PeriodFacts) -> bool:
    """Whether anything is stored of a period, or of an account before it."""
    return facts.equity_before is not None or bool(facts.verdicts or facts.missed)


def kept_chronicle(
    store: Hippocampus, market: Market, start: int, kind: Span = "day"
) -> Chronicle | None:
    """The story of a period as it was written; None when it was not.

    Args:
        store: The memory of the same source.
        market: The instrument, and whose facts.
        start: Beginning of the period, UTC ms.
        kind: day or week.
    """
    found = store.get_chronicles(ChronicleFilter(NEVER, kind, "btc", start, start + 1))
    ours = (one for one in found if (one.symbol, one.source) == (market.symbol, market.source))
    return next(ours, None)


def period_facts(connection: Connection, market: Market, start: int, end: int) -> PeriodFacts:
    """What is stored about the paper book's minutes that begin in [start, end)."""
    symbol, source = market.symbol, market.source
    first, last = start + MINUTE, end + MINUTE  # a decision carries the end of its minute
    verdicts = history.verdicts(connection, PAPER, symbol, source, first, last)
    minutes = account_minutes(connection, market, start, end)
    closed = [
        row
        for row in history.closed_positions(connection, PAPER, start, end)
        if (row.symbol, row.source, row.shadow) == (symbol, source, False)
    ]
    before = accounts.newest_until(connection, PAPER, symbol, source, start)
    after = accounts.newest_until(connection, PAPER, symbol, source, end)
    moved = after is not None and after.as_of > start
    return PeriodFacts(
        symbol=symbol,
        source=source,
        start=start,
        end=end,
        verdicts=Counter(verdicts.values()),
        missed=minutes.reasons,
        unknown=minutes.unknown,
        entries=_opened(connection, market, start, end),
        exits=Counter(row.exit_reason or "NONE" for row in closed),
        wins=sum(_pnl(row) > 0 for row in closed),
        net_pnl=float(sum((_pnl(row) for row in closed), Decimal(0))),
        equity_before=None if before is None else float(before.equity),
        equity_after=float(after.equity) if after is not None and moved else None,
    )


def _pnl(row: PositionRecord) -> Decimal:
    return row.net_pnl or Decimal(0)


def _opened(connection: Connection, market: Market, start: int, end: int) -> int:
    """Positions with start <= entry_time < end, whether they are closed by now or not."""
    return sum(
        (row.symbol, row.source, row.shadow) == (market.symbol, market.source, False)
        for row in history.positions_entered(connection, PAPER, start, end)
    )
