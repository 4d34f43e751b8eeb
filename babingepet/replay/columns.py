"""A recorded market as the columns that the kernel walks: every bar-fed signal, minute by minute.

A series begins at its anchor, which moves with the calendar month: so the columns are read month by
month, each from its own anchors, by the functions whose last value is the live score. Months do not
depend on each other and may be read side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from babingepet.cycles.btc import chandelier_series
from babingepet.cycles.btc_reading import INTERVAL as MOVES_INTERVAL
from babingepet.learning.seasonality import hour_table
from babingepet.market.frames import Bools, Candles, Floats, Ints
from babingepet.market.funding import funding_by_minute
from babingepet.market.history import (
    derived_bars,
    is_after_hole,
    newest_rows,
    usable_rows,
    values_at,
)
from babingepet.market.intervals import (
    HOUR,
    INTERVALS,
    MINUTE,
    anchor,
    day_start,
    minutes_needed_from,
    month_start,
)
from babingepet.replay import analysts
from babingepet.replay.kernel import Columns, rows_of
from babingepet.replay.market import ReplayMarket
from babingepet.signals import (
    funding_rate,
    hour_seasonality,
    mtf_alignment,
    regime,
    vpin,
    vwap,
)
from babingepet.signals.registry import NAMES, SWARM, capability

Progress = Callable[[int, int], None]
"""Takes the minutes read so far and how many there are."""


@dataclass(frozen=True, eq=False)
class History:
    """A market with what every month reads of it.

    Attributes:
        market: The market, its candles free of rows without numbers.
        bars: Derived bars by interval.
        volume_days: The days of the volume clock.
        measured: The signals that the source can supply, in registry order.
        rounds: Of the embedded analysts, filled in month by month; None when they are not asked.
    """

    market: ReplayMarket
    bars: Mapping[str, Candles]
    volume_days: vpin.VolumeDays
    measured: tuple[str, ...]
    rounds: analysts.Rounds | None


@dataclass(frozen=True, eq=False)
class Month:
    """The decided rows of one calendar month, and the history they read.

    Attributes:
        start: 00:00 UTC of its first day.
        needed: Row of the first minute that a series of this month reads.
        first: Row of the first decided minute: its end lies in the month.
        stop: Row after the last one.
    """

    start: int
    needed: int
    first: int
    stop: int


class Trend(NamedTuple):
    """The regime at each moment, and the bars that it was read from.

    Attributes:
        states: Code of the confirmed state.
        scores: NaN where unavailable.
        rows: Row of the newest bar; -1 where it is not to be used.
        natr: Of every bar.
    """

    states: Ints
    scores: Floats
    rows: Ints
    natr: Floats


def read_columns(
    market: ReplayMarket, start: int, end: int, threads: int, progress: Progress
) -> Columns:
    """Every column of the minutes with start <= as_of < end.

    The columns are the same, bit for bit, for every number of threads.
    """
    columns, rounds = read_asked(market, start, end, threads, progress)
    verdicts = market.verdicts if rounds is None else analysts.hold(rounds, columns)
    if SWARM in market.feeds and verdicts is not None:
        analysts.fill_in(columns, verdicts)
    first = int(np.searchsorted(columns.open_time, start - MINUTE))
    return rows_of(columns, first, len(columns.open_time)) if first else columns


def read_asked(
    market: ReplayMarket, start: int, end: int, threads: int, progress: Progress
) -> tuple[Columns, analysts.Rounds | None]:
    """Every column but the analysts', and what these read; nobody is asked yet.

    Returns:
        The minutes that decisions from ``start`` on depend on, and the rounds held among them; no
        rounds where the market has verdicts or no analysts are heard.
    """
    is_asked = SWARM in market.feeds and market.verdicts is None
    begin = max(market.asked_since, analysts.begin_of(start)) if is_asked else start
    history = _history(market, begin, end, is_asked=is_asked)
    return _read_bars(history, begin, end, threads, progress), history.rounds


def _history(market: ReplayMarket, start: int, end: int, *, is_asked: bool) -> History:
    minutes = market.minutes
    rounds = analysts.rounds_of(minutes.between(start - MINUTE, end - MINUTE).open_time + MINUTE)
    return History(
        market,
        derived_bars(minutes, market.hours),
        vpin.volume_days(minutes.open_time, minutes.base_volume),
        tuple(name for name, able in zip(NAMES, capability(market.feeds), strict=True) if able),
        rounds if is_asked else None,
    )


def _read_bars(history: History, start: int, end: int, threads: int, progress: Progress) -> Columns:
    """Every column but the analysts', and what these read beside it."""
    times = history.market.minutes.open_time
    first, stop = np.searchsorted(times, (start - MINUTE, end - MINUTE)).tolist()
    columns = _empty_columns(history, first, stop)
    months = list(_months(times, first, stop))
    done = 0
    with ThreadPoolExecutor(threads) as pool:
        for month in pool.map(lambda month: _read_month(history, month, columns, first), months):
            done += month.stop - month.first
            progress(done, stop - first)
    return columns


def _empty_columns(history: History, first: int, stop: int) -> Columns:
    """The minutes themselves, funding, and room for what the months fill in."""
    market, measured = history.market, history.measured
    minutes, rates = market.minutes, market.funding
    chosen, rows = minutes.rows(first, stop), stop - first
    scores = np.empty((len(measured), rows))
    if funding_rate.NAME in measured:
        scores[measured.index(funding_rate.NAME)] = funding_rate.funding_series(
            rates.funding_time, rates.funding_rate, rates.interval_hours, chosen.open_time + MINUTE
        )
    return Columns(
        open_time=chosen.open_time,
        open=chosen.open,
        high=chosen.high,
        low=chosen.low,
        close=chosen.close,
        chandelier_long=np.empty(rows),
        chandelier_short=np.empty(rows),
        funding=funding_by_minute(
            rates.funding_time,
            rates.funding_rate,
            rates.interval_hours,
            minutes.open_time[:stop],
            minutes.close[:stop],
            first,
        ),
        scores=scores,
        measured=np.array([NAMES.index(name) for name in measured]),
        regime=np.empty(rows, np.int8),
        trend_up=np.empty(rows),
        trend_down=np.empty(rows),
        ai_agreement=np.full(rows, np.nan),
        ai_side=np.zeros(rows, np.int8),
    )


def _months(open_time: Ints, first: int, stop: int) -> Iterator[Month]:
    """Cut the decided rows by the month that each decision belongs to."""
    starts = [month_start(int(open_time[first]) + MINUTE)]
    while starts[-1] <= int(open_time[stop - 1]) + MINUTE:
        starts.append(month_start(starts[-1], -1))
    bounds = np.searchsorted(open_time, np.array(starts) - MINUTE)
    chosen = np.clip(bounds, first, stop).tolist()
    for start, (begin, until) in zip(starts, pairwise(chosen), strict=False):
        if begin < until:
            needed = int(np.searchsorted(open_time, minutes_needed_from(start)))
            yield Month(start, needed, begin, until)


def _read_month(history: History, month: Month, columns: Columns, offset: int) -> Month:
    """Fill in the rows of a month; ``offset`` is the row of the first column."""
    rows = slice(month.first - offset, month.stop - offset)
    as_ofs = columns.open_time[rows] + MINUTE
    minutes = history.market.minutes.rows(month.needed, month.stop)
    after_hole = is_after_hole(minutes.open_time, MINUTE)
    trend = _regime(history, month, as_ofs)
    aligned = _alignment(history, month, as_ofs)
    columns.regime[rows] = trend.states
    columns.trend_up[rows], columns.trend_down[rows] = aligned[1], aligned[2]
    bars = _bars(history, "15m", month, as_ofs)
    closed = newest_rows(bars.open_time + INTERVALS["15m"], as_ofs)
    levels = chandelier_series(bars)
    columns.chandelier_long[rows] = values_at(levels[0], closed)
    columns.chandelier_short[rows] = values_at(levels[1], closed)
    scores = {
        vpin.NAME: _vpin(history, month, after_hole),
        mtf_alignment.NAME: aligned[0],
        regime.NAME: trend.scores,
        vwap.NAME: _vwap(minutes, month, after_hole, trend.states),
        hour_seasonality.NAME: _hours(history, month)[as_ofs // HOUR % 24],
    }
    for name, values in scores.items():
        if name in history.measured:
            columns.scores[history.measured.index(name), rows] = values
    if history.rounds is not None:
        five = _bars(history, MOVES_INTERVAL, month, as_ofs)
        analysts.read_month(history.rounds, rows, as_ofs, five, trend.natr, trend.rows)
    return month


def _bars(history: History, interval: str, month: Month, as_ofs: Ints) -> Candles:
    """Bars from their anchor to the last that closes in the month."""
    closed_until = int(as_ofs[-1]) - INTERVALS[interval] + 1
    return history.bars[interval].between(anchor(interval, month.start), closed_until)


def _regime(history: History, month: Month, as_ofs: Ints) -> Trend:
    bars = _bars(history, regime.INTERVAL, month, as_ofs)
    if len(bars) < regime.WARM_UP:
        count = len(as_ofs)
        return Trend(
            np.zeros(count, np.int64), np.full(count, np.nan), np.full(count, -1), np.empty(0)
        )
    read = regime.regime_series(bars)
    rows = usable_rows(bars.open_time, INTERVALS[regime.INTERVAL], regime.WARM_UP, as_ofs)
    states = np.where(rows < 0, regime.UNKNOWN, read.state[rows])
    return Trend(
        states, values_at(regime.trend_scores(read.state, read.adx), rows), rows, read.natr
    )


def _alignment(history: History, month: Month, as_ofs: Ints) -> Floats:
    """Value, up and down of the interval trends at each moment, (3, n)."""
    trends = np.full((len(mtf_alignment.WEIGHTS), len(as_ofs)), np.nan)
    for i, interval in enumerate(mtf_alignment.WEIGHTS):
        bars = _bars(history, interval, month, as_ofs)
        if len(bars) >= mtf_alignment.WARM_UP:
            span = INTERVALS[interval]
            rows = usable_rows(bars.open_time, span, mtf_alignment.WARM_UP, as_ofs)
            trends[i] = values_at(mtf_alignment.trend_series(bars), rows)
    return mtf_alignment.align_all(trends)


def _vwap(minutes: Candles, month: Month, after_hole: Bools, states: Ints) -> Floats:
    first = month.first - month.needed
    midnight = day_start(int(minutes.open_time[first]))
    begin = int(np.searchsorted(minutes.open_time, midnight))
    known = np.full(first - begin, regime.UNKNOWN)
    day = minutes.rows(begin, len(minutes))
    return vwap.vwap_series(
        day.open_time,
        day.high,
        day.low,
        day.close,
        day.base_volume,
        after_hole[begin:],
        np.concatenate([known, states]),
    )[first - begin :]


def _vpin(history: History, month: Month, after_hole: Bools) -> Floats:
    minutes, days = history.market.minutes, history.volume_days
    row = int(np.searchsorted(minutes.open_time, anchor("1m", month.start)))
    anchor_day, first_day, last_day = (
        np.searchsorted(days.bounds, (row, month.first, month.stop - 1), side="right") - 1
    ).tolist()
    since = vpin.first_day_needed(_before(days, first_day), anchor_day)
    return vpin.vpin_series(
        minutes.base_volume,
        minutes.taker_buy_base_volume,
        _before(days, last_day + 1),
        since,
        month.first,
        after_hole[month.first - month.needed :],
    )


def _before(days: vpin.VolumeDays, day: int) -> vpin.VolumeDays:
    """The days before a day."""
    return vpin.VolumeDays(
        days.bounds[: day + 1], days.volumes[:day], days.sizes[:day], days.whole[:day]
    )


def _hours(history: History, month: Month) -> Floats:
    """Score of each hour of the UTC day, NaN where unavailable, (24,)."""
    table = hour_table(history.bars["1h"], month.start)
    scores = (hour_seasonality.score_hour(table, hour).value for hour in range(24))
    return np.array([np.nan if score is None else score for score in scores])
