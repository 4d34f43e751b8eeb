"""Metrics of returns: when there is a value, when there is none, and what it is by hand."""

import math
from dataclasses import asdict

import numpy as np
import pytest

from babingepet.errors import InputError
from babingepet.market.intervals import HOUR, MINUTE
from babingepet.performance.returns import daily_returns, return_metrics
from tests import factories as f

DAILY = (
    "cagr", "volatility", "sharpe_ratio", "sortino_ratio", "calmar_ratio", "value_at_risk_95",
    "conditional_value_at_risk_95", "ulcer_index",
)  # fmt: skip
ANNUALISED = DAILY[:5]


def metrics(values, periods=365, **given):
    return return_metrics(f.equity_curve(values, **given), periods)


def test_ratios_follow_their_formulas():
    told = metrics([100, 110, 99, 108.9])  # +10 %, -10 %, +10 %
    mean, deviation = 0.1 / 3, math.sqrt((2 * (0.2 / 3) ** 2 + (0.4 / 3) ** 2) / 2)
    assert told.volatility.value == pytest.approx(deviation * math.sqrt(365), rel=1e-12)
    assert told.sharpe_ratio.value == pytest.approx(mean / deviation * math.sqrt(365), rel=1e-12)
    downside = math.sqrt(0.01 / 3)
    assert told.sortino_ratio.value == pytest.approx(mean / downside * math.sqrt(365), rel=1e-12)
    assert told.cagr.value == pytest.approx(1.089 ** (365 / 3) - 1, rel=1e-10)
    assert told.calmar_ratio.value == pytest.approx(told.cagr.value / 0.1, rel=1e-12)
    assert told.total_return.value == pytest.approx(0.089, abs=1e-12)
    assert told.max_drawdown.value == pytest.approx(-0.1, abs=1e-12)
    assert told.ulcer_index.value == pytest.approx(math.sqrt((0.1**2 + 0.01**2) / 3), rel=1e-12)
    assert told.conditional_value_at_risk_95.value == pytest.approx(-0.1, abs=1e-12)
    assert told.value_at_risk_95.value == pytest.approx(-0.1 + 0.1 * 0.2, abs=1e-12)


def test_periods_a_year_scale_the_ratios_by_their_root():
    values = [100, 103, 101, 104]
    daily, traded = metrics(values, 365), metrics(values, 240)
    for name in ("sharpe_ratio", "sortino_ratio", "volatility"):
        ratio = getattr(daily, name).value / getattr(traded, name).value
        assert ratio == pytest.approx(math.sqrt(365 / 240), rel=1e-12)


@pytest.mark.parametrize("periods", [0, -1, math.nan])
def test_periods_a_year_must_be_positive(periods):
    with pytest.raises(InputError, match="periods_per_year"):
        metrics([100, 101, 102], periods)


def test_fewer_than_two_days_have_no_ratio_but_a_return_and_a_drawdown():
    told = metrics([100, 80, 120], step=HOUR)
    for name in DAILY:
        metric = getattr(told, name)
        assert (metric.value, metric.n) == (None, 0)
        assert "at least 2 are needed" in metric.reason
    assert told.total_return.value == pytest.approx(0.2, abs=1e-12)
    assert told.max_drawdown.value == pytest.approx(-0.2, abs=1e-12)


def test_an_account_that_never_moved_has_no_ratio():
    told = metrics([1000.0] * 40)
    for name, said in {
        "sharpe_ratio": "do not differ", "sortino_ratio": "no day lost",
        "calmar_ratio": "never fell",
    }.items():  # fmt: skip
        metric = getattr(told, name)
        assert metric.value is None
        assert said in metric.reason
    for name in ("total_return", "cagr", "volatility", "max_drawdown", "ulcer_index"):
        assert getattr(told, name).value == 0.0


def test_the_same_return_each_day_is_no_risk_in_spite_of_rounding():
    told = metrics(1000.0 * 1.003 ** np.arange(50))
    assert told.sharpe_ratio.value is None
    assert told.sortino_ratio.value is None
    assert told.cagr.value == pytest.approx(1.003**365 - 1, rel=1e-9)


def test_minutes_are_never_annualised():
    """Whatever happens between midnights, only drawdown and return of the minutes see it."""
    steps = 60 * 24
    days = np.repeat([100.0, 103.0, 101.0, 106.0, 104.0], steps)[steps - 1 :]
    calm = metrics(days, step=MINUTE)
    wild = days * (1 + 0.3 * np.sin(np.arange(len(days)) * 2 * np.pi / steps))
    shaken = metrics(wild, step=MINUTE)
    for name in ("cagr", "volatility", "sharpe_ratio", "sortino_ratio", "ulcer_index"):
        assert getattr(shaken, name).n == 4
        assert getattr(shaken, name).value == pytest.approx(getattr(calm, name).value, rel=1e-9)
    assert shaken.max_drawdown.value < -0.4 < calm.max_drawdown.value
    assert shaken.max_drawdown.n == len(days) - 1


def test_under_thirty_days_annualised_numbers_are_flagged():
    values = 100 + np.sin(np.arange(31))
    for name in ANNUALISED:
        assert getattr(metrics(values[:30]), name).reason == "29 days: under 30, not reliable"
        assert getattr(metrics(values), name).reason is None
        assert getattr(metrics(values[:30]), name).value is not None


def test_a_tail_of_less_than_one_day_is_flagged():
    values = 100 + np.sin(np.arange(21))
    assert metrics(values).value_at_risk_95.reason is None
    assert "less than one" in metrics(values[:20]).conditional_value_at_risk_95.reason


def test_a_growth_that_no_number_holds_is_unavailable():
    told = metrics([1e-3, 1e3, 1e9])
    assert told.cagr.value is None
    assert told.cagr.reason == "too large for a number"
    assert told.calmar_ratio.value is None


def test_a_ruined_account_has_returns_until_its_ruin_and_no_growth():
    told = metrics([100, 50, 0, 0, -10])
    assert told.cagr.reason == "the account is ruined"
    assert told.total_return.value == pytest.approx(-1.1, abs=1e-12)
    assert told.volatility.n == 2
    assert daily_returns(np.array([100.0, 50.0, 0.0, 7.0])).tolist() == [-0.5, -1.0]


def test_exposure_is_the_share_of_minutes_that_ended_with_a_position():
    curve = f.equity_curve([100.0] * 5, step=MINUTE)
    held = type(curve)(curve.as_of, curve.equity, np.array([9.0, 0.0, 0.4, 0.5, 0.0]))
    share = return_metrics(held, 365).exposure_share
    assert (share.value, share.n) == (0.5, 4)


def test_an_opening_alone_has_no_metric():
    for metric in asdict(metrics([100.0])).values():
        assert metric["value"] is None
        assert metric["reason"]
