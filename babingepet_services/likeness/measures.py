"""Statistics of a market that a likeness is judged by.

Belongs here: each statistic, its unit, and how far a made-up market may be off. Does not belong
here: reading markets, or the verdict.

Sources: Cont, "Empirical properties of asset returns: stylized facts and statistical issues",
Quantitative Finance 1 (2001); Hill, Annals of Statistics 3 (1975) for the tail index; Lo and
MacKinlay, Review of Financial Studies 1 (1988) for the ratio of variances; Lillo and Farmer,
"The long memory of the efficient market" (2004) for the signs of orders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from babingepet_resources.exchange.candles import MINUTE_MS, Candles
from babingepet_services.likeness.samples import Sample, Tape

LARGE_USDT = 500_000.0
"""A large print: what the signal of whales counts as one."""

DAY_MINUTES = 1_440
_TAIL_SHARE = 0.01
"""Part of the largest moves that the tail index is estimated from."""

FEWEST_MINUTES = 2 * DAY_MINUTES
"""Minutes of candles below which tails and memories tell nothing."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Statistic:
    """One line of the comparison.

    Attributes:
        name: Stable key.
        meaning: For people, with the unit.
        tolerance: How far beyond the recordings still counts as alike.
        scale: Whether the tolerance is a factor or is added.
    """

    name: str
    meaning: str
    tolerance: float
    scale: Literal["factor", "plus"]

    def band(self, recorded: Sequence[float]) -> tuple[float, float]:
        """What counts as alike, from the values of the recordings."""
        low, high = min(recorded), max(recorded)
        if self.scale == "factor":
            return low / self.tolerance, high * self.tolerance
        return low - self.tolerance, high + self.tolerance


CANDLE_STATISTICS = (
    Statistic("daily_volatility", "standard deviation of a day's log return", 1.5, "factor"),
    Statistic("excess_kurtosis", "of minute returns; 0 is normal", 3.0, "factor"),
    Statistic("hill_index", "tail index of the largest 1 % of minute moves", 0.6, "plus"),
    Statistic("absolute_acf_1m", "memory of the size of moves after a minute", 0.10, "plus"),
    Statistic("absolute_acf_10m", "after ten minutes", 0.08, "plus"),
    Statistic("absolute_acf_60m", "after an hour", 0.06, "plus"),
    Statistic("absolute_acf_1d", "after a day", 0.04, "plus"),
    Statistic("return_acf_1m", "memory of the direction after a minute", 0.03, "plus"),
    Statistic("variance_ratio_60m", "variance of an hour by 60 of a minute", 0.15, "plus"),
    Statistic("range_to_deviation", "mean range of a minute by its deviation", 0.20, "plus"),
)
"""What minutes tell."""

TAPE_STATISTICS = (
    Statistic("trades_1m_q10", "aggregate trades of a minute, 10 % quantile", 2.0, "factor"),
    Statistic("trades_1m_q50", "median", 1.5, "factor"),
    Statistic("trades_1m_q90", "90 % quantile", 1.5, "factor"),
    Statistic("trade_usdt_q50", "median notional of a trade, USDT", 2.0, "factor"),
    Statistic("trade_usdt_q90", "90 % quantile", 2.0, "factor"),
    Statistic("trade_usdt_q99", "99 % quantile", 2.0, "factor"),
    Statistic("volume_of_largest", "share of volume of the largest 1 % of trades", 0.08, "plus"),
    Statistic("sign_acf_1", "memory of the side after one trade", 0.10, "plus"),
    Statistic("sign_acf_10", "after ten", 0.08, "plus"),
    Statistic("sign_acf_50", "after fifty", 0.08, "plus"),
    Statistic("large_print_minutes", "share of minutes with an order of 500 000 USDT", 0.2, "plus"),
    Statistic("arrival_cv", "variation of the time between trades; 1 is Poisson", 0.3, "plus"),
    Statistic("spread_ticks", "mean spread", 0.1, "plus"),
    Statistic("spread_one_tick", "share of quotes one tick wide", 0.02, "plus"),
    Statistic("best_usdt_q10", "value at a best level, 10 % quantile, USDT", 2.5, "factor"),
    Statistic("best_usdt_q50", "median", 1.5, "factor"),
    Statistic("best_usdt_q90", "90 % quantile", 1.5, "factor"),
    Statistic("depth_5_usdt", "median value of five levels of a side, USDT", 1.5, "factor"),
    Statistic("depth_20_usdt", "median value of twenty", 1.5, "factor"),
    Statistic(
        "best_imbalance", "deviation of (bid - ask) / (bid + ask) of best sizes", 0.1, "plus"
    ),
    Statistic("depth_imbalance", "the same of twenty levels", 0.1, "plus"),
    Statistic("quotes_per_second", "updates of the best quote", 1.5, "factor"),
)
"""What streams tell."""


def measure(sample: Sample) -> dict[str, float]:
    """Every statistic that the sample can tell."""
    values: dict[str, float] = {}
    if len(sample.candles) >= FEWEST_MINUTES:
        values |= measure_candles(sample.candles)
    if sample.tapes:
        values |= measure_tapes(sample.tapes, sample.price_tick)
    return values


def measure_candles(candles: Candles) -> dict[str, float]:
    """Statistics of minutes without holes."""
    _, high, low, close = candles.values[:, :4].T
    returns = np.diff(np.log(close))
    size = np.abs(returns)
    hours = returns[: len(returns) // 60 * 60].reshape(-1, 60).sum(axis=1)
    deviation = returns.std()
    values = {
        "daily_volatility": deviation * np.sqrt(DAY_MINUTES),
        "excess_kurtosis": stats.kurtosis(returns),
        "hill_index": hill_index(size),
        "absolute_acf_1m": autocorrelation([size], 1),
        "absolute_acf_10m": autocorrelation([size], 10),
        "absolute_acf_60m": autocorrelation([size], 60),
        "absolute_acf_1d": autocorrelation([size], DAY_MINUTES),
        "return_acf_1m": autocorrelation([returns], 1),
        "variance_ratio_60m": hours.var() / (60 * returns.var()),
        "range_to_deviation": np.log(high / low).mean() / deviation,
    }
    return {name: float(value) for name, value in values.items()}


def measure_tapes(tapes: Sequence[Tape], price_tick: float) -> dict[str, float]:
    """Statistics of stretches of streams, pooled."""
    trades = np.concatenate([_trades_a_minute(tape) for tape in tapes])
    usdt = np.concatenate([tape.usdt for tape in tapes])
    signs = [np.where(tape.is_buy, 1.0, -1.0) for tape in tapes]
    gaps = np.concatenate([np.diff(tape.time) for tape in tapes])
    best = np.concatenate([tape.best for tape in tapes])
    spread = np.rint((best[:, 2] - best[:, 0]) / price_tick)
    values = {
        **_quantiles("trades_1m", trades, (10, 50, 90)),
        **_quantiles("trade_usdt", usdt, (50, 90, 99)),
        "volume_of_largest": np.sort(usdt)[-max(1, len(usdt) // 100) :].sum() / usdt.sum(),
        **{f"sign_acf_{lag}": autocorrelation(signs, lag) for lag in (1, 10, 50)},
        "large_print_minutes": np.mean(np.concatenate([_has_large(tape) for tape in tapes])),
        "arrival_cv": gaps.std() / gaps.mean(),
        "spread_ticks": spread.mean(),
        "spread_one_tick": (spread == 1).mean(),
        **_quantiles("best_usdt", (best[:, (0, 2)] * best[:, (1, 3)]).ravel(), (10, 50, 90)),
        "best_imbalance": _imbalance(best[:, 1], best[:, 3]).std(),
        "quotes_per_second": len(best) / (60 * sum(tape.minutes for tape in tapes)),
        **_measure_depth(np.concatenate([tape.depth for tape in tapes])),
    }
    return {name: float(value) for name, value in values.items()}


def _measure_depth(depth: Array) -> dict[str, float]:
    if not len(depth):
        return {}
    total = depth.sum(axis=2)
    return {
        "depth_5_usdt": float(np.median(depth[:, :, :5].sum(axis=2))),
        "depth_20_usdt": float(np.median(total)),
        "depth_imbalance": float(_imbalance(total[:, 0], total[:, 1]).std()),
    }


def hill_index(size: Array) -> float:
    """Hill's estimate of the tail index from the largest 1 % of positive values."""
    largest = np.sort(size)[-max(2, int(len(size) * _TAIL_SHARE)) :]
    return float(1 / np.log(largest[1:] / largest[0]).mean())


def autocorrelation(series: Sequence[Array], lag: int) -> float:
    """Of several stretches at once: pairs never reach over a border; NaN when none is longer."""
    mean = np.concatenate(series).mean()
    products = np.concatenate(
        [(values[lag:] - mean) * (values[:-lag] - mean) for values in series if len(values) > lag]
        or [np.empty(0)]
    )
    variance = np.concatenate(series).var()
    return float(products.mean() / variance) if len(products) and variance > 0 else float("nan")


def _trades_a_minute(tape: Tape) -> Array:
    """Whole minutes of the stretch."""
    return np.bincount(*_whole_minutes(tape, np.ones(len(tape.time)))).astype(np.float64)


def _has_large(tape: Tape) -> Array:
    """Whether each whole minute has a large order: prints of one millisecond and side are one."""
    side = np.where(tape.is_buy, 1, 0)
    begins = np.flatnonzero(np.diff(tape.time, prepend=-1) | np.diff(side, prepend=-1))
    orders = np.add.reduceat(tape.usdt, begins)
    minute, _, count = _whole_minutes(tape, tape.usdt)
    held = np.zeros(count, np.float64)
    np.maximum.at(held, minute[begins[begins < len(minute)]], orders[begins < len(minute)])
    return (held >= LARGE_USDT).astype(np.float64)


def _whole_minutes(tape: Tape, weights: Array) -> tuple[NDArray[np.int64], Array, int]:
    """Minute of each trade in the whole minutes, its weight, and how many minutes there are."""
    count = max(1, tape.milliseconds // MINUTE_MS)
    minute = (tape.time - tape.time[0]) // MINUTE_MS
    inside = minute < count
    return minute[inside], weights[inside], count


def _imbalance(bids: Array, asks: Array) -> Array:
    return (bids - asks) / (bids + asks)


def _quantiles(name: str, values: Array, percents: Sequence[int]) -> Mapping[str, float]:
    found = np.percentile(values, percents).tolist()
    return {f"{name}_q{percent}": value for percent, value in zip(percents, found, strict=True)}
