"""What a fill costs beside the stories of scenarios/test_costs.py: the grid, and incomplete books."""

import numpy as np
import pytest

from babingepet.market.intervals import MINUTE
from babingepet.paper import fills
from babingepet.paper.fills import CostRules
from babingepet.paper.position import Order
from tests import factories as f

COSTS = CostRules()


def test_prices_and_fees_lie_on_the_grid_of_account_money():
    price = fills.marketable_price(1, np.nan, np.nan, 12_345.678_9, COSTS)
    assert price == round(12_345.678_9 * 1.00015, 8)
    assert fills.fee_of(0.00123, price, COSTS.taker_fee) == round(0.00123 * price * 0.0005, 8)


@pytest.mark.parametrize(
    ("side", "bid", "ask", "expected"),
    [(1, 99.0, np.nan, 100.015), (-1, np.nan, 101.0, 99.985), (-1, 99.0, np.nan, 98.9901)],
)
def test_a_book_without_the_side_that_is_needed_is_none(side, bid, ask, expected):
    assert fills.marketable_price(side, bid, ask, 100.0, COSTS) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(
    ("order", "fills_now"),
    [
        (Order(1, 1.0, f.NOON), True),
        (Order(-1, 1.0, f.NOON), True),
        (Order(1, 1.0, f.NOON - MINUTE), False),  # its minute was missed: it lapses
        (Order(1, 1.0, f.NOON + MINUTE), False),
        (Order(as_of=f.NOON), False),
    ],
)
def test_an_order_fills_only_in_the_minute_after_its_decision(order, fills_now):
    assert fills.fills_at(order, f.bar(time=f.NOON)) is fills_now


def test_no_position_pays_no_funding():
    assert fills.funding_due(f.position(0), f.bar(funding=0.01)) == 0.0
