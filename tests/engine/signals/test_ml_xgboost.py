from dataclasses import dataclass

import numpy as np
import pytest

from babingepet.domain.score import measured
from babingepet.signals.inputs import Models
from babingepet.signals.ml_features import FEATURES, features
from babingepet.signals.ml_xgboost import edge, ml_xgboost
from babingepet.signals.registry import NAMES, capability, compute_scores
from tests import factories as f

MODEL_FEEDS = f.CANDLE_FEEDS | {"model"}
OTHERS = {
    "vwap": measured("vwap", 0.0, 1, {"z": 1.0}),
    "vpin": measured("vpin", 0.0, 1, {"rank": 0.5}),
}


@dataclass
class FakeModel:
    """Answers with one probability and remembers what it was asked."""

    answer: float
    base_rate: float = 0.4
    version: str = "fake"
    asked: np.ndarray | None = None

    def probability(self, features):
        self.asked = features
        return self.answer


def quiet(long=None, short=None, bars=400, **given):
    closes = 100.0 + np.sin(np.arange(bars))
    five = f.bars_until(f.NOON, "5m", closes)
    return f.signal_inputs(
        bars={**f.signal_inputs().bars, "5m": five}, models=Models(long, short), **given
    )


def score_of(long=None, short=None, others=OTHERS, **given):
    return ml_xgboost(quiet(long, short, **given), others)


@pytest.mark.parametrize(
    ("probability", "base_rate", "expected"),
    [
        (0.4, 0.4, 0.0),
        (1.0, 0.4, 1.0),
        (0.0, 0.4, -1.0),
        (0.7, 0.4, 0.5),
        (0.2, 0.4, -0.5),
        (0.1, 0.1, 0.0),
        (0.55, 0.1, 0.5),
        (0.05, 0.1, -0.5),
    ],
)
def test_a_probability_counts_by_its_distance_from_the_base_rate(probability, base_rate, expected):
    assert edge(probability, base_rate) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("long", "short", "expected"),
    [
        (0.7, None, 0.5),
        (0.2, None, -0.5),
        (None, 0.7, -0.5),
        (None, 0.2, 0.5),
        (0.7, 0.4, 0.5),
        (0.7, 0.7, 0.0),
        (0.7, 0.3, 0.75),
        (0.0, 0.55, -1.0),
        (1.0, 0.0, 1.0),  # clipped
        (0.0, 1.0, -1.0),
    ],
)
def test_the_score_is_what_speaks_for_a_long_less_what_speaks_for_a_short(long, short, expected):
    models = [None if p is None else FakeModel(p) for p in (long, short)]
    score = score_of(*models)
    assert score.value == pytest.approx(expected, abs=1e-12)
    assert score.reason is None


def test_each_side_is_measured_by_its_own_base_rate():
    score = score_of(FakeModel(0.6, base_rate=0.2), FakeModel(0.6, base_rate=0.6))
    assert score.value == pytest.approx(0.5)


def test_the_numbers_behind_the_score_are_kept():
    score = score_of(FakeModel(0.7, version="a"), FakeModel(0.3, base_rate=0.5, version="b"))
    assert score.observations == 400
    assert dict(score.raw) == {
        "missing": 6,
        "seed": "short",
        "long_version": "a",
        "long_probability": 0.7,
        "long_base_rate": 0.4,
        "short_version": "b",
        "short_probability": 0.3,
        "short_base_rate": 0.5,
    }
    alone = score_of(short=FakeModel(0.3))
    assert not [name for name in alone.raw if name.startswith("long")]


def test_both_models_are_asked_about_the_same_thirty_features():
    long, short = FakeModel(0.5), FakeModel(0.5)
    inputs = quiet(long, short)
    ml_xgboost(inputs, OTHERS)
    expected = features(inputs, OTHERS)
    assert expected.shape == (len(FEATURES),)
    for model in (long, short):
        np.testing.assert_array_equal(model.asked, expected)


def test_without_a_model_there_is_no_score():
    score = score_of()
    assert score.value is None
    assert score.reason == "no model has earned its place"


@pytest.mark.parametrize(("known", "missing", "available"), [(2, 6, True), (1, 7, False)])
def test_a_fifth_of_the_features_may_be_missing_and_no_more(known, missing, available):
    model = FakeModel(0.7)
    score = score_of(model, others=dict(list(OTHERS.items())[:known]))
    assert (score.value is not None) is available
    if available:
        assert score.raw["missing"] == missing
    else:
        assert "7 of 30 features are missing: vpin_cdf, ofi_z" in score.reason
        assert model.asked is None


def test_a_history_too_short_for_the_features_is_not_guessed_at():
    score = score_of(FakeModel(0.7), bars=100)
    assert score.value is None
    assert "ret_24h" in score.reason


@pytest.mark.parametrize("answer", [np.nan, np.inf, -0.1, 1.1])
def test_an_answer_that_is_no_probability_is_not_a_score(answer):
    score = score_of(FakeModel(0.7), FakeModel(answer))
    assert score.value is None
    assert f"the short model answered {answer}" in score.reason


def test_a_source_with_candles_and_models_can_supply_it():
    able = dict(zip(NAMES, capability(frozenset({"candles", "model"})), strict=True))
    assert able["ml_xgboost"]
    assert not dict(zip(NAMES, capability(f.CANDLE_FEEDS), strict=True))["ml_xgboost"]


def test_in_the_vote_it_reads_the_scores_of_the_same_minute():
    model = FakeModel(0.7)
    closes = 100.0 + np.sin(np.arange(720.0))
    inputs = quiet(model, minutes=f.candles(closes=closes, first=f.WEDNESDAY))
    scores, _ = compute_scores(inputs, MODEL_FEEDS)
    by_name = {score.signal: score for score in scores}
    assert "7 of 30" in by_name["ml_xgboost"].reason  # vwap is known, vpin and funding are not
    assert "vwap_z" not in by_name["ml_xgboost"].reason
    funded = quiet(model, minutes=inputs.minutes, funding=f.funding((f.NOON - 1, 1e-4)))
    scores, _ = compute_scores(funded, MODEL_FEEDS)
    by_name = {score.signal: score for score in scores}
    assert by_name["ml_xgboost"].value == pytest.approx(0.5)
    assert model.asked[FEATURES.index("vwap_z")] == by_name["vwap"].raw["z"]
