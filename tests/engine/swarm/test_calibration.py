"""Calibration where there is little to judge; its figures are compared in the parity tests."""

import numpy as np
import pytest
from scipy import stats

from babingepet.errors import InputError
from babingepet.swarm.calibration import calibrate, surprise


def test_without_a_prediction_there_is_no_score():
    nothing = calibrate([])
    assert (nothing.n, nothing.brier, nothing.reference, nothing.skill) == (0, None, None, None)
    assert nothing.reason == "no prediction is resolved yet"
    assert len(nothing.bins) == 10


@pytest.mark.parametrize(("came_up", "said"), [(True, "every time"), (False, "never")])
def test_skill_is_undefined_while_only_one_outcome_was_seen(came_up, said):
    one_sided = calibrate([(0.7, came_up), (0.8, came_up)])
    assert one_sided.skill is None
    assert one_sided.brier is not None
    assert said in one_sided.reason


def test_whoever_always_says_the_base_rate_has_no_skill_and_whoever_knows_has_all():
    assert calibrate([(0.25, True), *[(0.25, False)] * 3]).skill == pytest.approx(0.0, abs=1e-12)
    assert calibrate([(1.0, True), (0.0, False)]).skill == 1.0
    assert calibrate([(0.0, True), (1.0, False)]).skill == pytest.approx(-3.0, abs=1e-12)


def test_an_edge_belongs_to_the_bin_below_it_and_an_empty_bin_has_no_share():
    bins = calibrate([(0.0, True), (0.5, True), (0.50001, False), (1.0, True)]).bins
    assert [b.n for b in bins] == [1, 0, 0, 0, 1, 1, 0, 0, 0, 1]
    assert (bins[1].mean_p, bins[1].share_up) == (None, None)
    assert (bins[0].low, bins[9].high) == (0.0, 1.0)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused_by_its_place(p):
    with pytest.raises(InputError, match="p_up: prediction 2 is"):
        calibrate([(0.5, True), (p, True)])


def test_what_is_as_it_was_promised_surprises_like_chance():
    """A thousand weeks of calibrated forecasts: the statistic is standard normal."""
    chance = np.random.default_rng(7)
    weeks = []
    for _ in range(1_000):
        p = chance.uniform(0.2, 0.8, 168)
        came = chance.uniform(size=168) < p
        weeks.append(surprise(list(zip(p.tolist(), came.tolist(), strict=True))))
    assert stats.kstest(weeks, "norm").pvalue > 0.01


def test_surprise_is_that_of_the_formula_summed_by_hand():
    told = [(0.7, True), (0.7, False), (0.2, False)]
    top = 0.3 * -0.4 + -0.7 * -0.4 + -0.2 * 0.6
    variance = 0.16 * 0.21 * 2 + 0.36 * 0.16
    assert surprise(told) == pytest.approx(top / variance**0.5, abs=1e-12)


def test_too_much_promised_is_positive_and_the_mirrored_forecast_surprises_as_much():
    bold = [(0.9, False), (0.9, True), (0.8, False)]
    mirrored = [(1.0 - p, not came) for p, came in bold]
    assert surprise(bold) > 0.0
    assert surprise(mirrored) == pytest.approx(surprise(bold), abs=1e-12)


@pytest.mark.parametrize("told", [[], [(0.5, True), (0.5, False)], [(1.0, True), (0.0, False)]])
def test_who_promises_nothing_cannot_surprise(told):
    assert surprise(told) is None
