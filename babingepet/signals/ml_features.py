"""The thirty numbers a model of entries reads.

Twenty are read off closed 5m bars by one function over a whole history, so that a model is trained
on the very numbers it will be asked about: the value at a bar reads that bar and those before it,
whatever comes later and wherever reading began. The rest is what other signals measured this
minute, the newest quote and book, open interest, and the hour.

Inputs: 5m bars since the anchor, scores of whale_flow, vpin, ofi_contrarian, vwap and funding_rate,
the tape. Warm-up: a day of bars; the averages three times their length. What is missing is NaN,
never 0: the trees have a branch for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from babingepet.compiled import rule
from babingepet.domain.score import Score
from babingepet.indicators import (
    average_true_range,
    bollinger_position,
    directional_movement,
    efficiency_ratio,
    ema,
    garman_klass,
    macd_histogram,
    relative_strength,
    rolling_hurst,
    rolling_z,
    volatility_over,
    window_sums,
)
from babingepet.market.frames import Candles, Floats, Ints
from babingepet.market.history import has_recent_hole, is_after_hole
from babingepet.market.intervals import DAY, HOUR, INTERVALS, MINUTE, hour_of_day
from babingepet.market.open_interest import OpenInterestHour
from babingepet.market.order_flow import book_imbalance
from babingepet.market.tape import spread_bps
from babingepet.signals.as_fair_value import STALE
from babingepet.signals.funding_rate import NAME as FUNDING
from babingepet.signals.inputs import SignalInputs
from babingepet.signals.ofi_contrarian import NAME as OFI
from babingepet.signals.vpin import NAME as VPIN
from babingepet.signals.vwap import NAME as VWAP
from babingepet.signals.whale_flow import NAME as WHALES

INTERVAL = "5m"
SPAN = INTERVALS[INTERVAL]
HOUR_BARS, DAY_BARS = HOUR // SPAN, DAY // SPAN

PERIOD = 14
"""Bars of Wilder's indicators."""
FAST, SLOW = 20, 50
MACD_FAST, MACD_SLOW, MACD_SIGNAL = 12, 26, 9
BAND_BARS, ER_BARS, EXTREME_BARS = 20, 20, 48
SETTLED = 3
"""An average is used after this many times its length: what it was seeded with has faded."""

RETURNS = {"ret_5m": SPAN, "ret_15m": 3 * SPAN, "ret_1h": HOUR, "ret_4h": 4 * HOUR, "ret_24h": DAY}
BAR_FEATURES: tuple[str, ...] = (
    *RETURNS, "rv_1h", "rv_24h", "vol_ratio", "natr14", "gk_vol", "rsi14", "adx14", "di_spread",
    "ema_gap", "macd_hist", "bb_pos", "er20", "hurst", "vol_z", "taker_imb",
)  # fmt: skip
"""Columns of ``bar_features``."""
FEATURES: tuple[str, ...] = (
    *BAR_FEATURES[:18], "vwap_z", "vol_z", "taker_imb", "vpin_cdf", "ofi_z", "depth_imb",
    "spread_bps", "funding_r8", "oi_chg_1h", "whale_net", "hour_sin", "hour_cos",
)  # fmt: skip
"""Every feature, in the order a model reads them."""


@rule
def log_returns(open_time: Ints, close: Floats, span: int) -> Floats:
    """ln(close / close ``span`` ms earlier); NaN where that very bar is missing."""
    result = np.full(len(close), np.nan)
    before = 0
    for i in range(len(close)):
        while open_time[before] < open_time[i] - span:
            before += 1
        if open_time[before] == open_time[i] - span:
            result[i] = np.log(close[i] / close[before])
    return result


def bar_features(bars: Candles, first: int = 0) -> Floats:
    """The features that 5m bars alone can tell, for the bars from row ``first`` on.

    Args:
        bars: Closed 5m bars since their anchor: the averages begin with the first of them.
        first: Row whose features come first; an earlier one changes no value of a later row.

    Returns:
        Shape (n - first, 20), columns ``BAR_FEATURES``; NaN where unavailable, also in the whole
        row while a hole of more than three bars lies among the last 60.
    """
    rows = len(bars) - first
    tail = bars.rows(max(0, first - DAY_BARS), len(bars))
    with np.errstate(all="ignore"):  # what has no finite value is NaN below
        columns = _from_the_anchor(bars) | _from_the_last_day(tail)
    result = np.column_stack([columns[name][len(columns[name]) - rows :] for name in BAR_FEATURES])
    after_hole = is_after_hole(tail.open_time, SPAN)[len(tail) - rows :]
    result[after_hole[:, np.newaxis] | ~np.isfinite(result)] = np.nan
    return result


def _settled(values: Floats, bars: int) -> Floats:
    """The series without its first ``bars`` - 1 values."""
    result = values.copy()
    result[: bars - 1] = np.nan
    return result


def _or_zero(value: Floats, scale: Floats) -> Floats:
    """The ratio; 0 where the scale is 0: without movement or trades neither side is ahead."""
    return np.where(scale == 0.0, 0.0 * value, value / scale)  # a missing value stays missing


def _from_the_anchor(bars: Candles) -> dict[str, Floats]:
    """Recursive indicators, which read every bar since the anchor."""
    reach = average_true_range(bars.high, bars.low, bars.close, PERIOD)
    adx, plus_di, minus_di = directional_movement(bars.high, bars.low, bars.close, PERIOD)
    gap = ema(bars.close, FAST) - ema(bars.close, SLOW)
    histogram = macd_histogram(bars.close, MACD_FAST, MACD_SLOW, MACD_SIGNAL)
    return {
        "natr14": reach / bars.close,
        "rsi14": relative_strength(bars.close, PERIOD) / 100.0,
        "adx14": adx / 100.0,
        "di_spread": _settled((plus_di - minus_di) / 100.0, 2 * PERIOD),
        "ema_gap": _settled(_or_zero(gap, reach), SETTLED * SLOW),
        "macd_hist": _settled(_or_zero(histogram, reach), SETTLED * MACD_SLOW),
    }


def _from_the_last_day(tail: Candles) -> dict[str, Floats]:
    """Indicators over windows, none longer than a day."""
    close, volume = tail.close, tail.base_volume
    hour, day = (volatility_over(close, count) for count in (HOUR_BARS, DAY_BARS))
    bought = window_sums(2.0 * tail.taker_buy_base_volume - volume, HOUR_BARS)
    traded = window_sums(volume, HOUR_BARS)
    returns = {name: log_returns(tail.open_time, close, span) for name, span in RETURNS.items()}
    return returns | {
        "rv_1h": hour,
        "rv_24h": day,
        "vol_ratio": hour * math.sqrt(DAY_BARS / HOUR_BARS) / day,
        "gk_vol": garman_klass(tail.open, tail.high, tail.low, close, EXTREME_BARS),
        "bb_pos": bollinger_position(close, BAND_BARS),
        "er20": efficiency_ratio(close, ER_BARS),
        "hurst": rolling_hurst(close, DAY_BARS),
        "vol_z": rolling_z(np.log1p(volume), DAY_BARS),
        "taker_imb": _or_zero(bought, traded),
    }


@lru_cache(maxsize=4)  # the same 5m bars come 5 times
def _last_bar(bars: Candles) -> Mapping[str, float]:
    return dict(zip(BAR_FEATURES, bar_features(bars, len(bars) - 1)[0].tolist(), strict=True))


def features(inputs: SignalInputs, scores: Mapping[str, Score]) -> Floats:
    """What a model reads at ``as_of``.

    Args:
        inputs: Facts known at ``as_of``.
        scores: What the signals that it reads measured at the same moment, by name.

    Returns:
        Shape (30,), in the order of ``FEATURES``; finite or NaN.
    """
    values = _from_bars(inputs) | _from_scores(scores) | _from_tape(inputs)
    values["oi_chg_1h"] = _open_interest_change(inputs.open_interest)
    angle = 2.0 * math.pi * hour_of_day(inputs.as_of) / 24.0
    values |= {"hour_sin": math.sin(angle), "hour_cos": math.cos(angle)}
    result = np.array([values.get(name, np.nan) for name in FEATURES])
    return np.where(np.isfinite(result), result, np.nan)


def _from_bars(inputs: SignalInputs) -> dict[str, float]:
    bars = inputs.bars[INTERVAL]
    if has_recent_hole(bars.open_time, SPAN, inputs.as_of):
        return {}
    return dict(_last_bar(bars))


def _from_scores(scores: Mapping[str, Score]) -> dict[str, float]:
    """The numbers behind other signals' scores."""
    return {
        "vwap_z": _raw(scores, VWAP, "z"),
        "vpin_cdf": _raw(scores, VPIN, "rank"),
        "ofi_z": _raw(scores, OFI, "z"),
        "funding_r8": _raw(scores, FUNDING, "funding_rate_8h") * 1e4,  # basis points
        "whale_net": (_raw(scores, WHALES, "bought_usdt") - _raw(scores, WHALES, "sold_usdt"))
        / 1e6,  # millions
    }


def _raw(scores: Mapping[str, Score], signal: str, key: str) -> float:
    score = scores.get(signal)
    value = None if score is None or score.value is None else score.raw.get(key)
    return float(value) if isinstance(value, int | float) else np.nan


def _open_interest_change(hour: OpenInterestHour | None) -> float:
    """ln(now / an hour ago); missing where either is not known, or nothing was open."""
    if hour is None or min(hour.open_interest, hour.open_interest_before) <= 0.0:
        return np.nan
    return math.log(hour.open_interest / hour.open_interest_before)


def _from_tape(inputs: SignalInputs) -> dict[str, float]:
    """The newest quote and book, while they are fresh."""
    if not inputs.tape or inputs.tape[-1].open_time != inputs.as_of - MINUTE:
        return {}
    last, values = inputs.tape[-1], {}
    quote, book = last.last_quote, last.book
    if last.is_two_sided and quote is not None and inputs.as_of - quote.event_time <= STALE:
        values["spread_bps"] = spread_bps(quote)
    if book is not None and inputs.as_of - book.event_time <= STALE:
        imbalance = book_imbalance(book.levels)
        values["depth_imb"] = np.nan if imbalance is None else imbalance
    return values
