"""Metrics of closed trades by hand, and what is said where there is nothing to measure."""

from dataclasses import asdict

import numpy as np
import pytest

from babingepet.performance.trades import costs, trade_metrics
from tests import factories as f


def test_metrics_follow_their_formulas():
    """Reference: the formulas; expectancy is also hit rate x average win + the rest."""
    pnl = [4.0, -2.0, 0.0, 6.0, -1.0]
    told = trade_metrics(f.round_trips(pnl, r_multiple=np.array(pnl) / 4))
    assert (told.count, told.wins, told.losses, told.breakeven) == (5, 2, 2, 1)
    assert told.hit_rate.value == 0.4
    assert told.expectancy.value == pytest.approx(1.4, abs=1e-15)
    assert told.expectancy.value == pytest.approx(0.4 * 5.0 + 0.4 * -1.5, abs=1e-15)
    assert told.expectancy_r.value == pytest.approx(0.35, abs=1e-15)
    assert told.profit_factor.value == pytest.approx(10 / 3, abs=1e-15)
    assert told.payoff_ratio.value == pytest.approx(5 / 1.5, abs=1e-15)
    assert (told.average_win.value, told.average_win.n) == (5.0, 2)
    assert (told.average_loss.value, told.average_loss.n) == (-1.5, 2)
    deviation = np.sqrt(sum((p - 1.4) ** 2 for p in pnl) / 4)
    assert told.system_quality_number.value == pytest.approx(5**0.5 * 1.4 / deviation, rel=1e-12)


def test_an_account_without_trades_says_so():
    told = asdict(trade_metrics(f.round_trips([])))
    assert [told.pop(name) for name in ("count", "wins", "losses", "breakeven")] == [0] * 4
    for metric in told.values():
        assert (metric["value"], metric["n"]) == (None, 0)
        assert metric["reason"] == "no closed trades"
    assert {metric["value"] for metric in asdict(costs(f.round_trips([]))).values()} == {0.0}


def test_without_a_loss_there_is_no_profit_factor():
    told = trade_metrics(f.round_trips([1.0, 2.0, 0.0]))
    for name in ("profit_factor", "payoff_ratio", "average_loss"):
        assert getattr(told, name).value is None
        assert getattr(told, name).reason == "no trade lost"
    assert told.longest_losing_streak.value == 0.0


def test_without_a_win_the_profit_factor_is_zero_and_there_is_no_payoff():
    told = trade_metrics(f.round_trips([-1.0, -2.0]))
    assert told.profit_factor.value == 0.0
    assert told.payoff_ratio.reason == told.average_win.reason == "no trade won"


def test_trades_that_do_not_differ_have_no_quality_number_and_no_interval():
    told = trade_metrics(f.round_trips([1.5, 1.5, 1.5]))
    assert told.system_quality_number.reason == "trades do not differ"
    assert (told.expectancy.low, told.expectancy.high) == (None, None)
    one = trade_metrics(f.round_trips([1.5]))
    assert one.system_quality_number.reason == "1 closed trades: at least 2 are needed"
    assert one.hit_rate.low < 1.0


@pytest.mark.parametrize(
    ("pnl", "streak"),
    [
        ([-1, -1, 1, -1], 2),
        ([-1, 0.0, -1, 0.0, -1, 2], 3),
        ([1, -1, 1, -1, -1, -1], 3),
        ([1, 2], 0),
        ([0.0, 0.0], 0),
        ([5e-10, -1, -5e-10, -1], 2),
    ],
)
def test_a_win_ends_a_losing_streak_and_a_breakeven_trade_does_not(pnl, streak):
    assert trade_metrics(f.round_trips(pnl)).longest_losing_streak.value == streak


def test_costs_lead_from_gross_to_net():
    told = costs(
        f.round_trips([0.1, 0.2, -0.3], fees_paid=0.1, funding_paid=np.array([0.02, -0.05, 0.0]))
    )
    assert told.net_pnl.value == 0.0
    assert told.fees_paid.value == 0.3
    assert told.funding_paid.value == -0.03
    assert told.gross_pnl.value == 0.27
    assert told.net_pnl.n == 3


def test_slippage_that_was_not_recorded_is_not_zero():
    told = costs(f.round_trips([1.0, 2.0], slippage_paid=np.array([0.1, np.nan])))
    assert told.slippage_paid.value is None
    assert told.slippage_paid.reason == "not recorded with the fills"
    assert costs(f.round_trips([1.0, 2.0], slippage_paid=0.1)).slippage_paid.value == 0.2


def test_a_trade_without_a_result_is_dropped_and_one_without_a_risk_only_from_r():
    told = trade_metrics(
        f.round_trips([1.0, np.nan, -3.0, 4.0], r_multiple=np.array([0.5, 9.0, np.nan, 2.0]))
    )
    assert told.count == 3
    assert (told.expectancy_r.value, told.expectancy_r.n) == (1.25, 2)
    unknown = trade_metrics(f.round_trips([1.0, 2.0], r_multiple=np.nan))
    assert unknown.expectancy_r.reason == "no trade with a known initial risk"
