"""Many trials on one market: what the best of them is worth after all of them were tried.

1. every trial decides the minutes of one replay, whose columns depend on no setting and no weight
2. the best one by the Sharpe ratio of daily returns is deflated by the number of trials
3. walk forward: in each split the best trial of the train window is judged on the test window;
   the test windows join into one equity that nobody could choose afterwards

Each trial begins each window with a fresh account. Of equal ratios the first trial wins; one without
a ratio (it never traded) is never chosen. Trials decide side by side: the walk holds no lock, and
the result is the same, bit for bit, for every number of workers.

Units: as in ``performance``; ratios are annualised, money is quote currency.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count

import numpy as np

from babingepet.cycles.btc import require_capability
from babingepet.market.intervals import MINUTE
from babingepet.performance.equity import EquityCurve
from babingepet.performance.metric import Metric
from babingepet.performance.returns import sharpe_ratio
from babingepet.replay.deflation import Deflation, best_of, deflate
from babingepet.replay.result import Replay
from babingepet.replay.trial_account import TrialAccount, decide_trial
from babingepet.replay.trials import Trial
from babingepet.replay.windows import Split, Window, walk_forward

Progress = Callable[[int, int], None]
"""Takes the walks done so far and how many there are."""


@dataclass(frozen=True, slots=True)
class WindowResult:
    """How a trial did in a window.

    Attributes:
        sharpe_ratio: Of its whole days.
        net_pnl: Equity at the end less the capital, an open position marked.
        trades: Closed, without shadows.
    """

    sharpe_ratio: Metric
    net_pnl: float
    trades: int


@dataclass(frozen=True, slots=True)
class SplitResult:
    """The best trial of a train window, and what it did afterwards.

    Attributes:
        split: The windows.
        best: Index of the trial; None where no trial had a Sharpe ratio.
        in_sample: Of the best trial in the train window.
        out_of_sample: The same trial in the test window.
    """

    split: Split
    best: int | None
    in_sample: WindowResult | None
    out_of_sample: WindowResult | None


@dataclass(frozen=True, eq=False)
class Sweep:
    """What many trials on one market came to.

    Attributes:
        whole: The period.
        trials: In the order they were given.
        accounts: What each came to over the whole period.
        results: The same as numbers.
        deflation: Of the best one.
        embargo: Left out between train and test, ms.
        splits: Walk forward; empty without it.
        stitched: Equity at each 00:00 UTC of the joined test windows; None without them.
    """

    whole: Window
    trials: tuple[Trial, ...]
    accounts: tuple[TrialAccount, ...]
    results: tuple[WindowResult, ...]
    deflation: Deflation
    embargo: int
    splits: tuple[SplitResult, ...]
    stitched: EquityCurve | None


def silent(_done: int, _total: int) -> None:
    """Report no progress."""


def sweep(
    base: Replay,
    trials: Sequence[Trial],
    periods_per_year: float,
    *,
    splits: int = 0,
    rolling: bool = False,
    workers: int = 1,
    progress: Progress = silent,
) -> Sweep:
    """Let every trial decide the minutes of a replay.

    Args:
        base: A replay of the period: its columns are read, its decisions are not.
        trials: What is tried; at least one.
        periods_per_year: Trading days a year.
        splits: Of the walk forward; 0 for none.
        rolling: Whether a train window holds only the block before its test.
        workers: Trials that decide side by side.
        progress: Told after each account.

    Raises:
        ConfigurationError: A trial asks for more of the vote than the source can ever supply.
        InputError: The period is too short for as many splits.
    """
    for trial in trials:
        require_capability(base.market.feeds, trial.rules.settings, trial.rules.book)
    whole = Window(base.start, base.end)
    embargo = max(trial.rules.settings.exits.max_hold for trial in trials)
    cut = walk_forward(whole, splits, embargo, rolling=rolling)
    total, done = len(trials) * (1 + rolling * len(cut)) + len(cut), count(1)
    with ThreadPoolExecutor(workers) as pool:
        contest = Contest(base, trials, periods_per_year, pool, lambda: progress(next(done), total))
        accounts = contest.accounts(trials, whole)
        played = tuple(
            contest.play(
                split,
                contest.accounts(trials, split.train)
                if rolling
                else [account.before(split.train.end) for account in accounts],
            )
            for split in cut
        )
    tested = [account for _, account in played if account is not None]
    return Sweep(
        whole=whole,
        trials=tuple(trials),
        accounts=tuple(accounts),
        results=tuple(window_result(account, periods_per_year) for account in accounts),
        deflation=deflate(accounts, periods_per_year),
        embargo=embargo,
        splits=tuple(result for result, _ in played),
        stitched=stitch(cut[0].test.start - MINUTE, base.rules.capital, tested) if cut else None,
    )


@dataclass(frozen=True, eq=False)
class Contest:
    """Trials on one market that decide side by side.

    Attributes:
        base: Whose columns are read.
        trials: What is tried.
        periods_per_year: Trading days a year.
        pool: Where accounts are made.
        tell: Called after each of them.
    """

    base: Replay
    trials: Sequence[Trial]
    periods_per_year: float
    pool: ThreadPoolExecutor
    tell: Callable[[], None]

    def accounts(self, trials: Sequence[Trial], window: Window) -> list[TrialAccount]:
        """What each trial comes to in a window, from a fresh account."""
        made = []
        for account in self.pool.map(partial(decide_trial, self.base, window), trials):
            made.append(account)
            self.tell()
        return made

    def play(
        self, split: Split, trained: Sequence[TrialAccount]
    ) -> tuple[SplitResult, TrialAccount | None]:
        """Judge the best of the trained accounts on the test window."""
        best = best_of(trained, self.periods_per_year)
        if best is None:
            return SplitResult(split, None, None, None), None
        account = self.accounts([self.trials[best]], split.test)[0]
        before, after = (
            window_result(one, self.periods_per_year) for one in (trained[best], account)
        )
        return SplitResult(split, best, before, after), account


def window_result(account: TrialAccount, periods_per_year: float) -> WindowResult:
    """An account as the numbers that are told of it."""
    return WindowResult(
        sharpe_ratio(account.returns, periods_per_year), account.net_pnl, len(account.trips)
    )


def stitch(start: int, capital: float, accounts: Sequence[TrialAccount]) -> EquityCurve:
    """One equity of accounts that follow each other, each begun with what the one before left.

    Args:
        start: 00:00 UTC at which the first one begins.
        capital: With which the first one begins.
        accounts: In order; a window without one leaves the equity as it is.
    """
    times, equity = [np.array([start])], [np.array([capital])]
    for account in accounts:
        growth = account.equity[1:] / account.equity[0]
        times.append(account.midnight[1:])
        equity.append(equity[-1][-1] * growth)
    as_of, values = np.concatenate(times), np.concatenate(equity)
    return EquityCurve(as_of=as_of, equity=values, exposure=np.zeros(len(values)))
