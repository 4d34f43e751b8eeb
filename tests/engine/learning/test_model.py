import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest

from babingepet.errors import InputError, IntegrityBroken
from babingepet.learning.model import TrainedModel
from babingepet.signals.inputs import Models
from babingepet.signals.ml_features import FEATURES, features
from babingepet.signals.ml_xgboost import ml_xgboost
from tests import factories as f

BASE_RATE = 0.45


def markets(count, seed=0):
    """Features of made-up markets, some missing, and whether an entry won."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, len(FEATURES)))
    won = values[:, 0] + values[:, 7] + rng.normal(size=count) > 0.3
    values[rng.random(values.shape) < 0.1] = np.nan
    return values, won.astype(int)


def trained(names=FEATURES, objective="binary:logistic"):
    from xgboost import DMatrix, train

    values, won = markets(300)
    columns = None if names is None else list(names)
    data = DMatrix(values[:, : len(names or FEATURES)], won, feature_names=columns)
    parameters = {"objective": objective, "max_depth": 3, "nthread": 1, "seed": 42}
    return train(parameters, data, num_boost_round=15)


@pytest.fixture(scope="module")
def booster():
    return trained()


@pytest.fixture(scope="module")
def model(booster):
    return TrainedModel(bytes(booster.save_raw()), BASE_RATE)


def answers(model, values):
    return np.array([model.probability(row) for row in values])


@pytest.mark.slow
def test_it_answers_as_xgboost_does(booster, model):
    from xgboost import DMatrix

    values, _ = markets(50, seed=1)
    values[0] = np.nan
    theirs = booster.predict(DMatrix(values, feature_names=list(FEATURES)))
    ours = answers(model, values)
    np.testing.assert_array_equal(ours, theirs.astype(float))
    assert len(set(ours)) > 10
    assert ((ours > 0.0) & (ours < 1.0)).all()


def test_a_training_that_was_stopped_early_answers_with_its_best_round():
    import pandas as pd
    from xgboost import XGBClassifier

    values, won = markets(400)
    table = pd.DataFrame(values, columns=list(FEATURES))
    classifier = XGBClassifier(
        n_estimators=200, max_depth=3, early_stopping_rounds=5, eval_metric="logloss", n_jobs=1
    )
    classifier.fit(table[:300], won[:300], eval_set=[(table[300:], won[300:])], verbose=False)
    booster = classifier.get_booster()
    assert classifier.best_iteration < booster.num_boosted_rounds() - 1
    ours = answers(TrainedModel(bytes(booster.save_raw()), BASE_RATE), values[:20])
    np.testing.assert_array_equal(ours, classifier.predict_proba(table[:20])[:, 1].astype(float))
    assert not np.array_equal(ours, booster.inplace_predict(values[:20]))


def test_what_was_kept_is_the_same_model(model):
    again = TrainedModel.from_bytes(model.to_bytes())
    assert (again.version, again.base_rate) == (model.version, BASE_RATE)
    assert again.to_bytes() == model.to_bytes()
    values, _ = markets(10, seed=2)
    np.testing.assert_array_equal(answers(again, values), answers(model, values))


def test_trees_written_as_json_or_ubjson_answer_alike(booster, model):
    written = TrainedModel(bytes(booster.save_raw("json")), BASE_RATE)
    values, _ = markets(10, seed=2)
    np.testing.assert_array_equal(answers(written, values), answers(model, values))


def test_the_version_names_the_trees_and_the_base_rate(booster, model):
    trees = bytes(booster.save_raw())
    shorter = bytes(booster[:10].save_raw())
    versions = [TrainedModel(*given).version for given in ((trees, 0.5), (shorter, BASE_RATE))]
    assert len({*versions, model.version}) == 3
    assert TrainedModel(trees, BASE_RATE).version == model.version
    assert len(model.version) == 64


def test_the_version_is_the_hash_of_all_that_follows_it(model):
    first, _, rest = model.to_bytes().partition(b"\n")
    assert first.decode() == model.version == hashlib.sha256(rest).hexdigest()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.95, 1.0])
def test_one_changed_byte_is_found_out_before_it_is_loaded(model, share):
    payload = bytearray(model.to_bytes())
    payload[int(share * (len(payload) - 1))] ^= 1
    with pytest.raises(IntegrityBroken, match="another SHA-256"):
        TrainedModel.from_bytes(bytes(payload))


@pytest.mark.parametrize("length", [0, 10, 64, 65, 100, -1])
def test_bytes_that_were_cut_off_are_not_a_model(model, length):
    with pytest.raises(IntegrityBroken):
        TrainedModel.from_bytes(model.to_bytes()[:length])


def signed(header, trees):
    content = header + b"\n" + trees
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (b'{"base_rate": 0.4, "schema": 2}', "of schema 2; this version reads 1"),
        (b'{"base_rate": 0.4}', "JSON header"),
        (b'{"schema": 1}', "JSON header"),
        (b'{"base_rate": null, "schema": 1}', "JSON header"),
        (b"[]", "JSON header"),
        (b"nothing", "JSON header"),
        (b'{"base_rate": 1.0, "schema": 1}', "base_rate of a model is 1.0"),
    ],
)
def test_another_header_is_refused_in_words(booster, header, said):
    with pytest.raises(InputError, match=said):
        TrainedModel.from_bytes(signed(header, bytes(booster.save_raw())))


@pytest.mark.parametrize("base_rate", [0.0, 1.0, -0.1, 45.0, float("nan")])
def test_a_base_rate_is_a_share_of_some_but_not_all(booster, base_rate):
    with pytest.raises(InputError, match="base_rate"):
        TrainedModel(bytes(booster.save_raw()), base_rate)


@pytest.mark.parametrize(
    ("trees", "said"),
    [(b"", "without trees"), (b"garbage", "cannot read"), (b'{"learner": {}}', "cannot read")],
)
def test_what_xgboost_cannot_read_is_refused_in_words(trees, said):
    with pytest.raises(InputError, match=said):
        TrainedModel(trees, BASE_RATE)


SWAPPED = (*FEATURES[:5], FEATURES[6], FEATURES[5], *FEATURES[7:])


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (SWAPPED, f"feature 5 is {FEATURES[6]}, expected {FEATURES[5]}"),
        (FEATURES[:-1], r"missing \['hour_cos'\], unknown \[\]"),
        (("return_5m", *FEATURES[1:]), r"missing \['ret_5m'\], unknown \['return_5m'\]"),
        (None, "no names"),
    ],
    ids=["another order", "one fewer", "another name", "no names"],
)
def test_a_model_of_other_features_is_refused_by_its_difference(names, said):
    with pytest.raises(InputError, match=said):
        TrainedModel(bytes(trained(names).save_raw()), BASE_RATE)


def test_a_model_that_does_not_answer_with_a_probability_is_refused():
    trees = bytes(trained(objective="reg:squarederror").save_raw())
    with pytest.raises(InputError, match="trained for reg:squarederror, expected binary:logistic"):
        TrainedModel(trees, BASE_RATE)


def test_it_answers_on_one_thread(model):
    config = json.loads(model._booster.save_config())
    assert config["learner"]["generic_param"]["nthread"] == "1"


def test_the_signal_scores_what_it_answers(model):
    bars = f.bars_until(f.NOON, "5m", 100.0 + np.sin(np.arange(400.0)))
    inputs = f.signal_inputs(
        bars={**f.signal_inputs().bars, "5m": bars},
        funding=f.funding((f.NOON - 1, 1e-4)),
        tape=(f.tape_minute(book=f.book((99.9, 3.0, 100.1, 1.0))),),
        models=Models(long=model),
    )
    score = ml_xgboost(inputs, {})
    assert "7 of 30" not in str(score.reason)
    probability = model.probability(features(inputs, {}))
    room = 1 - BASE_RATE if probability >= BASE_RATE else BASE_RATE
    assert score.value == pytest.approx((probability - BASE_RATE) / room)
    assert score.raw["long_version"] == model.version


@pytest.mark.slow
def test_a_process_without_a_model_does_not_pay_for_xgboost():
    code = "import sys, babingepet.learning.model; print('xgboost' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert answer.stdout == "False\n"
