"""Accounts that enter at given minutes: they trade by the very rules of the live account."""

import numpy as np
import pytest

from babingepet.cycles.btc_minute import account_minute
from babingepet.cycles.btc_values import initial_state
from babingepet.paper.position import Order
from babingepet.paper.sizing import floor_quantity
from babingepet.replay.coin_flips import FlipAccounts, walk_accounts
from babingepet.replay.kernel import Columns, bar_at
from tests import factories as f
from tests.engine.replay.accounts import columns, walk

CAPITAL = 1_000.0
RISE = [100.0, 100.0, 103.0, 103.0, 103.0, 103.0]
"""Opens at 100 in row 2 and reaches a long's target in the same minute."""


def walked(
    bars: Columns,
    entries: list[tuple[int, int]],
    *overrides: str,
    capital: float = CAPITAL,
) -> FlipAccounts:
    """One account that enters at (row, side)."""
    rows = np.array([[row for row, _ in entries]], dtype=np.int64)
    sides = np.array([[side for _, side in entries]], dtype=np.int64)
    table = walk_accounts(bars, rows, sides, capital, f.settings(*overrides))
    return FlipAccounts(*table.T)


def test_an_entry_is_paid_at_its_open_and_left_at_its_target():
    """Bought at 100.015 after half a spread and a basis point of slippage; 0.8 coins for 80 USDT."""
    account = walked(columns(RISE), [(2, 1)], "quantity_step=0.01")
    price, quantity = 100.015, 0.8
    target = price * 1.025
    fees = quantity * (price + target) * 0.0005
    net = quantity * (target - price) - fees
    assert account.net_pnl[0] == pytest.approx(net, abs=3e-8)
    assert account.won[0] == pytest.approx(net, abs=3e-8)
    assert account.r_total[0] == pytest.approx(net / (quantity * price * 0.006), abs=1e-6)
    assert (account.trades[0], account.lost[0], account.dropped[0]) == (1, 0, 0)


def test_the_same_entry_on_the_other_side_loses_to_its_stop():
    account = walked(columns(RISE), [(2, -1)], "quantity_step=0.01")
    assert account.won[0] == 0.0
    assert account.net_pnl[0] == -account.lost[0] < 0.0
    assert account.r_total[0] == pytest.approx(-1.2, abs=0.05)


def test_an_entry_drawn_inside_a_position_waits_for_its_end():
    """The second one is drawn at row 3, the first is over in row 4, so it buys the open of row 5."""
    closes = [100.0, 100.0, 100.0, 100.0, 103.0, 103.0, 106.0]
    both = walked(columns(closes), [(2, 1), (3, 1)])
    apart = walked(columns(closes), [(2, 1), (5, 1)])
    assert both.trades[0] == apart.trades[0] == 2
    assert both.net_pnl[0] == apart.net_pnl[0]
    assert both.dropped[0] == 0


def test_an_entry_that_finds_no_room_before_the_end_is_dropped_and_counted():
    account = walked(columns(RISE), [(1, 1), (5, 1), (5, 1), (5, 1)])
    assert account.dropped[0] == 2
    assert account.trades[0] == 1


def test_an_account_without_money_for_the_least_order_enters_nothing():
    account = walked(columns(RISE), [(2, 1), (3, -1)], "min_notional=90")
    assert (account.dropped[0], account.trades[0], account.net_pnl[0]) == (2, 0, 0.0)


def test_the_size_is_the_least_fraction_of_the_equity_with_its_leverage():
    one, twice = (
        walked(columns(RISE), [(2, 1)], "quantity_step=1e-8", *more)
        for more in ((), ("least_fraction=0.16",))
    )
    assert twice.net_pnl[0] == pytest.approx(2 * one.net_pnl[0], rel=1e-6)
    levered = walked(columns(RISE), [(2, 1)], "quantity_step=1e-8", "leverage=2")
    assert levered.net_pnl[0] == pytest.approx(twice.net_pnl[0], rel=1e-6)


def test_funding_is_paid_by_a_long_and_received_by_a_short():
    closes, quantity = [100.0] * 5, 0.8
    free, paying = columns(closes), columns(closes, funding=[0, 0, 0, 0.5, 0])
    for side in (1, -1):
        without, paid = (
            walked(bars, [(2, side)], "quantity_step=0.1").net_pnl[0] for bars in (free, paying)
        )
        assert without - paid == pytest.approx(side * quantity * 0.5, abs=1e-7)


def test_a_position_open_at_the_end_is_marked_and_is_no_trade():
    account = walked(columns([100.0, 100.0, 100.0, 100.5]), [(2, 1)], "quantity_step=0.1")
    assert account.trades[0] == 0
    expected = 0.8 * (100.5 - 100.015) - 0.8 * 100.015 * 0.0005
    assert account.net_pnl[0] == pytest.approx(expected, abs=3e-8)


def test_the_drawdown_is_the_deepest_fall_of_the_equity_at_a_close():
    closes = [100.0, 100.0, 100.4, 99.6, 100.4]
    account = walked(columns(closes), [(2, 1)], "quantity_step=0.1")
    paid, price = 0.8 * 100.015 * 0.0005, 100.015
    peak, valley = (CAPITAL - paid + 0.8 * (close - price) for close in (100.4, 99.6))
    assert account.max_drawdown[0] == pytest.approx(valley / peak - 1.0, abs=1e-9)


def test_the_first_loss_falls_from_the_capital():
    account = walked(columns([100.0, 100.0, 99.8]), [(1, 1)])
    assert account.max_drawdown[0] == pytest.approx(account.net_pnl[0] / CAPITAL, abs=1e-12)


def test_accounts_do_not_know_of_each_other():
    bars, settings = walk(2_000), f.settings()
    rows, sides = np.array([[5, 900], [40, 41]]), np.array([[1, -1], [-1, -1]])
    both = walk_accounts(bars, rows, sides, CAPITAL, settings)
    for run in (0, 1):
        alone = walk_accounts(bars, rows[run : run + 1], sides[run : run + 1], CAPITAL, settings)
        assert alone.tobytes() == both[run : run + 1].tobytes()


def test_an_account_is_to_the_bit_the_live_account_that_is_given_the_same_orders():
    """Minute by minute through the live account, an order wherever the account is free to enter."""
    bars, settings = walk(4_000, seed=2), f.settings()
    rng = np.random.default_rng(3)
    rows = np.sort(rng.integers(1, 4_000, 40))
    sides = 2 * rng.integers(0, 2, 40) - 1
    account = walked(bars, list(zip(rows.tolist(), sides.tolist(), strict=True)))

    state, waiting, closed = initial_state(CAPITAL), list(zip(rows, sides, strict=True)), []
    equity = peak = CAPITAL
    fall = 0.0
    for row in range(1, 4_000):
        if state.position.side == 0 and waiting and waiting[0][0] <= row:
            side = int(waiting.pop(0)[1])
            price = float(bars.close[row - 1])
            quantity = floor_quantity(0.08 * equity, price, settings.sizing)
            state = state._replace(order=Order(side, quantity, int(bars.open_time[row]), 0))
        state, minute = account_minute(state, bar_at(bars, row), settings)
        equity = minute.equity
        peak = max(peak, equity)
        fall = min(fall, equity / peak - 1.0)
        if minute.closed.side:
            closed.append(minute.closed)
    assert account.trades[0] == len(closed) > 20
    assert account.dropped[0] == len(waiting)
    assert account.net_pnl[0] == round(equity - CAPITAL, 8)
    assert account.max_drawdown[0] == fall
    assert account.r_total[0] == sum(trade.r_multiple for trade in closed)
    assert account.won[0] - account.lost[0] == pytest.approx(sum(t.net_pnl for t in closed))


def test_in_a_market_without_drift_chance_loses_what_it_pays():
    """Half a spread, slippage and fees: 13 bps of the notional a round trip, as no stop has an edge."""
    bars = walk(200_000, seed=5, step=0.0006)._replace(funding=np.zeros(200_000))
    rng = np.random.default_rng(6)
    rows = np.sort(rng.integers(1, 200_000, (40, 400)), axis=1)
    sides = 2 * rng.integers(0, 2, (40, 400)) - 1
    accounts = FlipAccounts(*walk_accounts(bars, rows, sides, 1e6, f.settings()).T)
    each = np.mean(accounts.r_total / accounts.trades)
    assert -0.35 < each < -0.10
