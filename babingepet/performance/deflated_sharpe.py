"""What a Sharpe ratio is worth after many were tried: probabilistic and deflated Sharpe ratio.

With SR the ratio of n returns, g3 and g4 their skew and kurtosis (3 for a normal), Phi the normal
distribution, e Euler's number and g the Euler-Mascheroni constant:

- probabilistic_sharpe_ratio: P(true ratio > SR*) =
  Phi((SR - SR*) sqrt(n - 1) / sqrt(1 - g3 SR + (g4 - 1) / 4 SR^2))
- expected_maximum_sharpe: the best of N trials without any skill, whose ratios spread with variance
  V, is expected at SR0 = sqrt(V) ((1 - g) Phi^-1(1 - 1 / N) + g Phi^-1(1 - 1 / (N e)))
- deflated_sharpe_ratio: the probabilistic one at SR* = SR0

Trials are taken as independent. Settings that trade alike count as fewer trials than they are, so
for them SR0 is too high and the deflated ratio too low: on the safe side.

Inputs: simple returns of one period each, oldest first; at least two that differ. Units: every
ratio, benchmark and variance here is of one period, never annualised; results are probabilities.

Source: Bailey and Lopez de Prado, The Sharpe Ratio Efficient Frontier, Journal of Risk 15(2), 2012;
the same, The Deflated Sharpe Ratio, Journal of Portfolio Management 40(5), 2014.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from babingepet.errors import InputError
from babingepet.market.frames import Floats
from babingepet.performance.confidence import SharpeMoments, sharpe_moments
from babingepet.performance.metric import Metric, measured, unavailable
from babingepet.performance.returns import LEAST_DAYS, RELIABLE_DAYS, ROUNDING

NORMAL = NormalDist()
EULER_MASCHERONI = 0.5772156649015329


def probability_above(moments: SharpeMoments, benchmark: float) -> float:
    """Probability that the true ratio of one period lies above a benchmark.

    Example:
        >>> round(probability_above(SharpeMoments(0.1, 0.0, 3.0, 101), 0.0), 4)
        0.8407
    """
    spread = moments.spread
    distance = (moments.ratio - benchmark) * math.sqrt(moments.n - 1)
    if spread == 0.0:
        return 0.5 + 0.5 * float(np.sign(distance))
    return NORMAL.cdf(distance / math.sqrt(spread))


def expected_maximum_sharpe(trials: int, variance: float) -> float:
    """Where the best ratio of trials without skill is expected; 0 for a single one.

    Args:
        trials: How many were made.
        variance: Of their ratios of one period.

    Raises:
        InputError: No trial, or a variance that is negative or no number.

    Example:
        >>> round(expected_maximum_sharpe(100, 0.5 / 250), 4)
        0.1132
    """
    if trials < 1:
        raise InputError(f"trials is {trials}: at least 1 is needed")
    if not 0.0 <= variance < math.inf:
        raise InputError(f"variance is {variance}: it must be 0 or more")
    if trials == 1:
        return 0.0
    best = NORMAL.inv_cdf(1.0 - 1.0 / trials)
    next_best = NORMAL.inv_cdf(1.0 - 1.0 / (trials * math.e))
    share = EULER_MASCHERONI
    return math.sqrt(variance) * ((1.0 - share) * best + share * next_best)


def probabilistic_sharpe_ratio(returns: Floats, benchmark: float = 0.0) -> Metric:
    """Probability that returns come from a true Sharpe ratio above a benchmark; n is periods.

    Args:
        returns: Simple returns of one period each; a day here.
        benchmark: A ratio of one period.
    """
    n = len(returns)
    if n < LEAST_DAYS:
        return unavailable(f"{n} returns: at least {LEAST_DAYS} are needed", n)
    if np.ptp(returns) <= ROUNDING:
        return unavailable("returns do not differ", n)
    short = f"{n} days: under {RELIABLE_DAYS}, not reliable" if n < RELIABLE_DAYS else None
    return measured(probability_above(sharpe_moments(returns), benchmark), n, reason=short)


def deflated_sharpe_ratio(returns: Floats, trials: int, variance: float) -> Metric:
    """Probability that the best of many trials has skill at all; n is periods.

    Args:
        returns: Simple returns of the trial that was chosen, of one period each.
        trials: How many it was chosen from, itself among them.
        variance: Of the ratios of one period of all of them.

    Raises:
        InputError: As ``expected_maximum_sharpe``.
    """
    return probabilistic_sharpe_ratio(returns, expected_maximum_sharpe(trials, variance))
