"""Intervals: their edges, and that they hold what they promise."""

import numpy as np
import pytest

from babingepet.performance.confidence import (
    mean_interval,
    sharpe_interval,
    student_t,
    wilson_interval,
)


def test_the_quantiles_of_student_are_those_of_every_table():
    table = {1: 12.7062, 2: 4.3027, 3: 3.1824, 5: 2.5706, 10: 2.2281, 30: 2.0423, 120: 1.9799}
    for degrees, value in table.items():
        assert student_t(degrees) == pytest.approx(value, abs=5e-5)


def test_a_share_has_an_interval_even_when_nothing_or_everything_was_won():
    low, high = wilson_interval(0, 7)
    assert low == 0.0
    assert high == pytest.approx(1.96**2 / (7 + 1.96**2), abs=1e-15)
    assert wilson_interval(7, 7) == pytest.approx((1.0 - high, 1.0), abs=1e-15)
    assert wilson_interval(0, 0) == (None, None)


def test_a_mean_of_fewer_than_two_different_values_has_no_interval():
    for values in ([], [1.5], [1.5, 1.5, 1.5]):
        assert mean_interval(np.array(values)) == (None, None)


def test_a_sharpe_ratio_of_a_skewed_record_is_less_certain_than_its_mirror():
    """Rare large losses: the variance grows by skew times ratio. Source: Mertens (2002)."""
    falls = np.array([0.01] * 18 + [-0.05, 0.012])
    jumps = 2 * np.mean(falls) - falls
    wide, narrow = (
        high - low for low, high in (sharpe_interval(falls, 365), sharpe_interval(jumps, 365))
    )
    assert wide > 1.1 * narrow


@pytest.mark.parametrize("days", [120, 400])
def test_the_sharpe_interval_holds_the_true_ratio_in_about_95_of_100_samples(days):
    rng = np.random.default_rng(5)
    true = 0.1
    samples = rng.normal(true * 0.02, 0.02, (600, days))
    held = [low <= true <= high for low, high in (sharpe_interval(s, 1.0) for s in samples)]
    assert 0.92 <= np.mean(held) <= 0.98


def test_the_interval_of_a_mean_holds_it_in_about_95_of_100_samples():
    rng = np.random.default_rng(6)
    samples = rng.exponential(2.0, (600, 200))
    held = [low <= 2.0 <= high for low, high in (mean_interval(s) for s in samples)]
    assert 0.92 <= np.mean(held) <= 0.98
