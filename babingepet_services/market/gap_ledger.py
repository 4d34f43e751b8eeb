"""The ledger of gaps: what was seen missing, what was repaired from where, and whom it concerned.

Belongs here: which decisions a gap concerns, and how a hole gets into the ledger and out of it.
Does not belong here: finding holes and fetching (``backfill``), and the rows (``warehouse.gaps``).

A decision is concerned when it was made while the gap was open and the gap lay in the window that
it read: for candles that of ``minutes_needed_from``, for settlements the days that are loaded, for
all else the minutes of the tape. A repair changes nothing for a decision that was made: what it
read is told apart by when each row became known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from babingepet.market.intervals import DAY, MINUTE, minutes_needed_from, month_start
from babingepet.signals.inputs import TAPE_MINUTES
from babingepet_resources.warehouse import candles, gaps
from babingepet_resources.warehouse.records import GapRecord
from babingepet_services.btc.memory import FUNDING_DAYS
from babingepet_services.btc.records import PAPER

DECISION = "decision"
"""The feed of minutes that nobody decided: what it concerns was counted when it was noted."""
TAPE_WINDOW = TAPE_MINUTES * MINUTE
NEVER = 2**62

Span = tuple[int, int]
"""Start and end of a stretch of time, UTC ms; the end is excluded."""


@dataclass(frozen=True)
class Market:
    """Whose facts are meant: an instrument and where its facts come from."""

    symbol: str
    source: str


def window_start(feed: str, as_of: int) -> int:
    """The first moment of a feed that a decision at ``as_of`` read."""
    if feed == "candles":
        return minutes_needed_from(as_of)
    return as_of - (FUNDING_DAYS * DAY if feed == "funding" else TAPE_WINDOW)


def reads(gap: GapRecord, as_of: int) -> bool:
    """Whether a decision at ``as_of`` was concerned: the gap was open, and in its window."""
    return gap.start_time < as_of < _last_reader(gap)


def count_affected(connection: Connection, gap: GapRecord) -> int:
    """Decisions of the paper book that a gap concerns; of minutes not decided what was noted."""
    if gap.feed == DECISION:
        return gap.cycles_affected
    until = _last_reader(gap)
    if until <= gap.start_time:
        return 0
    return gaps.decisions_between(connection, PAPER, gap.symbol, gap.source, gap.start_time, until)


def settle(connection: Connection, market: Market, start: int, end: int) -> None:
    """Bring the number of decisions up to date in the gaps that meet [start, end)."""
    for gap in gaps.read(connection, market.symbol, start, end, source=market.source):
        found = count_affected(connection, gap)
        if found != gap.cycles_affected and gap.id is not None:
            gaps.set_affected(connection, gap.id, found)


def note_repaired(
    connection: Connection,
    market: Market,
    feed: str,
    filled: Sequence[Span],
    *,
    seen_at: int,
    repaired_at: int,
    origin: str,
) -> int:
    """Note holes that were filled just now; those that were noted before belong to their own row.

    Returns:
        How many rows are new.
    """
    rows = [
        GapRecord(
            symbol=market.symbol,
            feed=feed,
            start_time=start,
            end_time=end,
            reason="nothing was stored",
            source=market.source,
            detected_at=seen_at,
            repaired_at=repaired_at,
            repaired_from=origin,
        )
        for start, end in _unnoted(connection, market, feed, filled)
    ]
    return gaps.insert(connection, [_counted(connection, row) for row in rows])


def note_open(
    connection: Connection,
    market: Market,
    feed: str,
    holes: Iterable[tuple[Span, str]],
    seen_at: int,
) -> int:
    """Note holes that nobody could fill, each with the reason; returns how many rows are new."""
    rows = [
        GapRecord(market.symbol, feed, start, end, reason, market.source, seen_at)
        for hole, reason in holes
        for start, end in _unnoted(connection, market, feed, [hole])
    ]
    return gaps.insert(connection, [_counted(connection, row) for row in rows])


def close(
    connection: Connection,
    market: Market,
    feed: str,
    filled: Sequence[Span],
    is_whole: Callable[[Span], bool],
    *,
    repaired_at: int,
    origin: str,
) -> int:
    """Mark the open gaps repaired that were filled in the last place; returns how many.

    Args:
        connection: A writing connection.
        market: Whose facts.
        feed: Which of the feeds.
        filled: Stretches that were filled just now.
        is_whole: Whether nothing is missing any more between two moments.
        repaired_at: UTC ms.
        origin: Where the rows came from: ``archive`` or ``rest``.
    """
    whole = [
        gap
        for gap in _open(connection, market, feed, filled)
        if is_whole((gap.start_time, gap.end_time))
    ]
    for gap in whole:
        _repair(connection, gap, repaired_at, origin)
    return len(whole)


def close_candles(connection: Connection, market: Market, start: int, end: int) -> None:
    """Mark gaps of candles repaired whose minutes a loop fetched when it loaded anew.

    They were repaired when the last of the minutes became known.
    """
    for gap in _open(connection, market, "candles", [(start, end)]):
        span = (gap.start_time, gap.end_time)
        rows, known_at = candles.read_known(connection, market.symbol, "1m", market.source, *span)
        if len(rows) * MINUTE == gap.end_time - gap.start_time:
            _repair(connection, gap, int(known_at.max()), "rest")


def less(spans: Iterable[Span], taken: Sequence[Span]) -> list[Span]:
    """What is left of spans without the taken ones; both ascending."""
    left = []
    for start, end in spans:
        begin = start
        for first, last in taken:
            if last <= begin or first >= end:
                continue
            if first > begin:
                left.append((begin, first))
            begin = max(begin, last)
        if begin < end:
            left.append((begin, end))
    return left


def _unnoted(
    connection: Connection, market: Market, feed: str, spans: Sequence[Span]
) -> list[Span]:
    noted = _open(connection, market, feed, spans)
    return less(spans, [(gap.start_time, gap.end_time) for gap in noted])


def _open(
    connection: Connection, market: Market, feed: str, spans: Sequence[Span]
) -> list[GapRecord]:
    """Open gaps that meet any of the spans, which ascend."""
    if not spans:
        return []
    first, last = spans[0][0], spans[-1][1]
    found = gaps.read(
        connection, market.symbol, first, last, source=market.source, feed=feed, open_only=True
    )
    return [gap for gap in found if _meets(gap.start_time, gap.end_time, spans)]


def _repair(connection: Connection, gap: GapRecord, repaired_at: int, origin: str) -> None:
    if gap.id is None:
        return
    gaps.repair(connection, gap.id, repaired_at=repaired_at, repaired_from=origin)
    closed = replace(gap, repaired_at=repaired_at)
    gaps.set_affected(connection, gap.id, count_affected(connection, closed))


def _counted(connection: Connection, gap: GapRecord) -> GapRecord:
    return replace(gap, cycles_affected=count_affected(connection, gap))


def _last_reader(gap: GapRecord) -> int:
    """The first ``as_of`` that a gap does not concern any more."""
    closed = NEVER if gap.repaired_at is None else gap.repaired_at // MINUTE * MINUTE
    return min(closed, _left_window(gap.feed, gap.end_time))


def _left_window(feed: str, end: int) -> int:
    """The first ``as_of`` whose window begins after the end of a gap."""
    if feed != "candles":
        return end + (end - window_start(feed, end))
    month = month_start(end)
    while minutes_needed_from(month) < end:
        month = month_start(month, -1)
    return month


def _meets(start: int, end: int, holes: Sequence[Span]) -> bool:
    return any(first < end and last > start for first, last in holes)
