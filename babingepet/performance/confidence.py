"""Intervals that hold the true value in 95 of 100 samples.

- a share of n: Wilson's score interval, which stays inside [0, 1] and is honest at small n
- a mean: Student's t. On made-up trades shaped as ours (stops, trails, rare targets; 4,000 samples)
  it held the mean in 86, 91, 94 and 95 of 100 samples of 5, 10, 30 and 100; a stationary block
  bootstrap (Politis and Romano 1994) in 66, 83, 90 and 92. Nor does it need a seed or an order
- a Sharpe ratio: its asymptotic variance with skew and kurtosis

All take observations as independent: in a market with memory they are too narrow.

Source: Wilson, Probable Inference, JASA 22, 1927; Student, The Probable Error of a Mean, Biometrika
6, 1908; Lo, The Statistics of Sharpe Ratios, Financial Analysts Journal 58(4), 2002, generalised by
Mertens, Comments on Variance of the IID Estimator in Lo (2002), 2002.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from babingepet.market.frames import Floats
from babingepet.performance.metric import NO_INTERVAL, Interval

Z = 1.96
"""Standard deviations of a normal variable that hold 95 % of it."""
LEVEL = 0.95
HALVINGS = 60
"""Steps of a bisection that leave less than a rounding of the angle."""


def wilson_interval(successes: int, n: int) -> Interval:
    """Interval of a share of n independent trials; none without a trial.

    Example:
        >>> low, high = wilson_interval(5, 10)
        >>> round(low, 4), round(high, 4)
        (0.2366, 0.7634)
    """
    if n == 0:
        return NO_INTERVAL
    share, scale = successes / n, 1.0 + Z * Z / n
    centre = (share + Z * Z / (2 * n)) / scale
    half = Z / scale * math.sqrt(share * (1.0 - share) / n + Z * Z / (4 * n * n))
    # Rounding may put a bound at 0 or 1 a last bit on the wrong side of the share.
    return min(max(centre - half, 0.0), share), max(min(centre + half, 1.0), share)


def mean_interval(values: Floats) -> Interval:
    """Interval of a mean, in units of the values; none of fewer than two different ones."""
    n = len(values)
    if n < 2 or np.ptp(values) == 0.0:  # noqa: PLR2004
        return NO_INTERVAL
    mean = float(np.mean(values))
    half = student_t(n - 1) * float(np.std(values, ddof=1)) / math.sqrt(n)
    return mean - half, mean + half


class SharpeMoments(NamedTuple):
    """All that returns say about the certainty of their own Sharpe ratio."""

    ratio: float
    """Mean over standard deviation (ddof 1) of one period."""
    skew: float
    kurtosis: float
    """Fourth moment over the squared variance: 3 for a normal."""
    n: int

    @property
    def spread(self) -> float:
        """N times the variance of the ratio: 1 - g3 SR + (g4 - 1) / 4 SR^2.

        Never negative: a kurtosis is at least 1 + skew^2. Rounding may say otherwise.
        """
        ratio, skew, kurtosis, _ = self
        return max(1.0 - skew * ratio + (kurtosis - 1.0) / 4.0 * ratio**2, 0.0)


def sharpe_moments(returns: Floats) -> SharpeMoments:
    """Moments of returns, of which at least two must differ."""
    off = returns - np.mean(returns)
    variance = float(np.mean(off**2))
    return SharpeMoments(
        ratio=float(np.mean(returns) / np.std(returns, ddof=1)),
        skew=float(np.mean(off**3)) / variance**1.5,
        kurtosis=float(np.mean(off**4)) / variance**2,
        n=len(returns),
    )


def sharpe_interval(returns: Floats, periods_per_year: float) -> Interval:
    """Interval of the annualised Sharpe ratio of returns that differ."""
    moments = sharpe_moments(returns)
    half = Z * math.sqrt(moments.spread / moments.n)
    year = math.sqrt(periods_per_year)
    return (moments.ratio - half) * year, (moments.ratio + half) * year


@lru_cache(maxsize=64)
def student_t(degrees: int) -> float:
    """Half-width, in standard errors, that holds 95 % of Student's t.

    Found by bisection of the angle whose tangent is t / sqrt(degrees): in it the distribution is a
    finite sum.

    Args:
        degrees: Degrees of freedom, at least 1.

    Example:
        >>> round(student_t(1), 3), round(student_t(10), 3)
        (12.706, 2.228)
    """
    low, high = 0.0, math.pi / 2.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        if _share_within(middle, degrees) < LEVEL:
            low = middle
        else:
            high = middle
    return math.tan((low + high) / 2.0) * math.sqrt(degrees)


def _share_within(angle: float, degrees: int) -> float:
    """P(|T| <= t). Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3-4."""
    sine, cosine, odd = math.sin(angle), math.cos(angle), degrees % 2
    order = np.arange(2 + odd, degrees - 1, 2)
    series = 1.0 + float(np.sum(np.cumprod((order - 1.0) / order * cosine**2)))
    if not odd:
        return sine * series
    return 2.0 / math.pi * (angle + (sine * cosine * series if degrees > 1 else 0.0))
