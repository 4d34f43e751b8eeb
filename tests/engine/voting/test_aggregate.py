import numpy as np
import pytest

from babingepet.domain.codes import Verdict
from babingepet.signals.registry import BASE_WEIGHTS, NAMES
from babingepet.voting import aggregate as a
from babingepet.voting.rules import VotingRules
from tests import factories as f

RULES = VotingRules()
WEIGHTS = np.array(BASE_WEIGHTS)
ALL = np.ones(13, np.bool_)
PLAIN = a.Thresholds(0.20, 0.28)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        (f.scores(others=1.0), 0.88),
        (f.scores(others=-1.0), -0.88),
        (f.scores(), 0.0),
        (f.scores(whale_flow=1.0), 0.12),
        (f.scores(whale_flow=1.0, vpin=-1.0, sentiment=0.5), 0.12 - 0.11 + 0.01),
        (f.scores(others=0.0, mtf_alignment=-0.5), -0.05),
    ],
)
def test_the_score_is_the_raw_weighted_sum_at_base_weights(scores, expected):
    assert a.weighted_score(scores, WEIGHTS) == pytest.approx(expected, abs=1e-15)


def test_inflated_weights_do_not_inflate_the_score():
    scores = f.scores(others=0.3, vpin=None)
    assert a.weighted_score(scores, 1.5 * WEIGHTS) == pytest.approx(
        a.weighted_score(scores, WEIGHTS), abs=1e-15
    )


def test_a_changed_weight_changes_the_shares():
    weights = WEIGHTS.copy()
    weights[0] = 0.24
    expected = 0.88 * 0.24 / 1.00
    assert a.weighted_score(f.scores(whale_flow=1.0), weights) == pytest.approx(expected)


def mask(*names):
    return np.array([name in names for name in NAMES])


@pytest.mark.parametrize(
    ("scores", "capability", "expected"),
    [
        (f.scores(others=0.0), ALL, 1.0),
        (f.scores(), ALL, 0.0),
        (f.scores(whale_flow=0.5), ALL, 0.12 / 0.88),
        (f.scores(vpin=0.1, regime=0.0), mask("vpin", "regime", "vwap"), 0.20 / 0.27),
        (f.scores(whale_flow=0.5), mask("vpin"), 0.0),  # outside the mask it does not count
        (f.scores(others=1.0), mask(), 0.0),
    ],
)
def test_coverage_is_the_measured_share_of_what_the_source_can_supply(scores, capability, expected):
    assert a.coverage(scores, WEIGHTS, capability) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("scores", "score", "votes"),
    [
        (f.scores(others=0.10), 0.1, 13),  # inclusive
        (f.scores(others=0.0999), 0.1, 0),
        (f.scores(others=0.5), -0.1, 0),
        (f.scores(others=0.5), 0.0, 0),  # no side, no votes
        (f.scores(), 0.3, 0),
        (f.scores(whale_flow=0.5, vpin=-0.5, regime=-0.1, vwap=-0.05), -0.2, 2),
        (f.scores(others=0.0, vpin=1.0), 0.2, 1),
        (f.scores(vpin=0.1 - 5e-13), 0.2, 1),  # rounding favours the inclusive side
        (f.scores(vpin=0.1 - 2e-12), 0.2, 0),
    ],
)
def test_a_vote_has_the_side_of_the_score_and_some_strength(scores, score, votes):
    assert a.count_votes(scores, score, RULES.vote_floor) == votes


@pytest.mark.parametrize(
    ("score", "verdict"),
    [
        (0.88, "STRONG_BUY"), (0.28, "STRONG_BUY"), (0.2799, "BUY"), (0.20, "BUY"),
        (0.1999, "HOLD"), (0.0, "HOLD"), (-0.1999, "HOLD"), (-0.20, "SELL"), (-0.2799, "SELL"),
        (-0.28, "STRONG_SELL"), (-0.88, "STRONG_SELL"),
        (0.20 - 5e-13, "BUY"), (0.20 - 2e-12, "HOLD"), (0.28 - 5e-13, "STRONG_BUY"),
        (0.28 - 2e-12, "BUY"), (-0.20 + 5e-13, "SELL"), (-0.20 + 2e-12, "HOLD"),
        (-0.28 + 5e-13, "STRONG_SELL"), (-0.28 + 2e-12, "SELL"),
    ],
)  # fmt: skip
def test_thresholds_are_inclusive(score, verdict):
    assert Verdict(a.verdict_of(score, PLAIN)).name == verdict


@pytest.mark.parametrize("hour", range(24))
def test_six_hours_of_the_day_have_lower_thresholds(hour):
    expected = (0.17, 0.2576) if hour in {1, 2, 3, 7, 8, 9} else (0.20, 0.28)
    assert a.thresholds_at(hour, RULES) == pytest.approx(expected, abs=1e-15)


def test_a_moved_threshold_is_boosted_as_well():
    rules = RULES._replace(buy_threshold=0.22, strong_threshold=0.30)
    assert a.thresholds_at(7, rules) == pytest.approx((0.22 * 0.85, 0.30 * 0.92))


def test_a_score_of_nothing_has_no_side_even_where_the_thresholds_are_nothing():
    assert a.verdict_of(0.0, a.Thresholds(0.0, 0.0)) == Verdict.HOLD
