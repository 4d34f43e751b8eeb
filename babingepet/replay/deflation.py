"""The best of many trials, and what is left of it once all of them are counted.

The best has the highest Sharpe ratio of daily returns, the first of equals. A trial without a ratio
(it never traded, or lived less than two days) is never chosen and not counted.

Units: ratios are annualised; formulas and source: ``performance.deflated_sharpe``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from babingepet.performance.confidence import sharpe_moments
from babingepet.performance.deflated_sharpe import (
    deflated_sharpe_ratio,
    expected_maximum_sharpe,
    probabilistic_sharpe_ratio,
)
from babingepet.performance.metric import Metric, measured, unavailable
from babingepet.performance.returns import sharpe_ratio
from babingepet.replay.trial_account import TrialAccount

NO_RATIO = "no trial has a Sharpe ratio"


@dataclass(frozen=True, slots=True)
class Deflation:
    """The best trial of the whole period, and what is left of it.

    Attributes:
        best: Index of the trial; None where no trial had a Sharpe ratio.
        trials: Those with a Sharpe ratio, from which it was chosen.
        sharpe_ratio: Of the best one.
        expected_maximum: The ratio that the best of as many trials reaches without any skill.
        probabilistic: Probability that its true ratio is above 0, were it the only trial.
        deflated: Probability that its true ratio is above the expected maximum.
    """

    best: int | None
    trials: int
    sharpe_ratio: Metric
    expected_maximum: Metric
    probabilistic: Metric
    deflated: Metric


def best_of(accounts: Sequence[TrialAccount], periods_per_year: float) -> int | None:
    """Index of the highest Sharpe ratio, the first of equals; None where there is none."""
    values = [sharpe_ratio(account.returns, periods_per_year).value for account in accounts]
    known = [(value, -index) for index, value in enumerate(values) if value is not None]
    return -max(known)[1] if known else None


def deflate(accounts: Sequence[TrialAccount], periods_per_year: float) -> Deflation:
    """The best account, and what is left of it after as many were tried."""
    best = best_of(accounts, periods_per_year)
    if best is None:
        none = unavailable(NO_RATIO, 0)
        return Deflation(None, 0, none, none, none, none)
    ratios = [
        sharpe_moments(account.returns).ratio
        for account in accounts
        if sharpe_ratio(account.returns, periods_per_year).value is not None
    ]
    tried = len(ratios)
    variance = float(np.var(ratios, ddof=1)) if tried > 1 else 0.0
    maximum = expected_maximum_sharpe(tried, variance) * math.sqrt(periods_per_year)
    chosen = accounts[best].returns
    return Deflation(
        best=best,
        trials=tried,
        sharpe_ratio=sharpe_ratio(chosen, periods_per_year),
        expected_maximum=measured(maximum, tried),
        probabilistic=probabilistic_sharpe_ratio(chosen),
        deflated=deflated_sharpe_ratio(chosen, tried, variance),
    )
