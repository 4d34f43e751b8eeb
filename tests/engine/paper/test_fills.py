import numpy as np
import pytest

from babingepet.market.intervals import MINUTE
from babingepet.paper import fills
from babingepet.paper.fills import CostRules
from babingepet.paper.position import Order
from tests import factories as f

COSTS = CostRules()
BPS = 1e-4


@pytest.mark.parametrize(
    ("side", "bid", "ask", "expected"),
    [
        (1, 99.0, 101.0, 101.0 * (1 + BPS)),  # buys at the ask and slips
        (-1, 99.0, 101.0, 99.0 * (1 - BPS)),
        (1, np.nan, np.nan, 100.0 * (1 + 1.5 * BPS)),  # no book: half a spread more
        (-1, np.nan, np.nan, 100.0 * (1 - 1.5 * BPS)),
    ],
)
def test_a_market_order_pays_the_touch_and_slippage(side, bid, ask, expected):
    assert fills.marketable_price(side, bid, ask, 100.0, COSTS) == pytest.approx(expected, abs=1e-8)


def test_an_entry_reads_the_first_quote_of_the_minute_or_its_open():
    order = Order(1, 1.0, f.NOON)
    quoted = f.bar(100.0, close=200.0, first_bid=149.0, first_ask=150.0, last_ask=190.0)
    assert fills.entry_price(order, quoted, COSTS) == pytest.approx(150.0 * 1.0001)
    bare = f.bar(100.0, close=200.0)
    assert fills.entry_price(order, bare, COSTS) == pytest.approx(100.0 * 1.00015)


@pytest.mark.parametrize(("side", "expected"), [(1, 99.99), (-1, 100.01)])
def test_a_resting_stop_slips_against_its_position(side, expected):
    assert fills.resting_price(side, 100.0, COSTS) == pytest.approx(expected, abs=1e-12)


def test_prices_and_fees_lie_on_the_grid_of_account_money():
    price = fills.marketable_price(1, np.nan, np.nan, 12_345.678_9, COSTS)
    assert price == round(12_345.678_9 * 1.00015, 8)
    assert fills.fee_of(0.00123, price, COSTS.taker_fee) == round(0.00123 * price * 0.0005, 8)


def test_costs_can_be_set():
    free = CostRules(taker_fee=0.0, slippage_bps=0.0, half_spread_bps=0.0)
    assert fills.marketable_price(1, np.nan, np.nan, 100.0, free) == 100.0
    assert fills.fee_of(5.0, 100.0, free.taker_fee) == 0.0


@pytest.mark.parametrize(
    ("order", "fills_now"),
    [
        (Order(1, 1.0, f.NOON), True),
        (Order(1, 1.0, f.NOON - MINUTE), False),  # its minute was missed: it lapses
        (Order(1, 1.0, f.NOON + MINUTE), False),
        (Order(), False),
    ],
)
def test_an_order_fills_only_in_the_minute_after_its_decision(order, fills_now):
    assert fills.fills_at(order, f.bar(time=f.NOON)) is fills_now


@pytest.mark.parametrize(
    ("side", "rate", "paid"),
    [(1, 1e-4, 0.02), (-1, 1e-4, -0.02), (1, -1e-4, -0.02), (0, 1e-4, 0.0)],
)
def test_longs_pay_a_positive_rate_and_shorts_receive_it(side, rate, paid):
    held = f.position(side, quantity=2.0)
    assert fills.funding_due(held, f.bar(funding=rate * 100.0)) == pytest.approx(paid, abs=1e-12)


@pytest.mark.parametrize(
    ("entry_time", "pays"), [(f.NOON - MINUTE, True), (f.NOON, False), (f.NOON + MINUTE, False)]
)
def test_a_fill_at_the_settlement_does_not_pay_it(entry_time, pays):
    due = fills.funding_due(f.position(entry_time=entry_time), f.bar(time=f.NOON, funding=1.0))
    assert (due > 0.0) is pays
