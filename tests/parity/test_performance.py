"""Performance metrics against the libraries of the field, on made-up and on recorded days."""

import empyrical
import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from babingepet.market.intervals import DAY
from babingepet.performance.confidence import (
    Z,
    mean_interval,
    sharpe_interval,
    student_t,
    wilson_interval,
)
from babingepet.performance.equity import daily_equity
from babingepet.performance.returns import daily_returns, return_metrics
from babingepet.performance.trades import trade_metrics
from tests import factories as f
from tests.parity.recorded import spot_minutes

START = 1_709_510_400_000
YEAR = {"annualization": 365}


def made_up(seed, days):
    rng = np.random.default_rng(seed)
    return rng.standard_t(3, days) * 0.02 + 0.001


def reference(returns):
    """What empyrical says of daily returns."""
    return {
        "cagr": empyrical.annual_return(returns, **YEAR),
        "volatility": empyrical.annual_volatility(returns, **YEAR),
        "sharpe_ratio": empyrical.sharpe_ratio(returns, **YEAR),
        "sortino_ratio": empyrical.sortino_ratio(returns, **YEAR),
        "max_drawdown": empyrical.max_drawdown(returns),
        "calmar_ratio": empyrical.calmar_ratio(returns, **YEAR),
        "total_return": empyrical.cum_returns_final(returns),
        "value_at_risk_95": empyrical.value_at_risk(returns),
        "conditional_value_at_risk_95": empyrical.conditional_value_at_risk(returns),
    }


def assert_same(told, returns):
    for name, value in reference(returns).items():
        assert getattr(told, name).value == pytest.approx(value, rel=1e-9, abs=1e-9), name


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("days", [7, 30, 400])
def test_returns_metrics_are_those_of_empyrical(seed, days):
    returns = made_up(seed, days)
    equity = 1000 * np.cumprod(np.concatenate([[1.0], 1 + returns]))
    assert_same(return_metrics(f.equity_curve(equity), 365), returns)


def test_recorded_minutes_held_as_an_account_are_those_of_empyrical_on_their_days(recorded_data):
    minutes = spot_minutes(recorded_data, START, 40)
    count = len(minutes)
    curve = f.equity_curve(minutes.close / 60, first=START, step=60_000)
    told = return_metrics(curve, 365)
    midnights = np.searchsorted(curve.as_of, np.arange(START, curve.as_of[-1] + 1, DAY))
    returns = np.diff(curve.equity[midnights]) / curve.equity[midnights[:-1]]
    np.testing.assert_array_equal(daily_returns(daily_equity(curve).equity).shape, returns.shape)
    expected = reference(returns)
    for name in ("cagr", "volatility", "sharpe_ratio", "sortino_ratio", "value_at_risk_95"):
        assert getattr(told, name).value == pytest.approx(expected[name], rel=1e-9), name
    of_minutes = empyrical.max_drawdown(np.diff(curve.equity) / curve.equity[:-1])
    assert told.max_drawdown.value == pytest.approx(of_minutes, rel=1e-9)
    assert told.max_drawdown.n == count - 1
    assert of_minutes < expected["max_drawdown"]  # what a daily one would have hidden


def test_the_wilson_interval_is_that_of_statsmodels():
    alpha = 2 * stats.norm.sf(Z)
    for n in (1, 2, 5, 23, 100, 4_000):
        for wins in {0, 1, n // 3, n - 1, n}:
            expected = proportion_confint(wins, n, alpha=alpha, method="wilson")
            assert wilson_interval(wins, n) == pytest.approx(expected, abs=1e-12)


def test_the_quantile_of_student_is_that_of_scipy():
    for degrees in [*range(1, 60), 99, 100, 365, 1_000, 9_999, 100_000]:
        expected = stats.t.ppf(0.975, degrees)
        assert student_t(degrees) == pytest.approx(expected, rel=1e-9), degrees


@pytest.mark.parametrize("n", [2, 3, 12, 200])
def test_the_interval_of_a_mean_is_that_of_scipy(n):
    values = np.random.default_rng(n).normal(0.3, 2.0, n)
    expected = stats.t.interval(0.95, n - 1, loc=values.mean(), scale=stats.sem(values))
    assert mean_interval(values) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("days", [5, 40, 365])
def test_the_sharpe_interval_is_that_of_its_formula_on_scipys_moments(days):
    """Reference: Mertens (2002), eq. for the variance of the estimator."""
    returns = made_up(9, days)
    ratio = returns.mean() / returns.std(ddof=1)
    skew, kurtosis = stats.skew(returns), stats.kurtosis(returns, fisher=False)
    variance = (1 + ratio**2 / 2 - skew * ratio + (kurtosis - 3) / 4 * ratio**2) / days
    expected = (ratio + np.array([-1.96, 1.96]) * np.sqrt(variance)) * np.sqrt(365)
    assert sharpe_interval(returns, 365) == pytest.approx(tuple(expected), rel=1e-9)


def test_the_sharpe_interval_is_that_of_a_bootstrap():
    returns = made_up(3, 500)

    def sharpe(sample, axis):
        return sample.mean(axis) / sample.std(axis, ddof=1) * np.sqrt(365)

    boot = stats.bootstrap(
        (returns,), sharpe, n_resamples=2_000, rng=np.random.default_rng(1), method="percentile"
    ).confidence_interval
    assert sharpe_interval(returns, 365) == pytest.approx((boot.low, boot.high), abs=0.25)


@pytest.mark.parametrize("seed", range(3))
def test_trade_metrics_are_those_of_pandas_and_their_formulas(seed):
    """Formulas of SQN, expectancy and profit factor as backtesting.py states them."""
    import pandas as pd

    pnl = pd.Series(np.random.default_rng(seed).normal(0.1, 1.0, 57))
    told = trade_metrics(f.round_trips(pnl.to_numpy()))
    won, lost = pnl[pnl > 0], pnl[pnl < 0]
    expected = {
        "system_quality_number": np.sqrt(len(pnl)) * pnl.mean() / pnl.std(),
        "expectancy": pnl.mean(),
        "hit_rate": (pnl > 0).mean(),
        "profit_factor": won.sum() / abs(lost.sum()),
        "payoff_ratio": won.mean() / abs(lost.mean()),
        "longest_losing_streak": (pnl < 0).groupby((pnl >= 0).cumsum()).sum().max(),
    }
    for name, value in expected.items():
        assert getattr(told, name).value == pytest.approx(value, rel=1e-12), name
