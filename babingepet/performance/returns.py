"""Metrics of the returns of an account: growth, risk, and growth per risk.

Simple returns of UTC days, from equity at 00:00; the risk-free rate is 0. With r the returns, n
their number and P the periods per year:

- cagr = (last / first)^(P / n) - 1
- volatility = std(r, ddof 1) sqrt(P); sharpe_ratio = mean(r) / std(r, ddof 1) sqrt(P)
- sortino_ratio = mean(r) / sqrt(mean(min(r, 0)^2)) sqrt(P), over all n days
- max_drawdown, over all minutes, 0 or negative; calmar_ratio = cagr / |max_drawdown|
- value_at_risk_95 = the 5th percentile of r; conditional_value_at_risk_95 = the mean of the worst
  5 % of days. Both are returns: negative is a loss
- ulcer_index = sqrt(mean(d^2)), d the drawdown at each 00:00

Units: fractions. A ratio over nothing has no value: fewer than two days, returns that do not
differ, no losing day, no drawdown.

Source: Sharpe, The Sharpe Ratio, Journal of Portfolio Management 21(1), 1994; Sortino and van der
Meer, Downside Risk, ibid. 17(4), 1991; Young, Calmar Ratio, Futures, October 1991; Rockafellar and
Uryasev, Optimization of Conditional Value-at-Risk, Journal of Risk 2(3), 2000; Martin and McCann,
The Investor's Guide to Fidelity Funds, 1989.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from babingepet.errors import InputError
from babingepet.market.frames import Floats
from babingepet.performance.confidence import sharpe_interval
from babingepet.performance.equity import (
    EquityCurve,
    daily_equity,
    deepest_drawdown,
    drawdowns,
)
from babingepet.performance.metric import NO_INTERVAL, Interval, Metric, measured, unavailable

LEAST_DAYS = 2
RELIABLE_DAYS = 30
"""Days from which an annualised number is given without a warning."""
TAIL = 0.05
"""Share of days in the tail of the value at risk."""
ROUNDING = 1e-12
"""Returns that differ by less are one: equity moves in steps of 1e-8."""


@dataclass(frozen=True, slots=True)
class ReturnMetrics:
    """How an account grew; n is days, of total_return, max_drawdown and exposure_share minutes."""

    total_return: Metric
    cagr: Metric
    volatility: Metric
    sharpe_ratio: Metric
    sortino_ratio: Metric
    max_drawdown: Metric
    calmar_ratio: Metric
    value_at_risk_95: Metric
    conditional_value_at_risk_95: Metric
    ulcer_index: Metric
    exposure_share: Metric


def return_metrics(curve: EquityCurve, periods_per_year: float) -> ReturnMetrics:
    """Every metric of an equity curve.

    Args:
        curve: Minutes, the opening first.
        periods_per_year: Trading days a year: 365 where a market never closes.

    Raises:
        InputError: ``periods_per_year`` is not positive.
    """
    if not periods_per_year > 0.0:
        raise InputError(f"periods_per_year is {periods_per_year}: it must be above 0")
    equity = daily_equity(curve).equity
    growth, fall = cagr(equity, periods_per_year), max_drawdown(curve)
    daily = daily_returns(equity)
    return ReturnMetrics(
        total_return=_total_return(curve),
        cagr=growth,
        volatility=volatility(daily, periods_per_year),
        sharpe_ratio=sharpe_ratio(daily, periods_per_year),
        sortino_ratio=sortino_ratio(daily, periods_per_year),
        max_drawdown=fall,
        calmar_ratio=calmar_ratio(growth, fall),
        value_at_risk_95=value_at_risk(daily),
        conditional_value_at_risk_95=conditional_value_at_risk(daily),
        ulcer_index=_ulcer_index(equity),
        exposure_share=_exposure_share(curve),
    )


def daily_returns(equity: Floats) -> Floats:
    """Simple returns between daily values; none once an account is ruined."""
    alive = int(np.argmax(equity <= 0.0)) if np.any(equity <= 0.0) else len(equity)
    kept = equity[: alive + 1]
    returns: Floats = kept[1:] / kept[:-1] - 1.0
    return returns


def cagr(equity: Floats, periods_per_year: float) -> Metric:
    """Growth of daily values a year, compounded."""
    n = len(equity) - 1
    if n < LEAST_DAYS:
        return _too_few(n)
    if equity[-1] <= 0.0:
        return unavailable("the account is ruined", n)
    power = periods_per_year / n * math.log(equity[-1] / equity[0])
    return _annualised(math.expm1(power) if power < math.log(np.finfo(float).max) else math.inf, n)


def volatility(returns: Floats, periods_per_year: float) -> Metric:
    """Standard deviation of daily returns, annualised."""
    n = len(returns)
    if n < LEAST_DAYS:
        return _too_few(n)
    return _annualised(float(np.std(returns, ddof=1)) * math.sqrt(periods_per_year), n)


def sharpe_ratio(returns: Floats, periods_per_year: float) -> Metric:
    """Mean over standard deviation of daily returns, annualised, with its interval."""
    n = len(returns)
    if n < LEAST_DAYS:
        return _too_few(n)
    if np.ptp(returns) <= ROUNDING:
        return unavailable("daily returns do not differ", n)
    value = float(np.mean(returns) / np.std(returns, ddof=1)) * math.sqrt(periods_per_year)
    return _annualised(value, n, sharpe_interval(returns, periods_per_year))


def sortino_ratio(returns: Floats, periods_per_year: float) -> Metric:
    """Mean over downside deviation of daily returns, annualised."""
    n = len(returns)
    if n < LEAST_DAYS:
        return _too_few(n)
    downside = float(np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2)))
    if downside <= ROUNDING:
        return unavailable("no day lost", n)
    return _annualised(float(np.mean(returns)) / downside * math.sqrt(periods_per_year), n)


def max_drawdown(curve: EquityCurve) -> Metric:
    """The deepest fall of the minutes below what came before, the opening included."""
    n = len(curve) - 1
    if n < 1:
        return unavailable("no minute after the opening", n)
    deepest = deepest_drawdown(curve)
    return measured(deepest.depth if deepest else 0.0, n)


def calmar_ratio(growth: Metric, drawdown: Metric) -> Metric:
    """Growth a year over the deepest fall."""
    if growth.value is None:
        return unavailable(growth.reason or "", growth.n)
    if not drawdown.value:
        return unavailable("equity never fell", growth.n)
    return measured(growth.value / abs(drawdown.value), growth.n, reason=growth.reason)


def value_at_risk(returns: Floats) -> Metric:
    """The daily return that one day in twenty falls below, between the days next to it."""
    n = len(returns)
    if n < LEAST_DAYS:
        return _too_few(n)
    return measured(float(np.percentile(returns, 100 * TAIL)), n, reason=_thin_tail(n))


def conditional_value_at_risk(returns: Floats) -> Metric:
    """Mean return of the worst days, up to the one at the 5th percentile."""
    n = len(returns)
    if n < LEAST_DAYS:
        return _too_few(n)
    worst = np.sort(returns)[: int((n - 1) * TAIL) + 1]
    return measured(float(np.mean(worst)), n, reason=_thin_tail(n))


def _total_return(curve: EquityCurve) -> Metric:
    n = len(curve) - 1
    if n < 1:
        return unavailable("no minute after the opening", n)
    return measured(float(curve.equity[-1] / curve.equity[0] - 1.0), n)


def _ulcer_index(equity: Floats) -> Metric:
    n = len(equity) - 1
    if n < LEAST_DAYS:
        return _too_few(n)
    return measured(float(np.sqrt(np.mean(drawdowns(equity)[1:] ** 2))), n)


def _exposure_share(curve: EquityCurve) -> Metric:
    n = len(curve) - 1
    if n < 1:
        return unavailable("no minute after the opening", n)
    return measured(float(np.mean(curve.exposure[1:] != 0.0)), n)


def _annualised(value: float, n: int, interval: Interval = NO_INTERVAL) -> Metric:
    short = f"{n} days: under {RELIABLE_DAYS}, not reliable" if n < RELIABLE_DAYS else None
    return measured(value, n, interval, short)


def _thin_tail(n: int) -> str | None:
    return f"{n} days: the worst twentieth is less than one" if n * TAIL < 1.0 else None


def _too_few(n: int) -> Metric:
    return unavailable(f"{n} days are over: at least {LEAST_DAYS} are needed", n)
