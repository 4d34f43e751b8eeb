import math

import pytest

from babingepet.market.intervals import MINUTE, SECOND
from babingepet.signals.ai_consensus import ai_consensus, fresh_consensus
from tests import factories as f


def inputs_with(age=0, **given):
    return f.signal_inputs(consensus=f.consensus(as_of=f.NOON - age, **given))


@pytest.mark.parametrize(
    ("p_up", "expected"),
    [(0.5, 0.0), (0.75, 0.5), (0.25, -0.5), (0.99, 0.98), (0.01, -0.98), (1.0, 1.0), (0.0, -1.0)],
)
def test_the_score_is_the_probability_stretched_to_both_sides(p_up, expected):
    assert ai_consensus(inputs_with(p_up=p_up)).value == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    ("age", "freshness"),
    [
        (0, 1.0),
        (25 * MINUTE, 1.0),
        (26 * MINUTE, 14 / 15),
        (30 * MINUTE, 10 / 15),
        (32 * MINUTE + 30 * SECOND, 0.5),
        (39 * MINUTE, 1 / 15),
        (40 * MINUTE, 0.0),
    ],
)
@pytest.mark.parametrize("p_up", [0.8, 0.1])
def test_it_counts_in_full_for_25_minutes_and_not_at_all_from_40(age, freshness, p_up):
    score = ai_consensus(inputs_with(age, p_up=p_up))
    assert score.value == pytest.approx((2 * p_up - 1) * freshness, abs=1e-15)
    assert score.raw["freshness"] == pytest.approx(freshness, abs=1e-15)
    assert score.raw["age_minutes"] == age / MINUTE


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"age": 40 * MINUTE + 1}, "stale: the last consensus is of 2025-05-07T11:19:59Z"),
        ({"age": -1}, "is later than the decision"),
        ({"age": -MINUTE}, "the consensus of 2025-05-07T12:01:00Z is later than the decision"),
        ({"p_up": math.nan}, "no probability"),
        ({"p_up": math.inf}, "no probability"),
        ({"p_up": 1.01}, "no probability"),
        ({"p_up": -0.01}, "no probability"),
        ({"agreement": math.nan}, "no probability"),
    ],
)
def test_a_consensus_that_cannot_count_says_why_and_reaches_no_gate(given, said):
    inputs = inputs_with(**given)
    score = ai_consensus(inputs)
    assert score.value is None
    assert said in score.reason
    assert fresh_consensus(inputs) is None


def test_without_a_consensus_there_is_no_score():
    score = ai_consensus(f.signal_inputs())
    assert score.value is None
    assert "not agreed" in score.reason
    assert fresh_consensus(f.signal_inputs()) is None


@pytest.mark.parametrize("age", [0, 25 * MINUTE, 40 * MINUTE])
def test_gates_and_grade_read_the_consensus_that_is_scored(age):
    inputs = inputs_with(age)
    assert fresh_consensus(inputs) is inputs.consensus


def test_the_score_tells_who_agreed():
    score = ai_consensus(inputs_with(agreement=0.625, side=-1, valid=8, provider="openrouter"))
    assert score.observations == 8
    assert (score.raw["agreement"], score.raw["side"]) == (0.625, -1)
    assert score.raw["provider"] == "openrouter"
