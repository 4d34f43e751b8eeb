"""What an open position remembers. When it leaves, and at which price: scenarios/."""

import pytest

from babingepet.domain.codes import ExitReason, Grade
from babingepet.paper import exits as x
from babingepet.paper.fills import CostRules
from babingepet.paper.position import Order
from tests import factories as f

RULES = x.ExitRules()
COSTS = CostRules()
SIDES = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])


@SIDES
def test_a_position_begins_at_its_fill_with_the_grade_of_its_order(side):
    opened = x.open_position(
        Order(side, 2.0, f.NOON, Grade.B.value), f.bar(100.0), 100.0, RULES, COSTS
    )
    assert (opened.side, opened.quantity, opened.entry_time) == (side, 2.0, f.NOON)
    assert (opened.peak, opened.armed, opened.funding_paid) == (100.0, False, 0.0)
    assert opened.stop == opened.initial_stop
    assert ExitReason(opened.stop_reason) is ExitReason.STOP_LOSS
    assert Grade(opened.grade) is Grade.B


@SIDES
@pytest.mark.parametrize(
    ("profits", "peak", "armed"),
    [
        ([0.0], 0.0, False),
        ([-0.3], 0.0, False),  # the entry itself is the first peak
        ([0.4, 0.9, 0.2], 0.9, False),
        ([0.4, 1.0], 1.0, True),
        ([1.3, 1.1, 1.0], 1.3, True),
    ],
)
def test_the_best_price_is_remembered_and_one_per_cent_arms(side, profits, peak, armed):
    held = f.position(side, stop=100.0 - side * 5.0)
    for profit in profits:
        held, left = x.exit_step(held, f.bar(100.0 + side * profit), 1.0, RULES, COSTS)
        assert ExitReason(left.reason) is ExitReason.NONE
    assert held.peak == pytest.approx(100.0 + side * peak)
    assert held.armed is armed


@SIDES
def test_the_initial_stop_stays_on_record_while_the_stop_moves(side):
    held = f.position(side)
    after, _ = x.exit_step(held, f.bar(100.0 + side * 2.0), 1.0, RULES, COSTS)
    assert after.stop != after.initial_stop == held.initial_stop


def test_a_position_that_left_keeps_the_levels_it_had():
    held = f.position()
    after, left = x.exit_step(held, f.bar(100.0, 105.0, 99.0, 100.0), 1.0, RULES, COSTS)
    assert ExitReason(left.reason) is ExitReason.STOP_LOSS
    assert after == held
