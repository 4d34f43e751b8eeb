"""A loop that walks through recorded minutes, and the same minutes computed from their anchors."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from babingepet.domain.score import Score
from babingepet.market.frames import Candles, FundingRates
from babingepet.market.history import DERIVED, BarHistory, resample
from babingepet.market.intervals import DAY, HOUR, MINUTE, anchor, minutes_needed_from
from babingepet.signals import ml_features, mtf_alignment, regime
from babingepet.signals.inputs import SignalInputs
from babingepet.signals.vpin import vpin
from babingepet.signals.vwap import vwap
from tests.parity.recorded import spot_minutes

FIRST, DAYS = 1_685_577_600_000, 731
"""2023-06-01 to 2025-05-31."""
END = FIRST + DAYS * DAY


class Market(NamedTuple):
    """Minutes, and the hours that the exchange made of them."""

    minutes: Candles
    hours: Candles


@lru_cache(maxsize=1)
def two_years(folder: Path) -> Market:
    """All recorded minutes."""
    return of_minutes(spot_minutes(folder, FIRST, DAYS))


def of_minutes(minutes: Candles) -> Market:
    """The market of these minutes."""
    return Market(minutes, resample(minutes, "1h", END))


def with_holes(market: Market, start: int, end: int, seed: int) -> Market:
    """The market without runs of 1 to 10 of its minutes, and with rows that hold no number.

    Args:
        market: Every minute.
        start: Before it nothing is lost.
        end: After it nothing is lost.
        seed: Of the holes, about one in 80 minutes, most of them short: a day keeps enough to count.
    """
    random = np.random.default_rng(seed)
    columns = {
        name: column.copy() for name, column in market.minutes.between(start, end).columns().items()
    }
    count = len(columns["open_time"])
    keep = np.ones(count, np.bool_)
    for at in random.integers(0, count, count // 80):
        keep[at : at + min(10, int(random.geometric(0.5)))] = False
    prices = ["open", "high", "low", "close", "base_volume"]
    for row in random.integers(0, count, count // 240):
        columns[prices[row % 5]][row] = (np.nan, np.inf, -np.inf)[row % 3]
    parts = [market.minutes.between(0, start), Candles(**columns).where(keep)]
    return of_minutes(Candles.concat([*parts, market.minutes.between(end, END)]))


def loaded(market: Market, as_of: int) -> BarHistory:
    """The history of a loop that starts at ``as_of``: exactly what its anchors ask for."""
    start = minutes_needed_from(as_of)
    minutes = market.minutes.between(start, as_of)
    first = int(minutes.open_time[0]) // HOUR * HOUR
    return BarHistory(minutes, market.hours.between(anchor("4h", as_of), first))


def loaded_of_minutes(market: Market, as_of: int) -> BarHistory:
    """The history of the minutes since the earliest anchor, without any native hour."""
    return BarHistory(market.minutes.between(anchor("4h", as_of), as_of), Candles.empty())


Told = tuple[Score, Score, Score, regime.RegimeReading, list[float]]


def told(history: BarHistory, as_of: int) -> Told:
    """Everything computed of bars at ``as_of``: vpin, alignment, vwap, regime, features."""
    bars = {interval: history.bars(interval, as_of) for interval in DERIVED}
    inputs = SignalInputs(as_of, history.minutes(as_of), bars, (), FundingRates.empty())
    reading = regime.read_regime(inputs)
    trend = mtf_alignment.mtf_alignment(inputs)
    flow, price = vpin(inputs), vwap(inputs, reading.state)
    features = ml_features.features(inputs, {score.signal: score for score in (flow, price)})
    return flow, trend, price, reading, features.tolist()


def forget() -> None:
    """Empty what the signals remember between minutes."""
    mtf_alignment.trend.cache_clear()
    regime._read.cache_clear()
    ml_features._last_bar.cache_clear()


def walked(market: Market, start: int, count: int, seed: int) -> Iterator[tuple[int, Told]]:
    """What a loop says at each of ``count`` minutes, memory and caches warm.

    It has run for up to two days before ``start``, and restarts once on the way.
    """
    random = np.random.default_rng(seed)
    begin = start - int(random.integers(1, 2 * DAY // MINUTE)) * MINUTE
    restart = start + int(random.integers(1, count)) * MINUTE
    history = loaded(market, begin)
    closed = market.minutes.between(begin, start + count * MINUTE)
    for row in range(len(closed)):
        as_of = int(closed.open_time[row]) + MINUTE
        if as_of >= restart:
            history, restart = loaded(market, as_of), END
        else:
            history.append(closed.rows(row, row + 1))
        if as_of > start and history.end == as_of:
            yield as_of, told(history, as_of)


class Comparison(NamedTuple):
    """How the minutes of a block compare."""

    minutes: int
    """Minutes that were compared."""
    measured: int
    """Those at which every signal had a score."""
    differ: list[int]
    """Those at which walking and computing anew differ in any bit."""


def compare(market: Market, start: int, count: int, seed: int) -> Comparison:
    """Walk through a block, then compute each of its minutes from the anchors."""
    forget()
    block = list(walked(market, start, count, seed))
    differ, measured = [], 0
    for as_of, live in block:
        forget()
        anew = told(loaded(market, as_of), as_of)
        measured += all(score.value is not None for score in anew[:3])
        if repr(anew) != repr(live):  # equal texts are equal bits
            differ.append(as_of)
    return Comparison(len(block), measured, differ)


def month_borders() -> list[int]:
    """00:00 UTC of the first day of each month inside the recording."""
    borders = {anchor("5m", as_of) for as_of in range(FIRST, END + 40 * DAY, 20 * DAY)}
    return sorted(border for border in borders if FIRST + 45 * DAY < border < END)
