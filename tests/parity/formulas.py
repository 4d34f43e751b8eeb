"""The textbook formulas in plain Python, written from the texts and from nothing else.

Lists in, lists out; a value that is not defined yet is None.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

Series = list[float | None]


def true_ranges(high: Sequence[float], low: Sequence[float], close: Sequence[float]) -> list[float]:
    """Wilder (1978), section III: of every bar but the first, which has no close before it."""
    return [
        max(top - bottom, abs(top - before), abs(bottom - before))
        for top, bottom, before in zip(high[1:], low[1:], close[:-1], strict=True)
    ]


def average_true_range(
    high: Sequence[float], low: Sequence[float], close: Sequence[float], period: int
) -> Series:
    """The mean of the first ``period`` ranges, then (average * (period - 1) + range) / period."""
    ranges = true_ranges(high, low, close)
    average = math.fsum(ranges[:period]) / period
    result: Series = [*[None] * period, average]
    for reach in ranges[period:]:
        average = (average * (period - 1) + reach) / period
        result.append(average)
    return result


def wilder_sums(values: Sequence[float], period: int) -> Iterator[float]:
    """Seeded with the first ``period`` - 1 terms, then last - last / period + value."""
    total = math.fsum(values[: period - 1])
    for value in values[period - 1 :]:
        total += value - total / period
        yield total


class Movement(NamedTuple):
    """Average directional index and the two directional indicators."""

    adx: Series
    plus: Series
    minus: Series


def directional_movement(
    high: Sequence[float], low: Sequence[float], close: Sequence[float], period: int
) -> Movement:
    """Wilder (1978), section V: the larger of the two moves counts, and only if it is one."""
    moves = [(b - a, c - d) for (a, b), (c, d) in zip(pairwise(high), pairwise(low), strict=True)]
    up = [rise if rise > fall and rise > 0 else 0.0 for rise, fall in moves]
    down = [fall if fall > rise and fall > 0 else 0.0 for rise, fall in moves]
    sums = zip(
        *(wilder_sums(v, period) for v in (up, down, true_ranges(high, low, close))), strict=True
    )
    indicators = [(100 * plus / reach, 100 * minus / reach) for plus, minus, reach in sums]
    dx = [100 * abs(plus - minus) / (plus + minus) for plus, minus in indicators]
    average = math.fsum(dx[:period]) / period
    adx: Series = [*[None] * (2 * period - 1), average]
    for value in dx[period:]:
        average = (average * (period - 1) + value) / period
        adx.append(average)
    plus, minus = ([*[None] * period, *side] for side in zip(*indicators, strict=True))
    return Movement(adx, plus, minus)


def moving_average(values: Sequence[float], period: int) -> list[float]:
    """Exponential: the first value, then the share 2 / (period + 1) of the way to each next one."""
    share = 2 / (period + 1)
    result = [values[0]]
    for value in values[1:]:
        result.append(share * value + (1 - share) * result[-1])
    return result


def efficiency(close: Sequence[float], period: int) -> Series:
    """Kaufman: the net change over the sum of the changes."""
    result: Series = [None] * period
    for end in range(period, len(close)):
        path = math.fsum(abs(b - a) for a, b in pairwise(close[end - period : end + 1]))
        result.append(abs(close[end] - close[end - period]) / path if path else 0.0)
    return result


def mid_rank(population: Sequence[float], value: float) -> float:
    """Share of smaller values and half of the equal ones."""
    smaller = sum(x < value for x in population)
    return (smaller + population.count(value) / 2) / len(population)


def weighted_moments(values: Sequence[float], weights: Sequence[float]) -> tuple[float, float]:
    """Weighted mean and deviation, exact until the last square root."""
    exact = [(Fraction(w), Fraction(v)) for v, w in zip(values, weights, strict=True)]
    total = sum(w for w, _ in exact)
    mean = sum(w * v for w, v in exact) / total
    variance = sum(w * (v - mean) ** 2 for w, v in exact) / total
    return float(mean), math.sqrt(variance)
