"""Whatever finite numbers a market holds, every score is sound and the decision can be stored."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from babingepet.cycles.btc import run_cycle
from babingepet.domain.decision import canonical_json
from babingepet.market.frames import Candles
from babingepet.market.history import BarHistory
from babingepet.market.intervals import DAY
from babingepet.signals.registry import compute_scores
from babingepet.signals.vpin import vpin
from babingepet.signals.vwap import weighted_moments
from tests import factories as f
from tests.properties import markets as m


def is_sound(score):
    """Within [-1, 1] or unavailable for a reason, and nothing in it that JSON cannot hold."""
    canonical_json([dict(score.raw), score.value, score.observations])
    if score.value is None:
        return bool(score.reason)
    return -1.0 <= score.value <= 1.0 and score.reason is None


@given(st.integers(0, 2**32))
def test_every_score_of_a_wild_market_is_sound(seed):
    scores, regime = compute_scores(m.wild_inputs(seed), f.ALL_FEEDS)
    assert all(map(is_sound, scores))
    assert regime.score in scores


@given(st.integers(0, 2**32))
def test_the_decision_of_a_wild_market_can_be_stored(seed):
    inputs = f.cycle_inputs(m.wild_inputs(seed), feeds=f.ALL_FEEDS)
    decision, after = run_cycle(inputs, f.state(), f.settings())
    assert decision.canonical()
    assert np.isfinite(decision.score)
    assert np.isfinite(after.ledger).all()


def test_a_deviation_is_a_number_whatever_the_volumes():
    typical, volume = np.array([993.0, 225.9]), np.array([1.0, 1e16])
    assert np.isfinite(weighted_moments(typical, volume)).all()


def test_a_minute_with_an_infinite_taker_volume_is_dropped_whole():
    count = 24 * 1_440
    bought = np.full(count, 5.0)
    bought[-100] = np.inf
    told = f.candles(count, first=f.WEDNESDAY - 24 * DAY, taker_buy_base_volume=bought)
    minutes = BarHistory(told, Candles.empty()).minutes(f.WEDNESDAY)
    assert len(minutes) == count - 1
    assert is_sound(vpin(f.signal_inputs(f.WEDNESDAY, minutes=minutes)))
