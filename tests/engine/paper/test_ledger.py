import pytest

from babingepet.domain.codes import ExitReason
from babingepet.paper import ledger as led
from babingepet.paper.fills import CostRules
from babingepet.paper.position import Exit, Ledger
from tests import factories as f

COSTS = CostRules()


def test_cash_moves_by_realised_pnl_fees_and_funding_only():
    ledger = led.pay(Ledger(1_000.0), 12.5, 0.25, -0.5, 0.125)
    assert ledger == Ledger(1_012.75, 12.5, 0.25, -0.5, 0.125)
    assert led.pay(ledger, 0.0, 0.0, 0.0, 0.0) == ledger


def test_ten_thousand_small_costs_add_up_to_the_last_decimal():
    ledger = Ledger(1_000.0)
    for _ in range(10_000):
        ledger = led.pay(ledger, 0.0, 0.1, 1e-8, 0.0)
    assert ledger == Ledger(-0.0001, 0.0, 1_000.0, 0.0001)


@pytest.mark.parametrize(
    ("side", "mark", "expected"), [(1, 103.0, 6.0), (-1, 103.0, -6.0), (0, 103.0, 0.0)]
)
def test_an_open_position_is_marked_without_exit_costs(side, mark, expected):
    assert led.unrealized_pnl(f.position(side, quantity=2.0), mark) == expected


@pytest.mark.parametrize(("side", "price", "gross"), [(1, 102.0, 4.0), (-1, 102.0, -4.0)])
def test_a_closed_trade_is_net_of_both_fees_and_funding(side, price, gross):
    held = f.position(side, quantity=2.0, entry_fee=0.1, funding_paid=0.03)
    trade = led.close_trade(held, Exit(ExitReason.TARGET.value, price, price), f.NOON, COSTS)
    fees = 0.1 + 2.0 * price * 0.0005
    net = gross - fees - 0.03
    assert (trade.gross_pnl, trade.fees_paid, trade.funding_paid) == pytest.approx(
        (gross, fees, 0.03)
    )
    assert trade.net_pnl == pytest.approx(net, abs=1e-8)
    assert trade.net_return == pytest.approx(net / 200.0)  # on entry notional
    assert trade.r_multiple == pytest.approx(net / (2.0 * 0.6))  # on what the first stop risked
    assert (trade.exit_time, trade.exit_price, trade.exit_reason) == (
        f.NOON,
        price,
        ExitReason.TARGET,
    )


def test_the_risk_is_that_of_the_initial_stop_however_far_it_moved():
    held = f.position(stop=101.5, stop_reason=ExitReason.TRAIL.value)
    trade = led.close_trade(held, Exit(ExitReason.TRAIL.value, 101.5, 101.5), f.NOON, COSTS)
    assert trade.r_multiple == pytest.approx(trade.net_pnl / 0.6)
