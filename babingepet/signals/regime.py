"""State of the market over 15-minute bars, and its trend as a score.

First match of: VOLATILE (natr rank >= .95 and ER < .30), TRENDING_UP (ADX >= 25, +DI > -DI,
slope > .05, ER >= .30), TRENDING_DOWN (mirror), RANGING (ADX < 20 or ER < .15), NEUTRAL. A new
state is confirmed after 3 equal bars in a row; entering VOLATILE and leaving UNKNOWN are
immediate. score = +-clip((ADX - 20) / 30, 0, 1) in a trend, else 0.

Inputs: 15m bars since the anchor. Warm-up: 120 bars; the natr rank wants 100 to 500 values.
Units: ADX points, ranges a bar, shares. Source: Wilder (1978) for ADX and DI; Kaufman for the
efficiency ratio.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from babingepet.compiled import rule
from babingepet.domain.codes import Regime
from babingepet.domain.score import Raw, Score, measured, unavailable
from babingepet.indicators import (
    average_true_range,
    directional_movement,
    efficiency_ratio,
    ema,
    mid_rank,
)
from babingepet.market.frames import Candles, Floats, Ints
from babingepet.market.history import has_recent_hole, seed_of
from babingepet.market.intervals import INTERVALS
from babingepet.signals.inputs import SignalInputs

NAME = "regime"
INTERVAL = "15m"

WARM_UP = 120
PERIOD, SLOW, ER_PERIOD, SLOPE_BARS = 14, 50, 20, 10
POPULATION, LEAST_POPULATION = 500, 100
BLOCK = 64
CONFIRMATIONS = 3
"""Equal raw states in a row that confirm a change."""
VOLATILE_RANK, VOLATILE_ER = 0.95, 0.30
TREND_ADX, TREND_SLOPE, TREND_ER = 25.0, 0.05, 0.30
RANGE_ADX, RANGE_ER = 20.0, 0.15
FULL_TREND = 30.0
"""ADX points above 20 at which the trend is at full strength."""
ROUNDING = 1e-12
"""Thresholds are inclusive up to this."""

VOLATILE, UP, DOWN = Regime.VOLATILE.value, Regime.TRENDING_UP.value, Regime.TRENDING_DOWN.value
RANGING, NEUTRAL, UNKNOWN = Regime.RANGING.value, Regime.NEUTRAL.value, Regime.UNKNOWN.value


@dataclass(frozen=True, slots=True)
class RegimeReading:
    """The confirmed state and the numbers behind it, after the last closed 15m bar."""

    state: Regime
    raw_state: Regime
    since: int | None
    """Close of the bar that confirmed the state; None while unknown."""
    score: Score


@rule
def raw_state(
    adx: float, plus_di: float, minus_di: float, slope: float, er: float, volatile: bool
) -> int:
    """State of one bar from its indicators; ``volatile``: its natr ranks at .95 or above."""
    if volatile and er < VOLATILE_ER:
        return VOLATILE
    if adx >= TREND_ADX - ROUNDING and er >= TREND_ER - ROUNDING:
        if plus_di > minus_di and slope > TREND_SLOPE:
            return UP
        if minus_di > plus_di and slope < -TREND_SLOPE:
            return DOWN
    if adx < RANGE_ADX or er < RANGE_ER:
        return RANGING
    return NEUTRAL


@rule
def confirm(raw: Ints) -> tuple[Ints, Ints]:
    """Confirmed state after each bar, and the bar that confirmed it (-1 if none)."""
    states, since = np.empty(len(raw), np.int64), np.empty(len(raw), np.int64)
    state, confirmed, streak = UNKNOWN, -1, 0
    for i in range(len(raw)):
        streak = streak + 1 if i > 0 and raw[i] == raw[i - 1] else 1
        is_new = raw[i] != state and raw[i] != UNKNOWN
        at_once = state == UNKNOWN or raw[i] == VOLATILE
        if is_new and (at_once or streak >= CONFIRMATIONS):
            state, confirmed = raw[i], i
        states[i], since[i] = state, confirmed
    return states, since


@rule
def trend_score(state: int, adx: float) -> float:
    """Strength of a trending state with the sign of its side, else 0."""
    strength = min(max((adx - RANGE_ADX) / FULL_TREND, 0.0), 1.0)
    if state == UP:
        return strength
    return -strength if state == DOWN else 0.0


@rule
def rank_window(row: int) -> int:
    """First bar of the population a bar is ranked in: the last 500 values since the anchor."""
    return max(PERIOD, row - POPULATION + 1)


@rule
def natr_rank(natr: Floats, row: int) -> float:
    """Mid-rank of a bar's natr in its population, itself included; NaN in warm-up."""
    first = rank_window(row)
    if row - first + 1 < LEAST_POPULATION:
        return np.nan
    return mid_rank(natr[first : row + 1], natr[row])


@rule
def natr_ranks(natr: Floats) -> Floats:
    """``natr_rank`` of every bar."""
    result = np.empty(len(natr))
    for row in range(len(natr)):
        result[row] = natr_rank(natr, row)
    return result


@rule
def is_volatile(natr: Floats, row: int) -> bool:
    """Whether ``natr_rank`` is at least .95.

    A rank of .95 leaves room for few larger values: most bars have too many among the first fifty,
    and the rest need not be looked at. A block is counted without a branch in between.
    """
    first, value = rank_window(row), natr[row]
    count = row - first + 1
    if count < LEAST_POPULATION:
        return False
    room = (1.0 - VOLATILE_RANK + ROUNDING) * count
    above, equal = 0, 0
    for start in range(first, row + 1, BLOCK):
        for i in range(start, min(start + BLOCK, row + 1)):
            above += natr[i] > value
            equal += natr[i] == value
        if above + 0.5 * equal > room:
            return False
    return True


@rule
def raw_states(
    adx: Floats, plus_di: Floats, minus_di: Floats, slope: Floats, er: Floats, natr: Floats
) -> Ints:
    """State of every bar; UNKNOWN during the warm-up."""
    result = np.full(len(adx), UNKNOWN)
    for i in range(WARM_UP - 1, len(adx)):
        volatile = er[i] < VOLATILE_ER and is_volatile(natr, i)
        result[i] = raw_state(adx[i], plus_di[i], minus_di[i], slope[i], er[i], volatile)
    return result


@rule
def trend_scores(states: Ints, adx: Floats) -> Floats:
    """``trend_score`` of every bar."""
    result = np.empty(len(states))
    for i in range(len(states)):
        result[i] = trend_score(states[i], adx[i])
    return result


def slope_of(average: Floats, reach: Floats) -> Floats:
    """Change of the slow EMA over 10 bars, in ranges a bar; 0 where nothing moved."""
    result = np.full(len(average), np.nan)
    moved = reach[SLOPE_BARS:]
    change = average[SLOPE_BARS:] - average[:-SLOPE_BARS]
    with np.errstate(divide="ignore", invalid="ignore"):
        result[SLOPE_BARS:] = np.where(moved == 0.0, 0.0, change / (SLOPE_BARS * moved))
    return result


def read_regime(inputs: SignalInputs) -> RegimeReading:
    """Read the confirmed regime at ``as_of``."""
    bars = inputs.bars[INTERVAL]
    if len(bars) < WARM_UP:
        return _unknown(f"warm-up: {len(bars)} of {WARM_UP} 15m bars", len(bars))
    if has_recent_hole(bars.open_time, INTERVALS[INTERVAL], inputs.as_of):
        return _unknown("more than 3 bars of 15m in a row are missing", len(bars))
    return _read(bars, seed_of(bars.open_time, INTERVAL, inputs.as_of))


def _unknown(reason: str, observations: int) -> RegimeReading:
    score = unavailable(NAME, reason, observations)
    return RegimeReading(Regime.UNKNOWN, Regime.UNKNOWN, None, score)


class RegimeSeries(NamedTuple):
    """The regime after each bar and the numbers behind it, all of shape (n,)."""

    state: Ints
    raw: Ints
    since: Ints
    """Row of the bar that confirmed the state; -1 while unknown."""
    adx: Floats
    plus_di: Floats
    minus_di: Floats
    slope: Floats
    efficiency_ratio: Floats
    natr: Floats


def regime_series(bars: Candles) -> RegimeSeries:
    """Read every bar since the anchor."""
    reach = average_true_range(bars.high, bars.low, bars.close, PERIOD)
    adx, plus_di, minus_di = directional_movement(bars.high, bars.low, bars.close, PERIOD)
    slope = slope_of(ema(bars.close, SLOW), reach)
    er = efficiency_ratio(bars.close, ER_PERIOD)
    natr = reach / bars.close
    raw = raw_states(adx, plus_di, minus_di, slope, er, natr)
    states, since = confirm(raw)
    return RegimeSeries(states, raw, since, adx, plus_di, minus_di, slope, er, natr)


@lru_cache(maxsize=4)  # the same 15m bars come 15 times
def _read(bars: Candles, seed: str) -> RegimeReading:
    read = regime_series(bars)
    state, raw_code = Regime(int(read.state[-1])), Regime(int(read.raw[-1]))
    adx = float(read.adx[-1])
    value = trend_score(state.value, adx)
    rank = natr_rank(read.natr, len(bars) - 1)
    since = int(bars.open_time[read.since[-1]]) + INTERVALS[INTERVAL]
    details: Raw = {
        "state": state.name,
        "raw_state": raw_code.name,
        "since": since,
        "adx": adx,
        "plus_di": float(read.plus_di[-1]),
        "minus_di": float(read.minus_di[-1]),
        "slope": float(read.slope[-1]),
        "efficiency_ratio": float(read.efficiency_ratio[-1]),
        "natr": float(read.natr[-1]),
        "seed": seed,
        "natr_rank": None if np.isnan(rank) else rank,
    }
    score = measured(NAME, value, len(bars), details)
    return RegimeReading(state, raw_code, since, score)
