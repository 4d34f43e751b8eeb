import numpy as np
import pytest

from babingepet.signals.mtf_alignment import alignment, mtf_alignment, trend
from tests import factories as f

WEIGHTS = {"5m": 0.15, "15m": 0.25, "1h": 0.30, "4h": 0.30}
UP, DOWN, FLAT = np.arange(150.0), -np.arange(150.0), np.zeros(150)


def of(**closes):
    """Inputs with the given moves around 1000; intervals not named have no bars."""
    names = {"m5": "5m", "m15": "15m", "h1": "1h", "h4": "4h"}
    bars = dict(f.signal_inputs().bars)
    for key, move in closes.items():
        bars[names[key]] = f.bars_until(f.NOON, names[key], 1_000.0 + np.asarray(move))
    return f.signal_inputs(bars=bars)


def ema(values, period):
    average = values[0]
    for value in values[1:]:
        average += 2.0 / (period + 1) * (value - average)
    return average


@pytest.mark.parametrize("slope", [0.01, 0.05, 0.1, -0.07])
def test_the_trend_is_the_distance_of_the_averages_in_ranges(slope):
    closes = 1_000.0 + slope * np.arange(300.0)
    # bars reach 1 above and below, and move less than that: every true range is 2
    expected = (ema(closes, 20) - ema(closes, 50)) / 2.0
    assert trend(f.candles(closes=closes)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("slope", "expected"), [(1.0, 1.0), (-1.0, -1.0), (0.0, 0.0)])
def test_the_trend_is_clipped(slope, expected):
    assert trend(f.candles(closes=1_000.0 + slope * np.arange(300.0))) == expected


def test_where_nothing_ever_moved_the_trend_is_zero():
    flat = f.candles(200, high=100.0, low=100.0)
    assert trend(flat) == 0.0


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ({"m5": UP, "m15": UP, "h1": UP, "h4": UP}, 1.0),
        ({"m5": DOWN, "m15": DOWN, "h1": DOWN, "h4": DOWN}, -1.0),
        ({"m5": UP, "m15": UP, "h1": DOWN, "h4": DOWN}, 0.40 - 0.60),
        ({"m5": UP, "m15": FLAT, "h1": FLAT, "h4": FLAT}, 0.15),
        # over the available intervals only
        ({"m5": UP, "m15": DOWN}, (0.15 - 0.25) / 0.40),
        ({"m15": UP, "h4": FLAT}, 0.25 / 0.55),
    ],
)
def test_the_score_is_the_weighted_mean_of_the_available_intervals(moves, expected):
    score = mtf_alignment(of(**moves))
    assert score.value == pytest.approx(expected, abs=1e-12)
    measured = {"m5": "5m", "m15": "15m", "h1": "1h", "h4": "4h"}
    assert set(score.raw) == {"seed", *(measured[name] for name in moves)}


@pytest.mark.parametrize(("bars", "available"), [(149, False), (150, True)])
def test_an_interval_needs_150_bars_and_the_score_two_intervals(bars, available):
    score = mtf_alignment(of(m5=UP, h1=UP[:bars]))
    assert (score.value is not None) is available
    if not available:
        assert "5m 150" in score.reason
        assert "1h 149" in score.reason
    assert mtf_alignment(of(h1=UP)).value is None


@pytest.mark.parametrize(("missing", "available"), [(3, True), (4, False)])
def test_a_recent_hole_takes_an_interval_out(missing, available):
    inputs = of(m5=np.arange(200.0), h1=UP)
    holed = f.without(inputs.bars["5m"], range(170, 170 + missing))
    score = mtf_alignment(f.signal_inputs(bars={**inputs.bars, "5m": holed}))
    assert (score.value is not None) is available


def test_a_hole_is_named_as_the_reason():
    inputs = of(m5=np.arange(200.0), h1=UP)
    holed = f.without(inputs.bars["5m"], range(170, 174))
    score = mtf_alignment(f.signal_inputs(bars={**inputs.bars, "5m": holed}))
    assert "missing" in score.reason


@pytest.mark.parametrize(
    ("moves", "up", "down"),
    [
        ({"m5": UP, "m15": UP, "h1": DOWN, "h4": FLAT}, 0.40, 0.30),
        ({"m5": UP, "m15": DOWN}, 0.15 / 0.40, 0.25 / 0.40),
        ({"h1": UP}, 0.0, 0.0),
    ],
)
def test_the_fraction_of_a_side_is_its_share_of_the_available_weight(moves, up, down):
    aligned = alignment(mtf_alignment(of(**moves)))
    assert (aligned.up, aligned.down) == pytest.approx((up, down), abs=1e-12)
