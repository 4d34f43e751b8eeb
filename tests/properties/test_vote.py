"""What holds for every vote and every size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from babingepet.domain.edge import Edge
from babingepet.market.intervals import DAY, HOUR
from babingepet.paper import sizing as s
from babingepet.signals.registry import BASE_WEIGHTS, NAMES
from babingepet.voting import aggregate as a
from babingepet.voting import edge as e
from babingepet.voting.grade import GradeInputs, grade_points
from babingepet.voting.rules import VotingRules

WEIGHTS = np.array(BASE_WEIGHTS)
RULES = VotingRules()
unit = st.floats(-1.0, 1.0)
thirteen = st.lists(unit | st.just(np.nan), min_size=len(NAMES), max_size=len(NAMES)).map(np.array)
hours = st.integers(0, 23)


@given(thirteen, hours)
def test_negating_all_scores_negates_the_score_and_mirrors_the_verdict(scores, hour):
    thresholds = a.thresholds_at(hour, RULES)
    score, mirrored = a.weighted_score(scores, WEIGHTS), a.weighted_score(-scores, WEIGHTS)
    assert mirrored == -score
    assert abs(score) <= 0.88 + 1e-12
    assert a.verdict_of(mirrored, thresholds) == -a.verdict_of(score, thresholds)
    votes = a.count_votes(scores, score, RULES.vote_floor)
    assert a.count_votes(-scores, mirrored, RULES.vote_floor) == votes <= len(NAMES)


@given(thirteen, st.integers(0, len(NAMES) - 1))
def test_losing_a_signal_never_strengthens_the_others(scores, lost):
    fewer = scores.copy()
    fewer[lost] = np.nan
    kept = 0.0 if np.isnan(scores[lost]) else WEIGHTS[lost] * scores[lost]
    expected = a.weighted_score(scores, WEIGHTS) - kept
    assert a.weighted_score(fewer, WEIGHTS) == pytest.approx(expected, abs=1e-14)


@given(
    unit, st.integers(0, 13), st.floats(0.0, 1.0) | st.just(np.nan), st.floats(0.0, 1.0),
    st.floats(0.0, 1e4) | st.just(np.nan), st.booleans(), st.booleans(),
)  # fmt: skip
def test_points_lie_between_nothing_and_a_hundred(score, votes, agreement, trend, spread, ai, book):
    points = grade_points(GradeInputs(score, votes, agreement, trend, spread, ai, book))
    assert 0.0 <= points <= 100.0 + 1e-9


returns = st.lists(st.floats(-0.05, 0.05), max_size=130)


@given(returns, unit, hours)
def test_odds_stay_within_their_bounds(values, score, hour):
    record = e.record_of(np.empty(0))
    for value in values:
        record = e.add_return(record, value)
    edge = e.edge_of(record, score, a.thresholds_at(hour, RULES).buy)
    assert 0.05 <= edge.p <= 0.60
    assert edge.win > 0.0
    assert edge.loss > 0.0
    assert (edge.expected > 1e-12) <= (s.kelly_fraction(edge, False) > 0.0)


odds = st.builds(
    lambda p, win, loss: Edge(p, win, loss, p * win - (1 - p) * loss),
    st.floats(0.05, 0.60), st.floats(1e-4, 0.1), st.floats(1e-4, 0.1),
)  # fmt: skip


@given(odds, st.floats(0.0, 1.0), st.booleans())
def test_under_the_floor_policy_the_share_never_leaves_its_bounds(edge, caution, nominal):
    rules = s.SizingRules(kelly_fraction=caution, nominal_odds=nominal)
    share = s.bounded_fraction(s.kelly_fraction(edge, nominal), rules)
    assert 0.08 <= share <= 0.20


@given(odds, st.floats(0.0, 1.0))
def test_under_the_veto_policy_it_is_nothing_exactly_without_an_edge(edge, caution):
    rules = s.SizingRules(kelly_fraction=caution, edge_policy=s.VETO_POLICY)
    kelly = s.kelly_fraction(edge, False)
    share = s.bounded_fraction(kelly, rules)
    assert share == 0.0 if kelly <= 1e-9 else 0.08 <= share <= 0.20


@given(
    odds, st.sampled_from([2, 3]), st.sampled_from([0.5, 1.0, 1.25]), st.floats(1.0, 1e6),
    st.floats(0.01, 1e6), st.sampled_from([1e-5, 1e-3, 0.1, 1.0]),
)  # fmt: skip
def test_a_quantity_never_exceeds_what_the_share_buys(edge, grade, pattern, equity, price, step):
    rules = s.SizingRules(quantity_step=step)
    size = s.size_entry(edge, grade, pattern, equity, price, rules)
    assert size.quantity * price <= 0.20 * equity * (1 + 1e-6) + price * step * 1e-6
    assert size.quantity == 0.0 or size.quantity * price >= 5.0
    steps = size.quantity / step
    assert steps == pytest.approx(round(steps), rel=1e-9)
    richer = s.size_entry(edge, grade, pattern, equity * 2, price, rules)
    assert richer.quantity >= size.quantity


@given(st.integers(0, 30 * DAY))
def test_thresholds_depend_on_the_hour_alone(time):
    hour = time // HOUR % 24
    low, strong = a.thresholds_at(hour, RULES)
    assert low < strong
    assert (low == 0.20) == (hour not in {1, 2, 3, 7, 8, 9})
