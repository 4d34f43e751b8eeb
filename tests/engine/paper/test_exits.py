"""Exits as a specification: a position, a minute, and what becomes of it.

The long position was filled at 100: stop 99.4, target 102.5, trail from a peak of 101. Shorts are
the same rows mirrored at 100, so that no rule can favour a side.
"""

import numpy as np
import pytest

from babingepet.domain.codes import ExitReason, Grade
from babingepet.market.intervals import DAY, MINUTE
from babingepet.paper import exits as x
from babingepet.paper.fills import CostRules
from babingepet.paper.position import Order
from tests import factories as f

RULES = x.ExitRules()
COSTS = CostRules()
FREE = CostRules(taker_fee=0.0, slippage_bps=0.0, half_spread_bps=0.0)
ARMED = {"peak": 101.2, "armed": True, "stop": 100.9, "stop_reason": ExitReason.TRAIL.value}
CHANDELIER = {**ARMED, "stop_reason": ExitReason.CHANDELIER.value}
LEVELS = ("stop", "target", "peak", "initial_stop")
SIDES = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])


def mirror(price, side):
    return price if side > 0 else 200.0 - price


def step(side, ohlc, *, chandelier=np.nan, leverage=1.0, costs=FREE, rules=RULES, **held):
    """One minute of the mirrored position; levels come back as if it were long."""
    held = {k: mirror(v, side) if k in LEVELS else v for k, v in held.items()}
    position = f.position(side, **({"stop": mirror(99.4, side)} | held))
    open_, high, low, close = (mirror(price, side) for price in ohlc)
    high, low = max(high, low), min(high, low)
    level = {"chandelier_long" if side > 0 else "chandelier_short": mirror(chandelier, side)}
    minute = f.bar(open_, high, low, close, **level)
    after, left = x.exit_step(position, minute, leverage, rules, costs)
    return after, ExitReason(left.reason).name, left.price


STAYS = "NONE"


@SIDES
@pytest.mark.parametrize(
    ("held", "ohlc", "reason", "price"),
    [
        # --- nothing is reached
        ({}, (100.0, 100.5, 99.5, 100.1), STAYS, 0.0),
        ({}, (100.0, 102.49, 99.41, 100.0), STAYS, 0.0),
        ({}, (100.0, 100.0, 100.0, 100.0), STAYS, 0.0),
        # --- (a) the open lies beyond the stop: fill at the open
        ({}, (99.39, 99.5, 99.0, 99.2), "STOP_LOSS_GAP", 99.39),
        ({}, (95.0, 103.0, 94.0, 102.0), "STOP_LOSS_GAP", 95.0),
        (ARMED, (100.8, 102.6, 100.0, 101.0), "TRAIL_GAP", 100.8),
        (CHANDELIER, (100.89, 101.0, 100.0, 101.0), "CHANDELIER_GAP", 100.89),
        # --- "beyond" is strict: an open at the stop is a stop
        ({}, (99.4, 99.5, 99.0, 99.2), "STOP_LOSS", 99.4),
        (ARMED, (100.9, 101.5, 100.9, 101.0), "TRAIL", 100.9),
        # --- (b) the adverse extreme reaches the stop: fill at the stop
        ({}, (100.0, 100.1, 99.4, 99.8), "STOP_LOSS", 99.4),
        ({}, (100.0, 100.1, 99.39, 99.8), "STOP_LOSS", 99.4),
        ({}, (100.0, 100.1, 90.0, 90.0), "STOP_LOSS", 99.4),
        (ARMED, (101.0, 101.1, 100.9, 101.0), "TRAIL", 100.9),
        (ARMED, (101.0, 101.1, 100.91, 101.0), STAYS, 0.0),
        (CHANDELIER, (101.0, 101.1, 100.5, 100.6), "CHANDELIER", 100.9),
        # --- (c) the favourable extreme reaches the target: fill there exactly
        ({}, (100.0, 102.5, 99.9, 102.0), "TARGET", 102.5),
        ({}, (100.0, 110.0, 99.9, 109.0), "TARGET", 102.5),
        ({}, (104.0, 105.0, 103.0, 104.0), "TARGET", 102.5),  # no improvement at the open
        (ARMED, (101.5, 103.0, 101.4, 102.0), "TARGET", 102.5),
        # --- both in one minute: the stop
        ({}, (100.0, 103.0, 99.0, 102.0), "STOP_LOSS", 99.4),
        ({}, (100.0, 102.5, 99.4, 100.0), "STOP_LOSS", 99.4),
        (ARMED, (101.0, 103.0, 100.0, 102.0), "TRAIL", 100.9),
        ({}, (99.0, 103.0, 98.0, 102.0), "STOP_LOSS_GAP", 99.0),
        # --- (d) a trail that this minute arms or moves cannot close it
        ({}, (100.0, 101.5, 99.5, 99.6), STAYS, 0.0),
        (ARMED, (101.2, 102.0, 100.95, 101.0), STAYS, 0.0),
    ],
)  # fmt: skip
def test_one_minute_of_a_position(side, held, ohlc, reason, price):
    _, left, at = step(side, ohlc, **held)
    assert left == reason
    assert at == pytest.approx(mirror(price, side) if price else 0.0, abs=1e-8)


@SIDES
@pytest.mark.parametrize(
    ("held", "ohlc", "chandelier", "stop", "reason", "armed", "peak"),
    [
        # not armed below one per cent; the peak is remembered
        ({}, (100.0, 100.99, 99.9, 100.0), np.nan, 99.4, "STOP_LOSS", False, 100.99),
        ({"peak": 100.8}, (100.0, 100.5, 99.9, 100.0), np.nan, 99.4, "STOP_LOSS", False, 100.8),
        # armed at exactly one per cent: keeps three quarters of the peak profit
        ({}, (100.0, 101.0, 99.9, 100.8), np.nan, 100.75, "TRAIL", True, 101.0),
        ({}, (100.0, 102.0, 99.9, 101.9), np.nan, 101.5, "TRAIL", True, 102.0),
        # it ratchets
        (ARMED, (101.2, 102.0, 101.1, 101.9), np.nan, 101.5, "TRAIL", True, 102.0),
        (ARMED, (101.2, 101.2, 101.0, 101.1), np.nan, 100.9, "TRAIL", True, 101.2),
        (ARMED, (101.0, 101.1, 100.95, 101.0), np.nan, 100.9, "TRAIL", True, 101.2),
        # the chandelier counts only once the trail is armed
        ({}, (100.0, 100.5, 99.9, 100.2), 100.1, 99.4, "STOP_LOSS", False, 100.5),
        ({}, (100.0, 101.0, 99.9, 100.9), 100.8, 100.8, "CHANDELIER", True, 101.0),
        (ARMED, (101.1, 101.2, 101.0, 101.1), 101.05, 101.05, "CHANDELIER", True, 101.2),
        # the tightest of all counts, and nothing loosens
        (ARMED, (101.1, 101.2, 101.0, 101.1), 100.5, 100.9, "TRAIL", True, 101.2),
        (CHANDELIER, (101.1, 101.2, 101.0, 101.1), 99.0, 100.9, "CHANDELIER", True, 101.2),
        (ARMED, (101.2, 102.0, 101.1, 101.9), 101.4, 101.5, "TRAIL", True, 102.0),
        (CHANDELIER, (101.2, 102.0, 101.1, 101.9), 101.6, 101.6, "CHANDELIER", True, 102.0),
        # a tie is the trail's
        ({}, (100.0, 102.0, 99.9, 101.9), 101.5, 101.5, "TRAIL", True, 102.0),
        # the level that was there first keeps its name
        (CHANDELIER, (101.1, 101.2, 101.0, 101.1), np.nan, 100.9, "CHANDELIER", True, 101.2),
    ],
)  # fmt: skip
def test_peak_trail_and_chandelier_move_the_stop(
    side, held, ohlc, chandelier, stop, reason, armed, peak
):
    after, left, _ = step(side, ohlc, chandelier=chandelier, **held)
    assert left == STAYS
    assert mirror(after.stop, side) == pytest.approx(stop, abs=1e-9)
    assert ExitReason(after.stop_reason).name == reason
    assert after.armed is armed
    assert mirror(after.peak, side) == pytest.approx(peak, abs=1e-9)


@SIDES
def test_a_moved_stop_binds_from_the_next_minute(side):
    after, left, _ = step(side, (100.0, 102.0, 99.5, 100.2))
    assert left == STAYS
    low = mirror(101.0, side)
    minute = f.bar(
        mirror(101.6, side), max(low, mirror(101.6, side)), min(low, mirror(101.6, side))
    )
    _, out = x.exit_step(after, minute, 1.0, RULES, FREE)
    assert ExitReason(out.reason).name == "TRAIL"
    assert out.price == pytest.approx(mirror(101.5, side), abs=1e-8)


@SIDES
@pytest.mark.parametrize(
    ("held", "ohlc", "reason", "cost_bps"),
    [
        ({}, (100.0, 100.1, 99.0, 99.5), "STOP_LOSS", 1.0),
        ({}, (99.0, 99.1, 98.0, 98.5), "STOP_LOSS_GAP", 1.0),
        (ARMED, (101.0, 101.1, 100.0, 101.0), "TRAIL", 1.0),
        (CHANDELIER, (101.0, 101.1, 100.0, 101.0), "CHANDELIER", 1.0),
        ({}, (100.0, 103.0, 99.9, 102.0), "TARGET", 0.0),
        ({"entry_time": f.NOON - DAY}, (100.0, 100.1, 99.9, 100.0), "TIME", 1.5),
    ],
)
def test_every_exit_but_the_target_slips_against_the_position(side, held, ohlc, reason, cost_bps):
    _, left, free = step(side, ohlc, **held)
    _, _, price = step(side, ohlc, costs=COSTS, **held)
    assert left == reason
    assert price == pytest.approx(free * (1 - side * cost_bps * 1e-4), abs=1e-8)


@SIDES
@pytest.mark.parametrize(
    ("age", "reason"),
    [(DAY - MINUTE, "TIME"), (DAY - 2 * MINUTE, STAYS), (DAY, "TIME"), (3 * DAY, "TIME")],
)
def test_a_position_is_closed_at_the_close_that_completes_24_hours(side, age, reason):
    _, left, price = step(side, (100.0, 100.2, 99.9, 100.1), entry_time=f.NOON - age)
    assert left == reason
    if left == "TIME":
        assert price == pytest.approx(mirror(100.1, side), abs=1e-8)


@SIDES
def test_stop_and_target_come_before_the_time(side):
    old = {"entry_time": f.NOON - DAY}
    assert step(side, (100.0, 100.1, 99.0, 100.0), **old)[1] == "STOP_LOSS"
    assert step(side, (100.0, 103.0, 99.9, 100.0), **old)[1] == "TARGET"


@pytest.mark.parametrize(("side", "expected"), [(1, 99.0 * 0.9999), (-1, 101.0 * 1.0001)])
def test_a_timed_exit_takes_the_last_touch_where_there_is_a_book(side, expected):
    minute = f.bar(100.0, last_bid=99.0, last_ask=101.0, first_bid=50.0, first_ask=150.0)
    held = f.position(side, entry_time=f.NOON - DAY)
    _, left = x.exit_step(held, minute, 1.0, RULES, COSTS)
    assert left.price == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(
    ("side", "leverage", "expected"),
    [
        # E (1 - 1/L) / (1 - mmr) for a long, E (1 + 1/L) / (1 + mmr) for a short
        (1, 1.0, 0.0),
        (1, 2.0, 50.0 / 0.996),
        (1, 5.0, 80.0 / 0.996),
        (-1, 1.0, 200.0 / 1.004),
        (-1, 5.0, 120.0 / 1.004),
    ],
)
def test_liquidation_lies_where_the_margin_ends(side, leverage, expected):
    assert x.liquidation_price(side, 100.0, leverage) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("side", "ohlc", "leverage", "reason"),
    [
        (1, (100.0, 100.0, 80.4, 90.0), 5.0, "STOP_LOSS"),
        (1, (100.0, 100.0, 80.3, 90.0), 5.0, "LIQUIDATION"),
        (1, (70.0, 71.0, 69.0, 70.0), 5.0, "LIQUIDATION"),  # before the gap
        (1, (100.0, 103.0, 80.0, 90.0), 5.0, "LIQUIDATION"),  # before the target
        (1, (100.0, 100.0, 0.01, 90.0), 1.0, "STOP_LOSS"),  # without leverage there is none
        (-1, (100.0, 119.5, 100.0, 110.0), 5.0, "STOP_LOSS"),
        (-1, (100.0, 119.6, 100.0, 110.0), 5.0, "LIQUIDATION"),
        (-1, (100.0, 199.3, 100.0, 110.0), 1.0, "LIQUIDATION"),
    ],
)
def test_ruin_precedes_every_other_exit(side, ohlc, leverage, reason):
    held = f.position(side)
    _, left = x.exit_step(held, f.bar(*ohlc), leverage, RULES, FREE)
    assert ExitReason(left.reason).name == reason
    if reason == "LIQUIDATION":
        assert left.price == pytest.approx(x.liquidation_price(side, 100.0, leverage), abs=1e-8)


@SIDES
def test_an_opened_position_has_its_levels_at_their_distance_from_the_fill(side):
    order = Order(side, 2.0, f.NOON, Grade.B.value)
    opened = x.open_position(order, f.bar(100.0), 100.0, RULES, COSTS)
    assert opened.stop == opened.initial_stop == pytest.approx(100.0 * (1 - side * 0.006))
    assert opened.target == pytest.approx(100.0 * (1 + side * 0.025))
    assert (opened.peak, opened.armed, opened.entry_fee) == (100.0, False, 0.1)
    assert ExitReason(opened.stop_reason) is ExitReason.STOP_LOSS
    assert Grade(opened.grade) is Grade.B


def test_a_position_that_left_keeps_the_levels_it_had():
    held = f.position()
    after, _ = x.exit_step(held, f.bar(100.0, 105.0, 99.0, 100.0), 1.0, RULES, FREE)
    assert after == held
