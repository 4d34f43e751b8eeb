"""What a replay stands beside: the coin held all along, and accounts that flip a coin."""

import math

import numpy as np
import pytest

from babingepet.market.intervals import MINUTE
from babingepet.performance.returns import return_metrics
from babingepet.replay.baselines import (
    BuyAndHold,
    buy_and_hold,
    coin_flips,
    draw_entries,
    entries_of,
    outcome_of,
    standing,
)
from babingepet.replay.market import ReplayRules
from tests import factories as f
from tests.engine.replay.accounts import columns, replay, trades, walk

FREE = ("taker_fee=0", "slippage_bps=0", "half_spread_bps=0")


def held_through(closes: list[float], *overrides: str) -> BuyAndHold:
    """The coin held with 1 000 USDT from the open of the first close."""
    rules = ReplayRules(settings=f.settings(*overrides))
    return buy_and_hold(replay(bars=columns(closes), rules=rules))


def test_without_costs_the_held_coin_is_the_market():
    held = held_through([100.0, 110.0, 99.0], *FREE)
    assert held.curve.equity.tolist() == pytest.approx([1_000.0, 1_000.0, 1_100.0, 990.0])
    assert held.curve.exposure.tolist() == pytest.approx([0.0, 1.0, 1.0, 1.0])
    assert (held.fee_paid, held.slippage_paid) == (0.0, 0.0)


def test_the_held_coin_begins_with_the_capital_at_the_open_of_the_first_minute():
    held = held_through([100.0, 110.0])
    assert held.curve.as_of.tolist() == [f.NOON, f.NOON + MINUTE, f.NOON + 2 * MINUTE]
    assert held.curve.equity[0] == 1_000.0
    assert held.curve.exposure[0] == 0.0


def test_the_whole_capital_pays_for_coins_spread_slippage_and_fee():
    held = held_through([100.0, 110.0])
    assert held.entry_price == 100.015
    spent = held.quantity * held.entry_price + held.fee_paid
    assert 0.0 <= 1_000.0 - spent < 2e-6
    assert held.fee_paid == pytest.approx(spent * 0.0005 / 1.0005, abs=1e-8)
    assert held.slippage_paid == pytest.approx(held.quantity * 0.015, abs=1e-8)
    assert held.curve.equity[2] == pytest.approx(1_000.0 - spent + held.quantity * 110.0)


def test_the_fall_of_the_held_coin_is_that_of_the_market():
    metrics = return_metrics(held_through([100.0, 50.0], *FREE).curve, 365)
    assert metrics.max_drawdown.value == pytest.approx(-0.5)
    assert metrics.total_return.value == pytest.approx(-0.5)


def test_entries_are_drawn_in_order_over_all_minutes_but_the_first():
    rows, sides = draw_entries(5, 4_000, 3, seed=1)
    assert rows.shape == sides.shape == (3, 4_000)
    assert (np.diff(rows, axis=1) >= 0).all()
    assert np.unique(rows).tolist() == [1, 2, 3, 4]
    assert np.unique(sides).tolist() == [-1, 1]


def test_the_coin_is_fair_and_every_minute_as_likely():
    rows, sides = draw_entries(5, 10_000, 4, seed=2)
    assert abs(np.mean(sides)) < 4 / math.sqrt(sides.size)
    shares = np.bincount(rows.ravel())[1:] / rows.size
    assert shares == pytest.approx(np.full(4, 0.25), abs=0.01)


def test_a_seed_draws_the_same_accounts_and_another_one_others():
    strategy = replay(closed=trades(*[(1.0, 0.5, False)] * 9), bars=walk(3_000))
    same, again, other = (coin_flips(strategy, runs=5, seed=s) for s in (4, 4, 5))
    assert same.accounts.net_pnl.tobytes() == again.accounts.net_pnl.tobytes()
    assert same.net_pnl == again.net_pnl
    assert same.accounts.net_pnl.tobytes() != other.accounts.net_pnl.tobytes()


def test_accounts_walked_side_by_side_are_the_same_ones():
    strategy = replay(closed=trades(*[(1.0, 0.5, False)] * 9), bars=walk(3_000))
    alone, beside = (coin_flips(strategy, runs=7, threads=n).accounts for n in (1, 3))
    assert np.array(alone).tobytes() == np.array(beside).tobytes()


def test_a_coin_flip_has_as_many_entries_as_the_replay_shadows_apart():
    closed = trades((1.0, 0.5, False), (1.0, 0.5, True), (-1.0, -0.5, False))
    assert entries_of(replay(closed=closed)) == 2
    assert entries_of(replay(closed=closed, open_side=-1)) == 3
    flips = coin_flips(replay(closed=closed, bars=walk(3_000), open_side=1), runs=4)
    assert flips.entries == 3
    assert flips.dropped.n == 12
    assert (flips.accounts.trades <= 3).all()


def test_each_account_comes_to_trades_still_open_and_dropped_ones():
    """Twenty entries of a day or less find no room in three hours: what is not a trade was dropped."""
    closed = trades(*[(1.0, 0.5, False)] * 20)
    flips = coin_flips(replay(closed=closed, bars=walk(180, step=0.0001)), runs=10)
    left = 20 - flips.accounts.trades - flips.accounts.dropped
    assert set(left.tolist()) <= {0.0, 1.0}
    assert flips.dropped.value == flips.accounts.dropped.sum() / 200
    assert flips.dropped.value > 0.5


def test_a_replay_that_entered_nothing_has_coin_flips_without_a_trade():
    flips = coin_flips(replay(bars=walk(100)), runs=3)
    assert flips.entries == 0
    assert (flips.dropped.value, flips.dropped.reason) == (None, "the replay entered nothing")
    assert flips.net_pnl.as_good.value == 1.0
    assert flips.profit_factor.as_good.reason == "no coin flip has this number"
    assert flips.expectancy_r.median is None


def test_one_minute_leaves_no_room_for_an_entry():
    flips = coin_flips(replay(closed=trades((1.0, 0.5, False)), bars=walk(1)), runs=3)
    assert flips.accounts.trades.tolist() == [0.0] * 3


def test_a_replay_comes_to_its_equity_its_real_trades_and_every_minutes_drawdown():
    closed = trades((3.0, 1.5, False), (50.0, 25.0, True), (-1.0, -0.5, False), (0.0, 0.0, False))
    own = outcome_of(replay([990.0, 1_020.0, 1_002.0], closed))
    assert own.net_pnl == 2.0
    assert own.profit_factor == 3.0
    assert own.expectancy_r == pytest.approx(1.0 / 3.0)
    assert own.max_drawdown == pytest.approx(1_002.0 / 1_020.0 - 1.0)


def test_a_loss_of_the_first_minute_is_a_drawdown_from_the_capital():
    own = outcome_of(replay([495.0, 500.0], rules=ReplayRules(capital=500.0)))
    assert own.max_drawdown == pytest.approx(-0.01)
    assert own.net_pnl == 0.0
    assert math.isnan(own.profit_factor)
    assert math.isnan(own.expectancy_r)


def test_a_standing_counts_the_accounts_that_did_at_least_as_well():
    found = standing(3.0, np.array([1.0, 2.0, 3.0, 4.0, 5.0, np.nan]))
    assert found.strategy == 3.0
    assert (found.low, found.median, found.high) == (1.2, 3.0, 4.8)
    assert (found.as_good.value, found.as_good.n) == (0.6, 5)


def test_the_share_that_did_as_well_has_the_interval_of_wilson():
    """Of 200 accounts 10 did as well: (p + z^2/2n -+ z sqrt(p q/n + z^2/4n^2)) / (1 + z^2/n)."""
    found = standing(0.0, np.append(np.ones(10), -np.ones(190))).as_good
    z, n, p = 1.96, 200, 0.05
    middle, half = p + z**2 / (2 * n), z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    ends = [(middle + sign * half) / (1 + z**2 / n) for sign in (-1, 1)]
    assert [found.low, found.high] == pytest.approx(ends)


def test_a_strategy_without_the_number_has_no_standing_by_it():
    found = standing(math.nan, np.array([1.0, 2.0]))
    assert (found.strategy, found.median) == (None, 1.5)
    assert (found.as_good.value, found.as_good.reason) == (None, "the strategy has no such number")


def test_the_numbers_of_the_coin_flips_are_those_of_their_trades():
    flips = coin_flips(
        replay(closed=trades(*[(1.0, 0.5, False)] * 30), bars=walk(40_000, seed=8)), runs=1
    )
    accounts = flips.accounts
    assert flips.profit_factor.median == accounts.won[0] / accounts.lost[0]
    assert flips.expectancy_r.median == accounts.r_total[0] / accounts.trades[0]
    assert flips.max_drawdown.median == accounts.max_drawdown[0] < 0.0
    assert flips.net_pnl.median == pytest.approx(accounts.won[0] - accounts.lost[0], abs=5.0)


def test_a_strategy_that_beats_every_coin_flip_stands_above_them_all():
    strategy = replay([5_000.0], trades((4_000.0, 90.0, False)), walk(2_000))
    flips = coin_flips(strategy, runs=50)
    assert flips.net_pnl.as_good.value == 0.0
    assert flips.expectancy_r.as_good.value == 0.0
    assert 0.0 < (flips.net_pnl.as_good.high or 0.0) < 0.1
