"""What fills cost: ticks against the account, maker targets, slippage counted apart."""

import numpy as np
import pytest

from babingepet.cycles.settings import BtcSettings, with_filters
from babingepet.domain.codes import ExitReason
from babingepet.market.instruments import ExchangeFilters
from babingepet.paper import exits, fills
from babingepet.paper import ledger as led
from babingepet.paper.fills import CostRules
from babingepet.paper.position import Exit, Order
from tests import factories as f

COSTS = CostRules()
TICKED = CostRules(price_tick=0.1)
FILTERS = ExchangeFilters(
    price_tick=0.1, quantity_step=0.001, min_quantity=0.002, min_notional=100.0
)


@pytest.mark.parametrize(
    ("side", "price", "expected"),
    [
        (1, 97_234.51, 97_234.6),
        (-1, 97_234.59, 97_234.5),
        (1, 97_234.9, 97_234.9),  # 97234.9 / 0.1 is 972348.9999999999
        (-1, 97_234.9, 97_234.9),
        (1, 0.05, 0.1),
        (-1, 0.05, 0.0),
    ],
)
def test_a_buyer_rounds_up_to_the_tick_and_a_seller_down(side, price, expected):
    assert fills.on_tick(side, price, TICKED) == expected


def test_without_a_tick_prices_keep_eight_decimals():
    assert fills.on_tick(1, 1.234567894, COSTS) == 1.23456789


@pytest.mark.parametrize("side", [1, -1])
def test_every_fill_lies_on_the_tick_and_never_in_favour_of_the_account(side):
    free = fills.marketable_price(side, np.nan, np.nan, 97_234.56, COSTS)
    ticked = fills.marketable_price(side, np.nan, np.nan, 97_234.56, TICKED)
    assert round(ticked * 10, 6) == round(ticked * 10)
    assert 0.0 <= side * (ticked - free) < 0.1
    stopped = fills.resting_price(side, 97_234.56, TICKED)
    assert 0.0 <= side * (fills.resting_price(side, 97_234.56, COSTS) - stopped) < 0.1


@pytest.mark.parametrize(("side", "target"), [(1, 102.6), (-1, 97.5)])
def test_a_target_rests_on_the_tick_beyond_its_distance(side, target):
    order = Order(side, 1.0, f.NOON, 2)
    opened = exits.open_position(order, f.bar(100.0), 100.01, exits.ExitRules(), TICKED)
    assert opened.target == target


def test_a_target_that_rests_in_the_book_pays_the_makers_fee_and_a_stop_does_not():
    maker = CostRules(target_is_maker=True)
    held = f.position(quantity=2.0)
    left = Exit(ExitReason.TARGET.value, 102.5, 102.5)
    assert led.close_trade(held, left, f.NOON, maker).fees_paid == pytest.approx(205 * 0.0002)
    assert led.close_trade(held, left, f.NOON, COSTS).fees_paid == pytest.approx(205 * 0.0005)
    stopped = Exit(ExitReason.STOP_LOSS.value, 99.4, 99.4)
    assert led.close_trade(held, stopped, f.NOON, maker).fees_paid == pytest.approx(198.8 * 0.0005)


@pytest.mark.parametrize("side", [1, -1])
def test_slippage_is_counted_from_the_mid_at_entry_and_from_the_level_at_exit(side):
    order = Order(side, 2.0, f.NOON, 2)
    bar = f.bar(100.0)
    price = fills.entry_price(order, bar, COSTS)
    held = exits.open_position(order, bar, price, exits.ExitRules(), COSTS)
    assert held.entry_slippage == pytest.approx(2.0 * 100.0 * 1.5e-4)
    _, left = exits.exit_step(held, _through(held), 1.0, exits.ExitRules(), COSTS)
    trade = led.close_trade(held, left, f.NOON, COSTS)
    assert trade.slippage_paid == pytest.approx(0.03 + 2.0 * held.stop * 1e-4, abs=1e-7)


def _through(held):
    """A minute whose adverse extreme lies beyond the stop."""
    far = held.stop - held.side * 1.0
    return f.bar(100.0, max(100.0, far), min(100.0, far))


def test_with_a_book_half_the_spread_is_part_of_the_slippage():
    order = Order(1, 1.0, f.NOON, 2)
    bar = f.bar(100.0, first_bid=99.5, first_ask=100.5)
    price = fills.entry_price(order, bar, COSTS)
    held = exits.open_position(order, bar, price, exits.ExitRules(), COSTS)
    assert held.entry_slippage == pytest.approx(0.5 + 100.5e-4)


def test_the_target_costs_no_slippage():
    trade = led.close_trade(
        f.position(), Exit(ExitReason.TARGET.value, 102.5, 102.5), f.NOON, COSTS
    )
    assert trade.slippage_paid == 0.0


def test_the_exchanges_limits_replace_ours_only_where_the_settings_ask_for_them():
    assert with_filters(BtcSettings(), FILTERS) == BtcSettings()
    asked = with_filters(f.settings("exchange_filters=true"), FILTERS)
    assert asked.sizing.quantity_step == 0.001
    assert asked.sizing.min_quantity == 0.002
    assert asked.sizing.min_notional == 100.0
    assert asked.costs.price_tick == 0.1
