"""What an agent's past predictions say, and which of them count."""

import numpy as np
import pytest

from babingepet.market.intervals import HOUR, MINUTE
from babingepet.swarm.track_record import (
    MEMORY,
    Prediction,
    TrackRecord,
    prompt_rows,
    track_record,
    weight_series,
)

NOW = 10**6


def predictions(*rows):
    """One a millisecond, each resolved 60 later."""
    return [Prediction(i, i + 60, p, outcome) for i, (p, outcome) in enumerate(rows)]


@pytest.mark.parametrize(
    ("p", "outcome", "hits", "n"),
    [
        (0.7, 0.01, 1, 1),
        (0.7, -0.01, 0, 1),
        (0.3, -0.01, 1, 1),
        (0.3, 0.01, 0, 1),
        (0.5, 0.01, 0, 0),
        (0.7, 0.0, 0, 0),
    ],
)
def test_a_hit_is_on_the_side_the_price_went_to(p, outcome, hits, n):
    assert track_record(predictions((p, outcome)), NOW) == TrackRecord(hits, n)


@pytest.mark.parametrize(
    ("hits", "misses", "weight"), [(0, 0, 0.5), (50, 0, 55 / 60), (0, 50, 5 / 60), (7, 3, 0.6)]
)
def test_the_weight_is_the_share_of_hits_with_ten_imagined_predictions(hits, misses, weight):
    rows = [(0.9, 0.01)] * hits + [(0.9, -0.01)] * misses
    assert track_record(predictions(*rows), NOW).weight == pytest.approx(weight, abs=1e-15)


def test_only_the_last_fifty_count_and_neutral_ones_are_among_them():
    rows = [(0.9, 0.01)] * 30 + [(0.5, 0.01)] * 20 + [(0.9, -0.01)] * 10
    assert track_record(predictions(*rows), NOW) == TrackRecord(hits=20, n=30)


def test_what_was_said_more_than_two_days_ago_weighs_no_more():
    rows = predictions((0.9, 0.01), (0.9, -0.01))
    assert track_record(rows, MEMORY) == TrackRecord(1, 2)
    assert track_record(rows, MEMORY + 1) == TrackRecord(0, 1)
    assert len(prompt_rows(rows, MEMORY + 1)) == 2


def test_the_series_of_weights_is_that_of_every_round():
    random = np.random.default_rng(5)
    as_ofs = np.cumsum(random.integers(1, 3, 400)) * 20 * MINUTE
    votes = np.where(random.random(400) < 0.2, np.nan, random.choice([0.3, 0.5, 0.8], 400))
    outcomes = np.where(random.random(400) < 0.1, np.nan, random.choice([-0.01, 0.0, 0.01], 400))
    past = [
        Prediction(int(t), int(t) + HOUR, p, r)
        for t, p, r in zip(as_ofs, votes, outcomes, strict=True)
        if not np.isnan([p, r]).any()
    ]
    expected = [track_record(past, int(t)).weight for t in as_ofs]
    assert weight_series(as_ofs, votes, outcomes, HOUR).tolist() == expected
    assert len(set(expected)) > 20


def test_what_is_resolved_after_the_question_is_not_known():
    rows = predictions((0.9, 0.01), (0.9, 0.01), (0.9, 0.01))
    assert track_record(rows, as_of=61) == TrackRecord(2, 2)
    assert track_record(rows, as_of=59) == TrackRecord(0, 0)
    assert len(prompt_rows(rows, as_of=60)) == 1


def test_an_agent_is_shown_its_predictions_newest_first_with_a_running_brier_score():
    rows = predictions((0.9, 0.01), (0.4, 0.02), (0.2, -0.01), (0.6, 0.0))
    shown = prompt_rows(reversed(rows), NOW)
    assert [row.as_of for row in shown] == [3, 2, 1, 0]
    errors = [0.1**2, 0.6**2, 0.2**2, 0.6**2]
    expected = [sum(errors[: n + 1]) / (n + 1) for n in range(4)]
    assert [row.brier for row in shown[::-1]] == pytest.approx(expected, abs=1e-12)
    assert len(prompt_rows(predictions(*[(0.9, 0.01)] * 70), NOW)) == 50
