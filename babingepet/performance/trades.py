"""Metrics of closed trades: how often they win, how much, and what they cost.

With p the net P&L of n trades, a win being p > 0 and a loss p < 0:

- hit_rate = wins / n; a breakeven trade counts in n
- profit_factor = sum of wins / |sum of losses|; payoff_ratio = average win / |average loss|
- expectancy = mean(p), quote currency; expectancy_r = mean of p over the initial risk
- system_quality_number = sqrt(n) mean(p) / std(p, ddof 1)
- longest_losing_streak: losses in a row; a win ends it, a breakeven trade does not

Units: net P&L after fees and funding, quote currency; costs are positive when paid. All but the
streak are the same in whatever order the trades came.

Source: Tharp, Trade Your Way to Financial Freedom, 2nd edition, 2006 (R multiples, expectancy,
system quality number; here of money, as stakes differ little); intervals: ``confidence``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from babingepet.market.frames import Floats, Frame, Ints
from babingepet.performance.confidence import mean_interval, wilson_interval
from babingepet.performance.equity import keep_finite
from babingepet.performance.metric import Metric, measured, unavailable

NEUTRAL = 1e-9
"""A net P&L smaller than this is breakeven: below the account's step of 1e-8."""
MONEY_PLACES = 8
NO_TRADES, NO_LOSSES, NO_WINS = "no closed trades", "no trade lost", "no trade won"


@dataclass(frozen=True, eq=False)
class RoundTrips(Frame):
    """Closed trades in the order of their exits; rows without a finite P&L are dropped.

    Units: quote currency; costs positive when paid, NaN where they are not known.
    """

    TIME: ClassVar[str] = "exit_time"

    exit_time: Ints
    net_pnl: Floats
    """After fees and funding."""
    r_multiple: Floats
    """Net P&L over the initial risk; NaN where that was not known."""
    fees_paid: Floats
    funding_paid: Floats
    slippage_paid: Floats

    def __post_init__(self) -> None:
        super().__post_init__()
        keep_finite(self, self.net_pnl)


@dataclass(frozen=True, slots=True)
class TradeMetrics:
    """What closed trades came to; n is trades, of an average those that it averages."""

    count: int
    wins: int
    losses: int
    breakeven: int
    hit_rate: Metric
    expectancy: Metric
    expectancy_r: Metric
    profit_factor: Metric
    payoff_ratio: Metric
    average_win: Metric
    average_loss: Metric
    system_quality_number: Metric
    longest_losing_streak: Metric


@dataclass(frozen=True, slots=True)
class Costs:
    """From gross to net P&L of closed trades, quote currency: net = gross - fees - funding.

    Slippage is inside of the gross P&L already.
    """

    gross_pnl: Metric
    fees_paid: Metric
    funding_paid: Metric
    slippage_paid: Metric
    net_pnl: Metric


def trade_metrics(trips: RoundTrips) -> TradeMetrics:
    """Every metric of closed trades."""
    pnl = trips.net_pnl
    won, lost = pnl[pnl >= NEUTRAL], pnl[pnl <= -NEUTRAL]
    n = len(pnl)
    return TradeMetrics(
        count=n,
        wins=len(won),
        losses=len(lost),
        breakeven=n - len(won) - len(lost),
        hit_rate=_hit_rate(len(won), n),
        expectancy=_mean(pnl, NO_TRADES),
        expectancy_r=_expectancy_r(trips),
        profit_factor=_profit_factor(won, lost, n),
        payoff_ratio=_payoff_ratio(won, lost),
        average_win=_mean(won, NO_WINS if n else NO_TRADES),
        average_loss=_mean(lost, NO_LOSSES if n else NO_TRADES),
        system_quality_number=_system_quality_number(pnl),
        longest_losing_streak=_longest_losing_streak(pnl),
    )


def costs(trips: RoundTrips) -> Costs:
    """What closed trades paid; nothing was paid where nothing was closed."""
    gross = trips.net_pnl + trips.fees_paid + trips.funding_paid
    return Costs(
        gross_pnl=_sum(gross),
        fees_paid=_sum(trips.fees_paid),
        funding_paid=_sum(trips.funding_paid),
        slippage_paid=_sum(trips.slippage_paid),
        net_pnl=_sum(trips.net_pnl),
    )


def _hit_rate(wins: int, n: int) -> Metric:
    if n == 0:
        return unavailable(NO_TRADES, 0)
    return measured(wins / n, n, wilson_interval(wins, n))


def _mean(values: Floats, reason: str) -> Metric:
    if not len(values):
        return unavailable(reason, 0)
    return measured(float(np.mean(values)), len(values), mean_interval(values))


def _expectancy_r(trips: RoundTrips) -> Metric:
    known = trips.r_multiple[np.isfinite(trips.r_multiple)]
    return _mean(known, "no trade with a known initial risk" if len(trips) else NO_TRADES)


def _profit_factor(won: Floats, lost: Floats, n: int) -> Metric:
    if not len(lost):
        return unavailable(NO_LOSSES if n else NO_TRADES, n)
    return measured(float(np.sum(won) / -np.sum(lost)), n)


def _payoff_ratio(won: Floats, lost: Floats) -> Metric:
    n = len(won) + len(lost)
    if not len(won) or not len(lost):
        missing = NO_WINS if len(lost) else NO_LOSSES
        return unavailable(missing if n else NO_TRADES, n)
    return measured(float(np.mean(won) / -np.mean(lost)), n)


def _system_quality_number(pnl: Floats) -> Metric:
    n = len(pnl)
    if n < 2:  # noqa: PLR2004
        return unavailable(f"{n} closed trades: at least 2 are needed" if n else NO_TRADES, n)
    if np.ptp(pnl) == 0.0:
        return unavailable("trades do not differ", n)
    return measured(math.sqrt(n) * float(np.mean(pnl) / np.std(pnl, ddof=1)), n)


def _longest_losing_streak(pnl: Floats) -> Metric:
    if not len(pnl):
        return unavailable(NO_TRADES, 0)
    decided = pnl[np.abs(pnl) >= NEUTRAL]
    wins = np.flatnonzero(decided > 0.0)
    ends = np.concatenate(([-1], wins, [len(decided)]))
    return measured(float(np.max(np.diff(ends) - 1)), len(pnl))


def _sum(values: Floats) -> Metric:
    n = len(values)
    if not np.isfinite(values).all():
        return unavailable("not recorded with the fills", n)
    return measured(round(math.fsum(values), MONEY_PLACES), n)
