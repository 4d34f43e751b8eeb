"""Calibration against scikit-learn, consensus and analysts against formulas of pandas and numpy."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import entropy
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, brier_score_loss

from babingepet.swarm.analysts.btc import SCORES, BtcReading, btc_answers
from babingepet.swarm.analysts.btc_series import BtcColumns, btc_series
from babingepet.swarm.calibration import calibrate
from babingepet.swarm.consensus import Agreed, agree
from babingepet.swarm.rosters import BTC
from babingepet.swarm.track_record import Prediction, track_record
from tests.engine.swarm import questions as q

SAMPLES = {
    "many": lambda rng: rng.uniform(0.0, 1.0, 5_000),
    "few": lambda rng: rng.uniform(0.0, 1.0, 7),
    "narrow, with empty bins": lambda rng: rng.normal(0.55, 0.04, 400).clip(0.01, 0.99),
    "on the edges": lambda rng: rng.choice(np.linspace(0.0, 1.0, 11), 500),
    "beside the edges": lambda rng: np.nextafter(
        rng.choice(np.linspace(0.1, 0.9, 9), 500), rng.choice([0.0, 1.0], 500)
    ),
}


@pytest.mark.parametrize("sample", SAMPLES)
def test_calibration_is_that_of_scikit_learn(sample):
    rng = np.random.default_rng(11)
    p = SAMPLES[sample](rng)
    y = rng.uniform(size=len(p)) < 0.2 + 0.6 * p
    found = calibrate(list(zip(p.tolist(), y.tolist(), strict=True)))
    assert found.brier == pytest.approx(brier_score_loss(y, p), abs=1e-12)
    reference = brier_score_loss(y, np.full(len(y), y.mean()))
    assert found.reference == pytest.approx(reference, abs=1e-12)
    assert found.skill == pytest.approx(1 - brier_score_loss(y, p) / reference, abs=1e-12)
    shares, means = calibration_curve(y, p, n_bins=10)
    filled = [b for b in found.bins if b.n]
    assert [b.share_up for b in filled] == pytest.approx(list(shares), abs=1e-12)
    assert [b.mean_p for b in filled] == pytest.approx(list(means), abs=1e-12)
    assert sum(b.n for b in found.bins) == len(p)


def test_hits_are_the_accuracy_of_the_sides():
    rng = np.random.default_rng(5)
    p, outcome = rng.uniform(0.0, 1.0, 50), rng.normal(0.0, 0.01, 50)
    rows = [Prediction(i, i, *row) for i, row in enumerate(zip(p, outcome, strict=True))]
    record = track_record(rows, as_of=50)
    assert record.hits / record.n == pytest.approx(accuracy_score(outcome > 0, p > 0.5), abs=1e-12)


def test_a_consensus_is_that_of_the_formulas():
    rng = np.random.default_rng(3)
    for _ in range(60):
        p = np.where(rng.uniform(size=9) < 0.3, np.nan, rng.uniform(0.01, 0.99, 9).round(2))
        weights = dict(zip(BTC.names[:3], rng.uniform(0.1, 0.9, 3).tolist(), strict=True))
        found = agree(BTC, q.votes([None if np.isnan(x) else float(x) for x in p]), weights)
        valid = p[~np.isnan(p)]
        assert isinstance(found, Agreed) == (len(valid) >= 5)
        if isinstance(found, Agreed):
            _expect_formulas(found, p, valid, weights)


def _expect_formulas(found, p, valid, weights):
    table = pd.DataFrame({"p": p, "w": [*weights.values(), *[1.0] * 6]}).dropna()
    group = np.where(table.index < 3, "generalist", "persona")
    means = (table.p * table.w).groupby(group).sum() / table.w.groupby(group).sum()
    shares = {"generalist": 0.4, "persona": 0.6}
    blend = np.average(means, weights=[shares[name] for name in means.index])
    sides = pd.Series(np.select([valid > 0.55 + 1e-12, valid < 0.45 - 1e-12], [1, -1], 0))
    distances = np.abs(np.subtract.outer(valid, valid))[np.triu_indices(len(valid), 1)]
    assert found.p_up == pytest.approx(blend, abs=1e-12)
    assert found.agreement == pytest.approx(
        max((sides == 1).mean(), (sides == -1).mean()), abs=1e-12
    )
    assert found.side == np.sign(sides.sum())
    assert found.entropy == pytest.approx(entropy(sides.value_counts(), base=2), abs=1e-12)
    assert found.pairwise == pytest.approx(distances.mean(), abs=1e-12)


def columns(rng, n):
    """Scores, moves and gaps of every kind, also on the thresholds; at some moments hardly any."""
    is_thin = rng.uniform(size=n) < 0.2

    def holed(values):
        gaps = np.where(is_thin, 0.93, rng.choice([0.1, 0.4]))
        return np.where(rng.uniform(size=n) < gaps, np.nan, values)

    def score():
        wild, small = rng.uniform(-1.0, 1.0, n), rng.choice([-0.1, 0.0, 0.1], n)
        return holed(np.where(rng.uniform(size=n) < 0.7, wild, small))

    usual = [rng.exponential(0.004, n) * (rng.uniform(size=n) > 0.05) for _ in range(2)]
    return BtcColumns(
        scores={name: score() for name in rng.permutation(SCORES)[:11]},
        ret_1h=holed(rng.normal(0.0, 0.005, n)),
        ret_4h=holed(rng.normal(0.0, 0.01, n)),
        rv_1h=holed(usual[0]),
        rv_4h=holed(usual[1]),
        natr_percentile=holed(rng.choice([0.2, 0.9, 0.95], n, p=[0.8, 0.1, 0.1])),
        is_volatile=rng.uniform(size=n) < 0.1,
    )


def reading(columns, i):
    def at(values):
        return None if np.isnan(values[i]) else float(values[i])

    return BtcReading(
        scores={name: at(values) for name, values in columns.scores.items()},
        ret_1h=at(columns.ret_1h),
        ret_4h=at(columns.ret_4h),
        rv_1h=at(columns.rv_1h),
        rv_4h=at(columns.rv_4h),
        natr_percentile=at(columns.natr_percentile),
        is_volatile=bool(columns.is_volatile[i]),
    )


@pytest.mark.parametrize("is_weighted", [False, True])
def test_the_series_of_the_rules_is_the_live_round_bit_for_bit(is_weighted):
    n = 1_500
    rng = np.random.default_rng(8)
    market = columns(rng, n)
    weights = {name: rng.uniform(0.1, 0.9, n) for name in BTC.names[:3] if is_weighted}
    series = btc_series(market, weights)
    found = np.full((4, n), np.nan)
    for i in range(n):
        proven = {name: float(values[i]) for name, values in weights.items()}
        agreed = agree(BTC, btc_answers(reading(market, i)), proven)
        found[2:, i] = 0, agreed.valid
        if isinstance(agreed, Agreed):
            found[:3, i] = agreed.p_up, agreed.agreement, agreed.side
    together = np.array([series.p_up, series.agreement, series.side, series.valid])
    np.testing.assert_array_equal(together.view(np.int64), found.view(np.int64))
    assert 0.05 < np.isnan(series.p_up).mean() < 0.3
    assert set(series.side) == {-1, 0, 1}
