"""The account of one trial in one window, reduced to what trials are compared by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from babingepet.market.frames import Floats, Ints
from babingepet.market.intervals import MINUTE, day_start
from babingepet.performance.equity import daily_equity, deepest_drawdown
from babingepet.performance.returns import daily_returns
from babingepet.performance.trades import RoundTrips
from babingepet.replay.kernel import rows_of
from babingepet.replay.measures import equity_curve, round_trips
from babingepet.replay.result import Replay
from babingepet.replay.run import decide
from babingepet.replay.trials import Trial
from babingepet.replay.windows import Window


@dataclass(frozen=True, eq=False)
class TrialAccount:
    """An account by its days; money in quote currency.

    Attributes:
        midnight: Each 00:00 UTC, of the opening the one before it; shape (days + 1,).
        equity: At each of them, of the opening the capital; shape (days + 1,).
        trips: Closed trades without shadows.
        closing: Equity at the last minute, an open position marked.
        max_drawdown: Fraction, 0 or negative: of every minute, after ``before`` of each 00:00.
    """

    midnight: Ints
    equity: Floats
    trips: RoundTrips
    closing: float
    max_drawdown: float

    @property
    def returns(self) -> Floats:
        """Simple returns of the days that are over."""
        return daily_returns(self.equity)

    @property
    def net_pnl(self) -> float:
        """Equity at the last minute less the capital."""
        return self.closing - float(self.equity[0])

    def before(self, end: int) -> TrialAccount:
        """The account as it stood where a window ends at a cut: no later minute is in it."""
        days = max(int(np.searchsorted(self.midnight, end)), 1)
        equity = self.equity[:days]
        return TrialAccount(
            midnight=self.midnight[:days],
            equity=equity,
            trips=self.trips.rows(0, int(np.searchsorted(self.trips.exit_time, end))),
            closing=float(equity[-1]),
            max_drawdown=float(np.min(equity / np.maximum.accumulate(equity))) - 1.0,
        )


def decide_trial(base: Replay, window: Window, trial: Trial) -> TrialAccount:
    """Decide the minutes of a window from a fresh account; one without a minute only opens it."""
    first, stop = np.searchsorted(base.columns.open_time, np.array(window) - MINUTE).tolist()
    if first == stop:
        opening, capital = day_start(window.start - MINUTE), trial.rules.capital
        return TrialAccount(
            np.array([opening]), np.array([capital]), RoundTrips.empty(), capital, 0.0
        )
    columns = rows_of(base.columns, first, stop)
    made = decide(base.market, columns, trial.rules, window.start, window.end)
    curve = equity_curve(made)
    days, deepest = daily_equity(curve), deepest_drawdown(curve)
    return TrialAccount(
        midnight=days.midnight,
        equity=days.equity,
        trips=round_trips(made.trades.where(~made.trades.shadow)),
        closing=float(curve.equity[-1]),
        max_drawdown=deepest.depth if deepest else 0.0,
    )
