import math

import numpy as np
import pytest

from babingepet.domain.codes import Regime
from babingepet.market.intervals import DAY, MINUTE
from babingepet.signals.vwap import vwap, vwap_score, weighted_moments
from tests import factories as f

TRENDS = (Regime.TRENDING_UP, Regime.TRENDING_DOWN)
OTHERS = tuple(regime for regime in Regime if regime not in TRENDS)


@pytest.mark.parametrize("regime", TRENDS, ids=lambda regime: regime.name)
@pytest.mark.parametrize(
    ("z", "expected"),
    [
        (0.0, 0.0),
        (1.0, 0.5),
        (2.0, 1.0),
        (2.5, 0.5),
        (3.0, 0.0),
        (3.5, -0.5),
        (4.0, -1.0),
        (9.0, -1.0),
    ],
)
def test_in_a_trend_the_price_runs_until_it_is_stretched(z, expected, regime):
    assert vwap_score(z, regime) == pytest.approx(expected, abs=1e-15)
    assert vwap_score(-z, regime) == pytest.approx(-expected, abs=1e-15)


@pytest.mark.parametrize("regime", OTHERS, ids=lambda regime: regime.name)
@pytest.mark.parametrize(("z", "expected"), [(0.0, 0.0), (1.0, -0.5), (2.0, -1.0), (5.0, -1.0)])
def test_otherwise_it_returns(z, expected, regime):
    assert vwap_score(z, regime) == expected
    assert vwap_score(-z, regime) == -expected


@pytest.mark.parametrize("edge", [2.0, 4.0])
def test_the_map_of_a_trend_is_continuous(edge):
    below, above = (vwap_score(edge + step, Regime.TRENDING_UP) for step in (-1e-9, 1e-9))
    assert below == pytest.approx(above, abs=1e-8)


def test_z_is_the_distance_of_the_close_in_weighted_deviations():
    rng = np.random.default_rng(3)
    close = 60_000.0 + rng.normal(0, 20, 90).cumsum()
    volume = rng.random(90)
    minutes = f.candles(closes=close, first=f.WEDNESDAY, base_volume=volume)
    as_of = f.WEDNESDAY + 90 * MINUTE
    typical = (minutes.high + minutes.low + minutes.close) / 3
    mean = math.fsum(typical * volume) / math.fsum(volume)
    deviation = math.sqrt(math.fsum(volume * (typical - mean) ** 2) / math.fsum(volume))
    score = vwap(f.signal_inputs(as_of, minutes=minutes), Regime.NEUTRAL)
    z = (close[-1] - mean) / deviation
    assert score.raw["z"] == pytest.approx(z, rel=1e-9)
    assert score.value == pytest.approx(max(-1.0, min(1.0, -z / 2)), rel=1e-9)


def test_small_deviations_survive_a_large_price():
    # plain sums of squares in doubles would give 0 or noise here
    values = 1e8 + np.array([0.0, 1.0, 0.0, 1.0]) / 16
    mean, deviation = weighted_moments(values, np.ones(4))
    assert (mean - 1e8, deviation) == (1 / 32, 1 / 32)


def of(count, **columns):
    """The first minutes of the day, after some of the day before."""
    rows = f.candles(count + 60, first=f.WEDNESDAY - 60 * MINUTE, **columns)
    return f.signal_inputs(f.WEDNESDAY + count * MINUTE, minutes=rows)


@pytest.mark.parametrize(("count", "available"), [(0, False), (29, False), (30, True)])
def test_it_needs_thirty_minutes_since_midnight(count, available):
    score = vwap(of(count), Regime.NEUTRAL)
    assert (score.value is not None) is available
    if not available:
        assert f"{count} of 30" in score.reason


def test_minutes_without_volume_count_toward_the_thirty():
    volume = np.full(90, 0.0)
    volume[60] = 1.0
    assert vwap(of(30, base_volume=volume), Regime.NEUTRAL).value is not None


def test_the_day_before_is_forgotten():
    close = np.concatenate([np.full(60, 5.0), np.full(40, 100.0)])
    assert vwap(of(40, closes=close), Regime.NEUTRAL).raw["vwap"] == pytest.approx(100.0)


def test_without_volume_there_is_no_average():
    score = vwap(of(60, base_volume=0.0), Regime.NEUTRAL)
    assert score.value is None
    assert "no volume" in score.reason


def test_a_price_that_never_moved_is_at_its_average():
    score = vwap(of(60, high=100.0, low=100.0), Regime.TRENDING_UP)
    assert (score.value, score.raw["z"], score.raw["deviation"]) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("missing", "available"), [(3, True), (4, False)])
def test_a_recent_hole_makes_it_unavailable(missing, available):
    inputs = of(120)
    holed = f.without(inputs.minutes, range(150, 150 + missing))
    score = vwap(f.signal_inputs(inputs.as_of, minutes=holed), Regime.NEUTRAL)
    assert (score.value is not None) is available
    if not available:
        assert "missing" in score.reason


def test_midnight_has_no_average():
    minutes = f.candles(1_440)
    score = vwap(f.signal_inputs(f.WEDNESDAY + DAY, minutes=minutes), Regime.NEUTRAL)
    assert score.value is None
