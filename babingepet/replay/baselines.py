"""What a replay stands beside: the coin held all along, and accounts that flip a coin.

- buy and hold: the whole capital buys the coin at the open of the first minute, taker fee, half a
  spread and slippage paid; it is marked at every close and never sold. A coin pays no funding
- coin flips: as many entries as the replay had, each at a random minute of the period on a side
  that a fair coin chose. Stops, trail, time limit, costs, funding and the size at the strategy's
  floor are the strategy's; there is no vote, cooldown or breaker. One position at a time: an entry
  drawn inside of another one waits for its end; one that finds no room is dropped and counted

A strategy that does no better than the coin flips has earned what its exits and costs earn on any
entry. Profit factor and expectancy in R do not depend on the size of a position; the net P&L and
the drawdown do, so a strategy that stakes more than its floor is not their equal there.

Units: quote currency; drawdowns are fractions, 0 or negative. Deterministic for a seed.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from babingepet.market.frames import Floats, Ints
from babingepet.market.intervals import MINUTE
from babingepet.paper.fills import fee_of, marketable_price, slippage_of
from babingepet.performance.confidence import wilson_interval
from babingepet.performance.equity import EquityCurve, deepest_drawdown
from babingepet.performance.metric import Metric, measured, unavailable
from babingepet.replay.coin_flips import FlipAccounts, walk_accounts
from babingepet.replay.measures import equity_curve
from babingepet.replay.result import Replay

RUNS = 200
"""Coin-flip accounts beside one replay: a share of them is known to within 7 points."""
BAND = (5.0, 50.0, 95.0)
"""Percentiles that are told of the coin flips."""
STEPS_PER_COIN = 1e8
"""The coin is bought in steps of 1e-8."""


@dataclass(frozen=True, eq=False)
class BuyAndHold:
    """The coin bought once and never sold.

    Attributes:
        curve: The capital, then the equity at the end of every minute.
        quantity: Base units bought.
        entry_price: Paid for one of them.
        fee_paid: At the entry.
        slippage_paid: What the fill cost against the open; contained in the price.
    """

    curve: EquityCurve
    quantity: float
    entry_price: float
    fee_paid: float
    slippage_paid: float


class Outcome(NamedTuple):
    """What one account came to; NaN where there is no such number."""

    net_pnl: float
    """Equity at the end, an open position marked, less the capital."""
    profit_factor: float
    expectancy_r: float
    max_drawdown: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the strategy lies among coin-flip accounts by one number.

    Attributes:
        strategy: Its own number; None where it has none.
        low: 5th percentile of the coin flips; None where none of them has the number.
        median: 50th percentile.
        high: 95th percentile.
        as_good: Share of the coin flips that did at least as well; n is those with the number.
    """

    strategy: float | None
    low: float | None
    median: float | None
    high: float | None
    as_good: Metric


@dataclass(frozen=True, eq=False)
class CoinFlips:
    """Accounts that entered by chance beside one that was voted.

    Attributes:
        seed: Of the draws.
        entries: Drawn for each account: those of the replay.
        dropped: Share of all drawn entries that found no room.
        accounts: What each came to; columns of shape (runs,).
        net_pnl: Standing by net P&L.
        profit_factor: By profit factor.
        expectancy_r: By expectancy in R.
        max_drawdown: By drawdown.
    """

    seed: int
    entries: int
    dropped: Metric
    accounts: FlipAccounts
    net_pnl: Standing
    profit_factor: Standing
    expectancy_r: Standing
    max_drawdown: Standing


def buy_and_hold(replay: Replay) -> BuyAndHold:
    """Hold the coin through all minutes of a replay, with its capital and at its costs."""
    bars, capital, costs = replay.columns, replay.rules.capital, replay.rules.settings.costs
    price = marketable_price(1, np.nan, np.nan, float(bars.open[0]), costs)
    steps = np.floor(capital / (price * (1.0 + costs.taker_fee)) * STEPS_PER_COIN)
    quantity = float(steps / STEPS_PER_COIN)
    fee = fee_of(quantity, price, costs.taker_fee)
    held = quantity * bars.close
    equity = capital - fee - quantity * price + held
    curve = EquityCurve(
        as_of=np.append(bars.open_time[0], bars.open_time + MINUTE),
        equity=np.append(capital, equity),
        exposure=np.append(0.0, held / equity),
    )
    return BuyAndHold(
        curve, quantity, price, fee, slippage_of(1, quantity, price, float(bars.open[0]))
    )


def coin_flips(replay: Replay, *, runs: int = RUNS, seed: int = 0, threads: int = 1) -> CoinFlips:
    """Set a replay beside accounts that entered by chance.

    Args:
        replay: The account that was voted.
        runs: How many accounts; at least 1.
        seed: Of the draws: the same one draws the same accounts.
        threads: Accounts that are walked side by side; the result does not depend on it.
    """
    entries, columns, rules = entries_of(replay), replay.columns, replay.rules
    rows, sides = draw_entries(len(columns.open_time), entries, runs, seed)
    parts = np.array_split(np.arange(runs), threads)
    with ThreadPoolExecutor(threads) as pool:
        tables = pool.map(
            lambda part: walk_accounts(
                columns, rows[part], sides[part], rules.capital, rules.settings
            ),
            parts,
        )
        accounts = FlipAccounts(*np.concatenate(list(tables)).T)
    own = outcome_of(replay)
    chance = _outcomes(accounts)
    lost = int(accounts.dropped.sum())
    return CoinFlips(
        seed,
        entries,
        _share(lost, entries * runs, "the replay entered nothing"),
        accounts,
        *(standing(mine, theirs) for mine, theirs in zip(own, chance, strict=True)),
    )


def entries_of(replay: Replay) -> int:
    """Entries that were filled: those of closed trades, and that of the open position."""
    return int(np.sum(~replay.trades.shadow)) + (replay.state.position.side != 0)


def draw_entries(minutes: int, entries: int, runs: int, seed: int) -> tuple[Ints, Ints]:
    """Rows of entries, ascending, and their sides 1 or -1; each of shape (runs, entries).

    The first minute is never drawn: an order is decided at the end of the minute before its fill.
    """
    rng = np.random.default_rng(seed)
    shape = (runs, entries if minutes > 1 else 0)
    rows = np.sort(rng.integers(1, max(minutes, 2), shape), axis=1)
    return rows, 2 * rng.integers(0, 2, shape) - 1


def outcome_of(replay: Replay) -> Outcome:
    """What the replayed account itself came to."""
    capital, minutes = replay.rules.capital, replay.minutes
    real = ~replay.trades.shadow
    pnl, multiples = replay.trades.net_pnl[real], replay.trades.r_multiple[real]
    won, lost = float(pnl[pnl > 0.0].sum()), float(-pnl[pnl < 0.0].sum())
    deepest = deepest_drawdown(equity_curve(replay))
    return Outcome(
        net_pnl=float(minutes.equity[-1]) - capital,
        profit_factor=won / lost if lost else np.nan,
        expectancy_r=float(np.mean(multiples)) if len(multiples) else np.nan,
        max_drawdown=deepest.depth if deepest else 0.0,
    )


def standing(strategy: float, chance: Floats) -> Standing:
    """Where a number lies among those of the coin flips; larger is better, NaN is none."""
    known = chance[~np.isnan(chance)]
    own = None if np.isnan(strategy) else strategy
    if not len(known):
        return Standing(own, None, None, None, unavailable("no coin flip has this number", 0))
    low, median, high = (float(value) for value in np.percentile(known, BAND))
    if own is None:
        none = unavailable("the strategy has no such number", len(known))
        return Standing(None, low, median, high, none)
    as_good = _share(int(np.sum(known >= own)), len(known), "")
    return Standing(own, low, median, high, as_good)


def _outcomes(accounts: FlipAccounts) -> tuple[Floats, Floats, Floats, Floats]:
    lossless, idle = accounts.lost == 0.0, accounts.trades == 0
    factor = accounts.won / np.where(lossless, np.nan, accounts.lost)
    expectancy = accounts.r_total / np.where(idle, np.nan, accounts.trades)
    return accounts.net_pnl, factor, expectancy, accounts.max_drawdown


def _share(count: int, n: int, reason: str) -> Metric:
    return measured(count / n, n, wilson_interval(count, n)) if n else unavailable(reason, 0)
