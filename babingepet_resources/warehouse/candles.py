"""Closed candles: written once, read by range and by what was known.

What does not belong here: forming candles, resampling, and repairs (services fetch what
``missing`` names).
"""

from __future__ import annotations

import numpy as np
from sqlalchemy import Connection, func, select

from babingepet.errors import InputError
from babingepet.market.frames import Candles, Ints
from babingepet.market.intervals import INTERVALS
from babingepet_resources.warehouse.facts import insert_frame, matching, read_frame
from babingepet_resources.warehouse.records import InsertOutcome
from babingepet_resources.warehouse.tables import crypto_candles as table


def insert(
    connection: Connection,
    symbol: str,
    interval: str,
    source: str,
    candles: Candles,
    *,
    known_at: int,
    derived: bool = False,
) -> InsertOutcome:
    """Store closed candles. A stored candle never changes; one with other values is a conflict."""
    return insert_frame(
        connection,
        table,
        _key(symbol, interval, source),
        {"known_at": known_at, "derived": derived},
        candles,
    )


def read(
    connection: Connection,
    symbol: str,
    interval: str,
    source: str,
    start: int,
    end: int,
    *,
    known_until: int | None = None,
) -> Candles:
    """Candles with start <= open_time < end.

    Args:
        connection: Any connection.
        symbol: The exchange's name, ``BTCUSDT``.
        interval: One of ``INTERVALS``.
        source: Only rows of this source.
        start: UTC ms, included.
        end: UTC ms, excluded.
        known_until: Leave out rows that became known later than this.
    """
    key = _key(symbol, interval, source)
    return read_frame(connection, matching(table, Candles, key, start, end, known_until), Candles)


def read_known(
    connection: Connection, symbol: str, interval: str, source: str, start: int, end: int
) -> tuple[Candles, Ints]:
    """Candles with start <= open_time < end, and when each became known, UTC ms."""
    query = matching(table, Candles, _key(symbol, interval, source), start, end)
    rows = connection.execute(query.add_columns(table.columns.known_at)).all()
    known_at = np.array([row[-1] for row in rows], dtype=np.int64)
    return Candles.from_rows(row[:-1] for row in rows), known_at


def span(connection: Connection, symbol: str, interval: str, source: str) -> tuple[int, int] | None:
    """Open time of the first candle and close time of the last; None when there is none."""
    times = table.columns.open_time
    first, last = connection.execute(
        select(func.min(times), func.max(times)).where(*_matches(symbol, interval, source))
    ).one()
    return None if first is None else (int(first), int(last) + _step(interval))


def first_open(connection: Connection, symbol: str, interval: str, source: str) -> int | None:
    """Open time of the first candle; None when there is none.

    Cheaper than ``span``: walks the key's tree from the left to the source's first row.
    """
    times = table.columns.open_time
    query = select(times).where(*_matches(symbol, interval, source)).order_by(times).limit(1)
    return connection.execute(query).scalar_one_or_none()


def missing(
    connection: Connection, symbol: str, interval: str, source: str, start: int, end: int
) -> list[tuple[int, int]]:
    """The holes of a range, as half-open spans on the interval's grid, in ascending time."""
    times = table.columns.open_time
    query = select(times).where(*_matches(symbol, interval, source), times >= start, times < end)
    stored = connection.execute(query.order_by(times)).scalars().all()
    return holes(np.array(stored, dtype=np.int64), start, end, _step(interval))


def holes(open_time: Ints, start: int, end: int, step: int) -> list[tuple[int, int]]:
    """The holes among candles that open within [start, end), in ascending time.

    Args:
        open_time: Of the candles there are, ascending, UTC ms.
        start: UTC ms, included; like ``end`` anywhere on the grid of ``step`` or off it.
        end: UTC ms, excluded.
        step: The interval, ms.
    """
    first, stop = -(-start // step) * step, end // step * step
    if stop <= first:
        return []
    inside = open_time[(open_time >= first) & (open_time < stop)]
    edges = np.concatenate([[first - step], inside, [stop]])
    gaps = np.flatnonzero(np.diff(edges) > step)
    return [(int(edges[gap]) + step, int(edges[gap + 1])) for gap in gaps]


def _key(symbol: str, interval: str, source: str) -> dict[str, str]:
    return {"symbol": symbol, "interval": interval, "source": source}


def _matches(symbol: str, interval: str, source: str) -> list:  # type: ignore[type-arg]
    return [table.columns[name] == value for name, value in _key(symbol, interval, source).items()]


def _step(interval: str) -> int:
    if interval not in INTERVALS:
        raise InputError(f"Unknown candle interval {interval!r}: use one of {', '.join(INTERVALS)}")
    return INTERVALS[interval]
