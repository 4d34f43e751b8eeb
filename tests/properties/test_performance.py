"""What holds for the performance of any account."""

import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from babingepet.market.intervals import DAY, HOUR
from babingepet.performance.equity import deepest_drawdown, monthly_returns
from babingepet.performance.returns import return_metrics, sharpe_ratio
from babingepet.performance.trades import trade_metrics
from tests import factories as f

moves = st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=80)
pnls = st.lists(
    st.one_of(st.just(0.0), st.floats(-50, 50).map(lambda value: round(value, 2))),
    min_size=1,
    max_size=60,
)


def equity_of(steps):
    return 1000.0 * np.cumprod(np.concatenate([[1.0], 1.0 + np.array(steps)]))


def numbers(metric):
    return [metric["value"], metric["low"], metric["high"]]


def assert_same(one, other, name, **tolerance):
    assert one["reason"] == other["reason"], name
    for here, there in zip(numbers(one), numbers(other), strict=True):
        assert here == there or here == pytest.approx(there, **tolerance), name


@given(moves, st.sampled_from([HOUR, 7 * HOUR, DAY, 3 * DAY]))
def test_every_metric_has_a_finite_value_or_a_reason(steps, step):
    for name, metric in asdict(
        return_metrics(f.equity_curve(equity_of(steps), step=step), 365)
    ).items():
        assert metric["value"] is not None or metric["reason"], name
        assert all(number is None or math.isfinite(number) for number in numbers(metric)), name
        if metric["low"] is not None:
            assert metric["low"] <= metric["value"] <= metric["high"]


@given(moves)
def test_a_drawdown_is_between_a_total_loss_and_none(steps):
    curve = f.equity_curve(equity_of(steps), step=HOUR)
    depth = return_metrics(curve, 365).max_drawdown.value
    assert -1.0 <= depth <= 0.0
    told = deepest_drawdown(curve)
    assert (told is None) == (depth == 0.0)
    if told:
        assert told.start < told.valley <= (told.recovery or told.valley)
        assert told.valley_equity / told.peak_equity - 1 == pytest.approx(depth, abs=1e-12)
        assert told.duration <= curve.as_of[-1] - told.start


@given(moves, st.sampled_from([0.001, 7.0, 1e6]))
def test_capital_does_not_change_any_metric_of_returns(steps, scale):
    equity = equity_of([round(step, 3) for step in steps])
    one = asdict(return_metrics(f.equity_curve(equity), 365))
    other = asdict(return_metrics(f.equity_curve(equity * scale), 365))
    for name, metric in one.items():
        assert_same(metric, other[name], name, rel=1e-6, abs=1e-9)


@given(pnls, st.randoms())
def test_the_order_of_trades_changes_nothing_but_streaks(pnl, random):
    shuffled = random.sample(pnl, len(pnl))
    one = asdict(trade_metrics(f.round_trips(pnl)))
    other = asdict(trade_metrics(f.round_trips(shuffled)))
    for told in (one, other):
        streak = told.pop("longest_losing_streak")["value"]
        assert 0 <= streak <= told["losses"]
    for name, value in one.items():
        if isinstance(value, int):
            assert value == other[name]
        else:
            assert_same(value, other[name], name, rel=1e-9, abs=1e-12)


@given(pnls)
def test_counts_add_up_and_expectancy_is_what_wins_and_losses_leave(pnl):
    told = trade_metrics(f.round_trips(pnl))
    assert told.count == told.wins + told.losses + told.breakeven == len(pnl)
    won = (told.average_win.value or 0.0) * told.wins
    lost = (told.average_loss.value or 0.0) * told.losses
    assert told.expectancy.value * told.count == pytest.approx(won + lost, abs=1e-6)
    assert told.hit_rate.low <= told.hit_rate.value <= told.hit_rate.high


@given(st.lists(st.floats(-0.2, 0.2), min_size=3, max_size=60))
def test_a_day_of_zero_moves_the_sharpe_ratio_as_its_formula_says(steps):
    returns = np.array([round(step, 3) for step in steps])
    if np.ptp(returns) == 0.0:
        return
    n, mean = len(returns), returns.mean()
    squares = np.sum((returns - mean) ** 2) + mean**2 * n / (n + 1)
    expected = mean * n / (n + 1) / np.sqrt(squares / n) * np.sqrt(365)
    told = sharpe_ratio(np.append(returns, 0.0), 365).value
    assert told == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(moves)
def test_months_compound_to_the_total_return(steps):
    curve = f.equity_curve(equity_of(steps), step=2 * DAY)
    growth = np.prod([1.0 + month.value for month in monthly_returns(curve)])
    total = return_metrics(curve, 365).total_return.value
    assert growth - 1.0 == pytest.approx(total, rel=1e-9, abs=1e-9)
