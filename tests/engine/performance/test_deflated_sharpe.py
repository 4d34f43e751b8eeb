"""Probabilistic and deflated Sharpe ratio: the paper's own example, and formulas written with SciPy."""

import math

import numpy as np
import pytest
from scipy import stats

from babingepet.errors import InputError
from babingepet.performance.confidence import SharpeMoments, sharpe_moments
from babingepet.performance.deflated_sharpe import (
    deflated_sharpe_ratio,
    expected_maximum_sharpe,
    probabilistic_sharpe_ratio,
    probability_above,
)

FALLS = np.array([0.01] * 60 + [-0.05, 0.012] * 3)
"""Small gains and rare large losses, as of an account that trails its profits badly."""


def reference_probability(returns, benchmark):
    """P(true ratio > benchmark), with SciPy's moments and normal distribution."""
    ratio = np.mean(returns) / np.std(returns, ddof=1)
    skew, kurtosis = stats.skew(returns), stats.kurtosis(returns, fisher=False)
    spread = 1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2
    return stats.norm.cdf((ratio - benchmark) * math.sqrt(len(returns) - 1) / math.sqrt(spread))


def reference_maximum(trials, variance):
    share = np.euler_gamma
    best, following = stats.norm.ppf(1 - 1 / trials), stats.norm.ppf(1 - 1 / (trials * math.e))
    return math.sqrt(variance) * ((1 - share) * best + share * following)


@pytest.mark.parametrize(("trials", "deflated"), [(100, 0.9004), (46, 0.9505)])
def test_the_example_of_the_paper(trials, deflated):
    """An annual ratio of 2.5 in five years of 250 days, the trials' annual variance 1/2."""
    chosen = SharpeMoments(2.5 / math.sqrt(250), skew=-3.0, kurtosis=10.0, n=1250)
    benchmark = expected_maximum_sharpe(trials, 0.5 / 250)
    assert probability_above(chosen, benchmark) == pytest.approx(deflated, abs=5e-5)


def test_the_paper_expects_the_best_of_a_hundred_trials_at_a_daily_ratio_of_0_1132():
    assert expected_maximum_sharpe(100, 0.5 / 250) == pytest.approx(0.1132, abs=5e-5)


def test_normal_returns_would_have_allowed_88_trials():
    """Without skew and fat tails the paper's ratio survives twice as many trials."""
    normal = SharpeMoments(2.5 / math.sqrt(250), skew=0.0, kurtosis=3.0, n=1250)
    benchmark = expected_maximum_sharpe(88, 0.5 / 250)
    assert probability_above(normal, benchmark) == pytest.approx(0.9505, abs=5e-4)


@pytest.mark.parametrize("benchmark", [-0.1, 0.0, 0.05, 0.3])
def test_the_probability_is_the_one_written_with_scipy(benchmark):
    samples = [FALLS, -FALLS, np.random.default_rng(3).standard_t(4, 250) * 0.02 + 0.001]
    for returns in samples:
        metric = probabilistic_sharpe_ratio(returns, benchmark)
        assert metric.value == pytest.approx(reference_probability(returns, benchmark), abs=1e-12)
        assert metric.n == len(returns)


@pytest.mark.parametrize("trials", [2, 3, 24, 1_000, 10**6])
def test_the_expected_maximum_is_the_one_written_with_scipy(trials):
    expected = reference_maximum(trials, 0.004)
    assert expected_maximum_sharpe(trials, 0.004) == pytest.approx(expected, rel=1e-12)


def test_the_expected_maximum_is_near_that_of_drawn_trials():
    drawn = np.random.default_rng(4).normal(0.0, 0.05, (20_000, 50)).max(axis=1)
    assert expected_maximum_sharpe(50, 0.05**2) == pytest.approx(np.mean(drawn), rel=0.02)


def test_moments_are_those_of_scipy_with_the_ratio_of_our_sharpe():
    moments = sharpe_moments(FALLS)
    assert moments.skew == pytest.approx(stats.skew(FALLS), rel=1e-12)
    assert moments.kurtosis == pytest.approx(stats.kurtosis(FALLS, fisher=False), rel=1e-12)
    assert moments.ratio == pytest.approx(np.mean(FALLS) / np.std(FALLS, ddof=1), rel=1e-12)
    assert moments.n == len(FALLS)


def test_rare_large_losses_make_the_same_ratio_less_certain():
    """The probability of a ratio above 0 falls by the skew of the losses. Both means are above 0."""
    jumps = 2 * np.mean(FALLS) - FALLS
    falling, jumping = (probabilistic_sharpe_ratio(r).value for r in (FALLS, jumps))
    assert falling < jumping


def test_each_further_trial_deflates_the_best_of_them():
    values = [deflated_sharpe_ratio(FALLS, trials, 0.01).value for trials in (1, 2, 10, 100)]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == len(values)


def test_the_only_trial_and_trials_that_agree_are_not_deflated():
    undeflated = probabilistic_sharpe_ratio(FALLS)
    assert deflated_sharpe_ratio(FALLS, 1, 0.01) == undeflated
    assert deflated_sharpe_ratio(FALLS, 50, 0.0) == undeflated


def test_a_ratio_that_cannot_be_computed_has_no_probability():
    for returns, reason in (
        ([], "0 returns: at least 2 are needed"),
        ([0.01], "1 returns: at least 2 are needed"),
        ([0.01] * 40, "returns do not differ"),
    ):
        metric = deflated_sharpe_ratio(np.array(returns), 5, 0.01)
        assert (metric.value, metric.reason) == (None, reason)


def test_few_days_are_said_to_be_few():
    assert probabilistic_sharpe_ratio(FALLS[-29:]).reason == "29 days: under 30, not reliable"
    assert probabilistic_sharpe_ratio(FALLS[-30:]).reason is None


def test_two_returns_are_certain_of_nothing_impossible():
    """Of two returns the kurtosis is 1 and the skew 0, so the spread is that of the ratio itself."""
    assert probabilistic_sharpe_ratio(np.array([0.01, 0.03])).value == pytest.approx(
        reference_probability(np.array([0.01, 0.03]), 0.0), abs=1e-12
    )


def test_a_ratio_that_cannot_differ_lies_above_its_benchmark_or_not():
    """Skew and kurtosis at their bound and a ratio of 2 / skew leave no spread at all."""
    sure = SharpeMoments(ratio=1.0, skew=2.0, kurtosis=5.0, n=10)
    assert [probability_above(sure, benchmark) for benchmark in (0.5, 1.0, 1.5)] == [1.0, 0.5, 0.0]


def test_no_trial_and_no_variance_are_refused():
    with pytest.raises(InputError, match="trials is 0"):
        expected_maximum_sharpe(0, 0.1)
    for variance in (-0.1, math.nan, math.inf):
        with pytest.raises(InputError, match="variance is"):
            expected_maximum_sharpe(3, variance)
