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
from babingepet.market.frames import Bools, Candles, Floats, Frame, Ints
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
def _slots(open_time: Ints, span: int) -> Ints:
    """Row of the first minute of each bar and, last, the number of minutes."""
    starts = np.empty(len(open_time) + 1, np.int64)
    bars, end = 0, -NEVER
    for i in range(len(open_time)):
        if open_time[i] >= end:
            starts[bars] = i
            bars += 1
            end = (open_time[i] // span + 1) * span
    starts[bars] = len(open_time)
    return starts[: bars + 1].copy()


@rule
def _prices(starts: Ints, open_: Floats, high: Floats, low: Floats, close: Floats) -> Floats:
    """Open, high, low and close of each bar, (4, bars)."""
    prices = np.empty((4, len(starts) - 1))
    for b in range(len(starts) - 1):
        first, last = starts[b], starts[b + 1]
        top, bottom = high[first], low[first]
        for i in range(first, last):
            top = max(top, high[i])
            bottom = min(bottom, low[i])
        prices[0, b], prices[1, b], prices[2, b] = open_[first], top, bottom
        prices[3, b] = close[last - 1]
    return prices


@rule
def _totals(starts: Ints, values: Floats) -> Floats:
    """Sum of each bar, oldest minute first."""
    totals = np.zeros(len(starts) - 1)
    for b in range(len(totals)):
        for i in range(starts[b], starts[b + 1]):
            totals[b] += values[i]
    return totals


def resample(candles: Candles, interval: str, until: int) -> Candles:
    """Bars of a longer interval from the candles that exist, on the UTC grid.

    Only bars that end at or before ``until`` are made. A bar with missing minutes is made of those
    that exist; one without any is a hole.
    """
    span = INTERVALS[interval]
    starts = _slots(candles.open_time, span)
    open_time = candles.open_time[starts[:-1]] // span * span
    sums = (
        candles.base_volume,
        candles.quote_volume,
        candles.trade_count,
        candles.taker_buy_base_volume,
    )
    bars = Candles(
        open_time,
        *_prices(starts, candles.open, candles.high, candles.low, candles.close),
        *(_totals(starts, values) for values in sums),
    )
    return bars.rows(0, int(np.searchsorted(open_time + span, until, side="right")))


@rule
def _sound_rows(
    open_: Floats, high: Floats, low: Floats, close: Floats, volume: Floats, taker_buy: Floats
) -> Bools:
    result = np.empty(len(close), np.bool_)
    for i in range(len(close)):
        prices = np.isfinite(open_[i]) & np.isfinite(high[i]) & np.isfinite(low[i])
        rest = np.isfinite(close[i]) & np.isfinite(volume[i]) & ~np.isinf(taker_buy[i])
        result[i] = prices & rest
    return result


def with_numbers(candles: Candles) -> Candles:
    """The candles whose prices and volumes are finite; any other is dropped whole.

    One NaN would silence every recursive indicator after it. A taker volume may be NaN: it was
    never recorded.
    """
    sound = _sound_rows(
        candles.open,
        candles.high,
        candles.low,
        candles.close,
        candles.base_volume,
        candles.taker_buy_base_volume,
    )
    return candles if sound.all() else candles.where(sound)


@rule
def has_recent_hole(open_time: Ints, span: int, as_of: int) -> bool:
    """Whether the last 60 slots before ``as_of`` miss more than 3 bars in a row.

    Slots before the first bar are not missing: history has to begin somewhere.
    """
    end = as_of // span * span
    begin = end - RECENT_BARS * span
    rows = len(open_time)
    if rows >= RECENT_BARS and open_time[rows - RECENT_BARS] == begin:
        return False  # sixty bars in sixty slots
    longest = (LONGEST_HOLE + 1) * span
    later = end
    for row in range(rows - 1, -1, -1):
        if open_time[row] < begin:
            return later - begin >= longest
        if later - open_time[row] - span >= longest:
            return True
        later = open_time[row]
    return rows == 0


@rule
def is_after_hole(open_time: Ints, span: int) -> Bools:
    """``has_recent_hole`` at the close of every bar: which bars' last 60 slots hold a long hole."""
    result = np.zeros(len(open_time), np.bool_)
    longest = (LONGEST_HOLE + 1) * span
    reach = (RECENT_BARS - 1 - LONGEST_HOLE) * span
    clear_from = -NEVER
    for i in range(1, len(open_time)):
        if open_time[i] - open_time[i - 1] - span >= longest:
            clear_from = open_time[i] + reach
        result[i] = open_time[i] < clear_from
    return result


@rule
def newest_rows(times: Ints, moments: Ints) -> Ints:
    """Row of the newest of ``times`` at or before each moment, -1 before the first; both ascend."""
    result = np.empty(len(moments), np.int64)
    row = -1
    for i in range(len(moments)):
        while row + 1 < len(times) and times[row + 1] <= moments[i]:
            row += 1
        result[i] = row
    return result


@rule
def values_at(values: Floats, rows: Ints) -> Floats:
    """The value of each row; NaN where the row is -1."""
    result = np.empty(len(rows))
    for i in range(len(rows)):
        result[i] = values[rows[i]] if rows[i] >= 0 else np.nan
    return result


@rule
def usable_rows(open_time: Ints, span: int, least: int, as_ofs: Ints) -> Ints:
    """Row of the newest bar closed at each moment; -1 where a series of them is not to be used.

    That is below ``least`` bars, and after a recent hole.
    """
    result = newest_rows(open_time + span, as_ofs)
    slot, unusable = -NEVER, True
    for i in range(len(as_ofs)):
        if as_ofs[i] >= slot + span or as_ofs[i] < slot:
            slot = as_ofs[i] // span * span
            closed = result[i] + 1
            unusable = closed < least or has_recent_hole(open_time[:closed], span, slot)
        if unusable:
            result[i] = -1
    return result


def seed_of(open_time: Ints, interval: str, as_of: int) -> str:
    """``anchored``, or ``short`` when history begins after its anchor.

    Averages seeded in the middle of history differ from those of a longer one.
    """
    begins = int(open_time[0]) if len(open_time) else as_of
    return "short" if begins > anchor(interval, as_of) else "anchored"


def derived_bars(minutes: Candles, hours: Candles) -> dict[str, Candles]:
    """Every interval of ``DERIVED``: closed bars of the minutes, and of the hours before them."""
    end = int(minutes.open_time[-1]) + MINUTE if len(minutes) else 0
    begin = int(minutes.open_time[0]) // HOUR * HOUR if len(minutes) else NEVER
    derived = {name: resample(minutes, name, end) for name in ("5m", "15m", "1h")}
    derived["1h"] = Candles.concat([hours.between(0, begin), derived["1h"]])
    derived["4h"] = resample(derived["1h"], "4h", end or begin)
    return derived


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
        derived = derived_bars(minutes, self._hours)
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
