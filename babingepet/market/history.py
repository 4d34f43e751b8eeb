"""Closed candles of every interval, growing by the minute, read from their anchors.

Minutes are the source; 5m, 15m, 1h, 4h and 1d bars are derived from them on the UTC grid, from the
minutes that exist. Hours older than the minutes come as native hourly candles. Appending is only a
shortcut: the result is the same, bit for bit, as building the history anew.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from babingepet.compiled import rule
from babingepet.errors import InputError
from babingepet.market.frames import Candles, Floats, Frame, Ints
from babingepet.market.intervals import (
    HOUR,
    INTERVALS,
    MINUTE,
    anchor,
    minutes_needed_from,
    month_start,
)

NEVER = 2**62
DERIVED = ("5m", "15m", "1h", "4h")
"""Intervals kept beside the minutes."""

RECENT_BARS = 60
LONGEST_HOLE = 3
"""More consecutive missing bars than this among the last ``RECENT_BARS`` make a series unusable."""

F = TypeVar("F", bound=Frame)


class Growing(Generic[F]):
    """A frame that grows at its end without copying what is there."""

    def __init__(self, start: F) -> None:
        self._kind = type(start)
        self._length = len(start)
        self._columns = {
            name: self._room(column, 2 * len(start) + 1024)
            for name, column in start.columns().items()
        }

    def __len__(self) -> int:
        return self._length

    def append(self, more: F) -> None:
        """Add rows that follow the last one."""
        needed = self._length + len(more)
        for name, column in more.columns().items():
            if needed > len(self._columns[name]):
                self._columns[name] = self._room(self._columns[name][: self._length], 2 * needed)
            self._columns[name][self._length : needed] = column
        self._length = needed

    def view(self) -> F:
        """All rows so far; later appends do not change them."""
        columns = {name: column[: self._length] for name, column in self._columns.items()}
        for column in columns.values():
            column.flags.writeable = False
        return self._kind.of_checked(columns)

    @staticmethod
    def _room(column: npt.NDArray[Any], capacity: int) -> npt.NDArray[Any]:
        grown = np.empty(capacity, column.dtype)
        grown[: len(column)] = column
        return grown


@rule
def _group_bars(
    starts: Ints, open_: Floats, high: Floats, low: Floats, close: Floats, sums: Floats
) -> tuple[Floats, Floats]:
    bars = len(starts) - 1
    prices = np.empty((4, bars))
    totals = np.zeros((sums.shape[0], bars))
    for b in range(bars):
        first, last = starts[b], starts[b + 1]
        top, bottom = high[first], low[first]
        for i in range(first, last):
            top = max(top, high[i])
            bottom = min(bottom, low[i])
            for s in range(sums.shape[0]):
                totals[s, b] += sums[s, i]
        prices[0, b], prices[1, b], prices[2, b] = open_[first], top, bottom
        prices[3, b] = close[last - 1]
    return prices, totals


def resample(candles: Candles, interval: str, until: int) -> Candles:
    """Bars of a longer interval from the candles that exist, on the UTC grid.

    Only bars that end at or before ``until`` are made. A bar with missing minutes is made of those
    that exist; one without any is a hole.
    """
    span = INTERVALS[interval]
    slots = candles.open_time // span
    if not len(slots):
        return Candles.empty()
    starts = np.flatnonzero(np.diff(slots, prepend=slots[0] - 1))
    open_time = slots[starts] * span
    sums = np.array(
        [
            candles.base_volume,
            candles.quote_volume,
            candles.trade_count,
            candles.taker_buy_base_volume,
        ]
    )
    prices, totals = _group_bars(
        np.append(starts, len(slots)),
        candles.open,
        candles.high,
        candles.low,
        candles.close,
        sums,
    )
    bars = Candles(open_time, *prices, *totals)
    return bars.rows(0, int(np.searchsorted(open_time + span, until, side="right")))


def with_numbers(candles: Candles) -> Candles:
    """The candles whose prices and volumes are finite; any other is dropped whole.

    One NaN would silence every recursive indicator after it. A taker volume may be NaN: it was
    never recorded.
    """
    sound = np.isfinite(candles.base_volume) & ~np.isinf(candles.taker_buy_base_volume)
    for prices in (candles.open, candles.high, candles.low, candles.close):
        sound &= np.isfinite(prices)
    return candles if sound.all() else candles.where(sound)


def has_recent_hole(open_time: Ints, span: int, as_of: int) -> bool:
    """Whether the last 60 slots before ``as_of`` miss more than 3 bars in a row.

    Slots before the first bar are not missing: history has to begin somewhere.
    """
    if not len(open_time):
        return True
    last_slot = as_of // span - 1
    recent = open_time[-RECENT_BARS:] // span
    recent = recent[recent > last_slot - RECENT_BARS]
    if not len(recent):
        return True
    inside = int(np.diff(recent).max(initial=1)) - 1
    before = 0
    if len(recent) < len(open_time):
        before = int(recent[0]) - (last_slot - RECENT_BARS + 1)
    return max(inside, before, last_slot - int(recent[-1])) > LONGEST_HOLE


def seed_of(open_time: Ints, interval: str, as_of: int) -> str:
    """``anchored``, or ``short`` when history begins after its anchor.

    Averages seeded in the middle of history differ from those of a longer one.
    """
    begins = int(open_time[0]) if len(open_time) else as_of
    return "short" if begins > anchor(interval, as_of) else "anchored"


class BarHistory:
    """Minutes and the longer bars made of them, for one instrument.

    Args:
        minutes: Closed one-minute candles.
        hours: Closed hourly candles from before the first minute; may be empty.
    """

    def __init__(self, minutes: Candles, hours: Candles) -> None:
        self._hours = with_numbers(hours)
        self._build(with_numbers(minutes))

    def _build(self, minutes: Candles) -> None:
        self._minutes = Growing(minutes)
        self._end = int(minutes.open_time[-1]) + MINUTE if len(minutes) else 0
        derived = {name: resample(minutes, name, self._end) for name in ("5m", "15m", "1h")}
        begin = int(minutes.open_time[0]) // HOUR * HOUR if len(minutes) else NEVER
        derived["1h"] = Candles.concat([self._hours.between(0, begin), derived["1h"]])
        derived["4h"] = resample(derived["1h"], "4h", self._end or begin)
        self._bars = {interval: Growing(bars) for interval, bars in derived.items()}
        self._views: dict[str, tuple[tuple[int, int, int], Candles]] = {}
        self._hours_before: tuple[int, Candles] | None = None

    @property
    def end(self) -> int:
        """Close of the last minute, UTC milliseconds; 0 when there is none."""
        return self._end

    def append(self, candles: Candles) -> None:
        """Add closed minutes that follow the last one.

        Raises:
            InputError: A minute does not follow the last one; rebuild the history instead.
        """
        candles = with_numbers(candles)
        if not self._end and len(candles):
            self._build(candles.rows(0, 1))
            candles = candles.rows(1, len(candles))
        for row in range(len(candles)):
            minute = candles.rows(row, row + 1)
            open_time = int(minute.open_time[0])
            if open_time < self._end:
                raise InputError(f"candle {open_time} does not follow {self._end}")
            previous_end, self._end = self._end, open_time + MINUTE
            self._minutes.append(minute)
            for interval in DERIVED:
                self._close_bars(interval, previous_end)

    def _close_bars(self, interval: str, previous_end: int) -> None:
        span = INTERVALS[interval]
        if self._end // span == previous_end // span:
            return
        source = self._bars["1h"] if interval == "4h" else self._minutes
        since = previous_end // span * span
        closed = source.view().between(since, self._end)
        self._bars[interval].append(resample(closed, interval, self._end))

    def minutes(self, as_of: int) -> Candles:
        """Minutes that decisions of this month may read, closed at ``as_of``."""
        return self._minutes.view().between(minutes_needed_from(as_of), as_of - MINUTE + 1)

    def bars(self, interval: str, as_of: int) -> Candles:
        """Bars of a derived interval since its anchor, closed at ``as_of``.

        While no bar closes this is the same object, so that what depends on nothing else need not
        be computed again.
        """
        start, end = anchor(interval, as_of), as_of // INTERVALS[interval] * INTERVALS[interval]
        bars = self._bars[interval]
        key = (start, end, len(bars))
        known = self._views.get(interval)
        if known is None or known[0] != key:
            known = (key, bars.view().between(start, end))
            self._views[interval] = known
        return known[1]

    def hours_before_month(self, as_of: int) -> Candles:
        """All hours before the month of ``as_of``; the same object until the month is over."""
        end = month_start(as_of)
        if self._hours_before is None or self._hours_before[0] != end:
            self._hours_before = (end, self._bars["1h"].view().between(0, end))
        return self._hours_before[1]
