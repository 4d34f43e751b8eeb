"""A number about an account that says what it rests on, or why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """One number with its sample.

    Attributes:
        value: None is unavailable; never NaN or infinite.
        n: Observations it rests on: days, minutes or trades, as its source says.
        low: Lower end of the 95 % interval; None where there is no interval.
        high: Upper end.
        reason: Why there is no value; beside a value, why not to lean on it.
    """

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    reason: str | None = None


Interval = tuple[float | None, float | None]
"""Low and high; (None, None) is no interval."""

NO_INTERVAL: Interval = (None, None)


def measured(
    value: float, n: int, interval: Interval = NO_INTERVAL, reason: str | None = None
) -> Metric:
    """A metric that could be computed; one that leaves the doubles is unavailable.

    Example:
        >>> measured(1.5, 40)
        Metric(value=1.5, n=40, low=None, high=None, reason=None)
        >>> measured(float("inf"), 40).reason
        'too large for a number'
    """
    if not math.isfinite(value):
        return unavailable("too large for a number", n)
    low, high = interval
    return Metric(
        float(value), n, None if low is None else float(low), None if high is None else float(high),
        reason,
    )  # fmt: skip


def unavailable(reason: str, n: int) -> Metric:
    """No value, and why."""
    return Metric(None, n, reason=reason)
