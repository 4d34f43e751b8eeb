"""Candles as columns, and every longer interval derived from minutes.

Belongs here: the column table, aggregation on the UTC grid and the paging rules of Binance's
klines. Does not belong here: where the minutes come from, or how a row looks on the wire.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

MINUTE_MS = 60_000
"""Length of the shortest candle in milliseconds."""

INTERVALS: dict[str, int] = {
    name: minutes * MINUTE_MS
    for name, minutes in {
        "1m": 1, "3m": 3, "5m": 5, "15m": 15, "30m": 30, "1h": 60,
        "2h": 120, "4h": 240, "6h": 360, "8h": 480, "12h": 720, "1d": 1440,
    }.items()
}  # fmt: skip
"""Binance's interval names and their lengths in milliseconds, all aligned to midnight UTC."""

COLUMNS = (
    "open",
    "high",
    "low",
    "close",
    "base_volume",
    "quote_volume",
    "trade_count",
    "taker_buy_base_volume",
    "taker_buy_quote_volume",
)
"""Order of the value columns; the last five are sums."""

_FIRST_SUM = COLUMNS.index("base_volume")


@dataclass(frozen=True, slots=True)
class Candles:
    """A table of candles.

    Attributes:
        open_time: UTC milliseconds, strictly increasing. Shape (n,).
        values: One row a candle in the order of `COLUMNS`. Shape (n, 9).
    """

    open_time: NDArray[np.int64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.open_time)

    def between(self, start: int, end: int) -> "Candles":
        """Rows with `start <= open_time < end`, as views."""
        first, last = np.searchsorted(self.open_time, (start, end))
        return self.rows(slice(first, last))

    def rows(self, selection: "slice | NDArray[np.bool_]") -> "Candles":
        """A subset by position or mask."""
        return Candles(self.open_time[selection], self.values[selection])


def no_candles() -> Candles:
    """An empty table."""
    return Candles(np.empty(0, np.int64), np.empty((0, len(COLUMNS)), np.float64))


def join(parts: list[Candles]) -> Candles:
    """Tables one after the other."""
    if len(parts) < 2:  # noqa: PLR2004 nothing to join: no copy of a million rows
        return parts[0] if parts else no_candles()
    return Candles(
        np.concatenate([part.open_time for part in parts]),
        np.concatenate([part.values for part in parts]),
    )


class MinuteHistory(Protocol):
    """The part of a market source that candles are made from."""

    @property
    def first_minute(self) -> int:
        """Open time of the oldest minute."""

    def minutes(self, start: int, end: int) -> Candles:
        """Whole minutes with `start <= open_time < end`."""

    def forming_minute(self, now: int) -> Candles:
        """The unfinished minute as of `now`: one row or none."""


def select(
    history: MinuteHistory,
    *,
    interval: int,
    start: int | None,
    end: int | None,
    limit: int,
    now: int,
) -> Candles:
    """Candles as Binance pages them.

    With `start` the oldest `limit` candles from there on; without it the most recent ones up to
    `end`. The last candle may still be forming. A longer candle of which minutes are missing is
    left out: half of its trades would be passed off as all of them.

    Args:
        history: Where the minutes come from.
        interval: Length of the candles in milliseconds, a value of `INTERVALS`.
        start: First open time wanted, or None.
        end: Last open time wanted, inclusive, or None for now.
        limit: Most candles to return.
        now: The exchange's clock: only trades before it are known.
    """
    newest = min(now - 1 if end is None else end, now - 1) // interval * interval
    oldest = history.first_minute // interval * interval
    if start is not None:
        oldest = max(oldest, -(-start // interval) * interval)
    parts: list[Candles] = []
    missing = limit
    reach = (limit - 1) * interval
    while oldest <= newest and missing > 0:
        if start is not None:
            part = _bars(history, oldest, min(newest, oldest + reach), interval, now)
            oldest += reach + interval
            part = part.rows(slice(0, missing))
            parts.append(part)
        else:
            part = _bars(history, max(oldest, newest - reach), newest, interval, now)
            newest -= reach + interval
            part = part.rows(slice(max(0, len(part) - missing), None))
            parts.insert(0, part)
        missing -= len(part)
    return join(parts)


def _bars(history: MinuteHistory, first: int, last: int, interval: int, now: int) -> Candles:
    """Candles with first <= open_time <= last that are complete as far as `now` allows."""
    closed_until = now // MINUTE_MS * MINUTE_MS
    end = last + interval
    minutes = history.minutes(first, min(end, closed_until))
    if closed_until < min(end, now):
        minutes = join([minutes, history.forming_minute(now)])
    if interval == MINUTE_MS or not len(minutes):
        return minutes
    return _aggregate(minutes, interval, closed_until)


def _aggregate(minutes: Candles, interval: int, closed_until: int) -> Candles:
    key = minutes.open_time // interval
    starts = np.flatnonzero(np.diff(key, prepend=key[0] - 1))
    ends = np.append(starts[1:], len(minutes)) - 1
    values = np.column_stack(
        (
            minutes.values[starts, 0],
            np.maximum.reduceat(minutes.values[:, 1], starts),
            np.minimum.reduceat(minutes.values[:, 2], starts),
            minutes.values[ends, 3],
            np.add.reduceat(minutes.values[:, _FIRST_SUM:], starts, axis=0),
        )
    )
    open_time = key[starts] * interval
    is_closed = (minutes.open_time < closed_until).astype(np.int64)
    covered = np.add.reduceat(is_closed, starts) * MINUTE_MS
    elapsed = np.minimum(interval, closed_until - open_time)
    return Candles(open_time, values).rows(covered >= elapsed)
