import numpy as np
import pytest

from babingepet.domain.codes import Regime
from babingepet.signals.regime import confirm, is_volatile, natr_rank, raw_state, read_regime
from tests import factories as f

U, V, UP, DN, R, N = (
    Regime.UNKNOWN, Regime.VOLATILE, Regime.TRENDING_UP, Regime.TRENDING_DOWN, Regime.RANGING,
    Regime.NEUTRAL,
)  # fmt: skip


@pytest.mark.parametrize(
    ("adx", "plus", "minus", "slope", "er", "rank", "expected"),
    [
        # 1. VOLATILE: rank >= .95 and ER < .30, before everything else
        (10, 20, 10, 0.0, 0.00, 0.95, V),
        (40, 30, 10, 0.1, 0.29, 0.99, V),
        (40, 30, 10, 0.1, 0.30, 0.99, UP),  # a clean move is a trend, however wide
        (22, 20, 10, 0.1, 0.20, 0.949, N),
        (22, 20, 10, 0.1, 0.20, np.nan, N),  # too young for a rank
        # 2. TRENDING_UP: ADX >= 25, +DI > -DI, g > .05, ER >= .30
        (25, 20, 10, 0.051, 0.30, 0.5, UP),
        (24.9, 20, 10, 0.1, 0.50, 0.5, N),
        (25, 10, 10, 0.1, 0.50, 0.5, N),
        (25, 10, 20, 0.1, 0.50, 0.5, N),  # averages rise against the movement
        (25, 20, 10, 0.05, 0.50, 0.5, N),  # strict
        (25, 20, 10, 0.1, 0.29, 0.5, N),
        # 3. TRENDING_DOWN: its mirror
        (25, 10, 20, -0.051, 0.30, 0.5, DN),
        (25, 10, 20, -0.05, 0.50, 0.5, N),
        (25, 20, 10, -0.1, 0.50, 0.5, N),
        # 4. RANGING: ADX < 20 or ER < .15
        (19.9, 20, 10, 0.1, 0.50, 0.5, R),
        (20, 20, 10, 0.1, 0.15, 0.5, N),
        (40, 20, 10, 0.1, 0.149, 0.5, R),
    ],
)
def test_the_first_state_that_matches_is_the_raw_state(adx, plus, minus, slope, er, rank, expected):
    found = raw_state(float(adx), float(plus), float(minus), slope, er, rank >= 0.95)
    assert Regime(found) is expected


@pytest.mark.parametrize(
    ("raw", "expected", "since"),
    [
        ([U, U], U, -1),
        ([U, N], N, 1),  # the first state is believed at once
        ([U, V], V, 1),
        ([N, UP], N, 0),
        ([N, UP, UP], N, 0),
        ([N, UP, UP, UP], UP, 3),  # three in a row
        ([N, UP, UP, N, UP, UP], N, 0),  # broken streaks do not add up
        ([N, UP, UP, R, UP, UP, UP], UP, 6),
        ([N, UP, UP, DN, DN], N, 0),
        ([N, UP, UP, DN, DN, DN], DN, 5),
        ([N, V], V, 1),  # volatility is believed at once
        ([N, V, N], V, 1),
        ([N, V, N, N], V, 1),
        ([N, V, N, N, N], N, 4),  # leaving it takes three
        ([N, V, N, N, V, N, N], V, 1),  # still the same spell
        ([UP, UP, UP, UP], UP, 0),
        ([N, UP, UP, UP, N, N, UP, N, N, N], N, 9),
    ],
)
def test_a_new_state_is_confirmed_by_three_equal_bars(raw, expected, since):
    states, rows = confirm(np.array([int(code) for code in raw], np.int64))
    assert (Regime(states[-1]), rows[-1]) == (expected, since)


def test_the_rank_holds_the_last_five_hundred_values_and_the_bar_itself():
    natr = np.concatenate([np.full(14, np.nan), np.arange(1.0, 601.0)])
    assert np.isnan(natr_rank(natr, 14 + 98))  # 99 values
    assert natr_rank(natr, 14 + 99) == (99 + 0.5) / 100
    assert natr_rank(natr, 14 + 599) == (499 + 0.5) / 500
    natr[-1] = 100.5  # below all of the last 499
    assert natr_rank(natr, 14 + 599) == 0.5 / 500
    natr[-1] = 100.0  # its equal left the window
    assert natr_rank(natr, 14 + 599) == 0.5 / 500
    natr[-1] = 101.0  # its equal is the oldest that is left
    assert natr_rank(natr, 14 + 599) == 2 * 0.5 / 500


def of(closes, **columns):
    return f.signal_inputs(
        bars={**f.signal_inputs().bars, "15m": f.bars_until(f.NOON, "15m", closes, **columns)}
    )


@pytest.mark.parametrize(("bars", "known"), [(0, False), (119, False), (120, True)])
def test_it_needs_120_bars(bars, known):
    reading = read_regime(of(1_000.0 + np.arange(bars)))
    assert (reading.state is not U) is known
    assert (reading.score.value is not None) is known
    if not known:
        assert f"{bars} of 120" in reading.score.reason
        assert reading.since is None


@pytest.mark.parametrize(("step", "state", "value"), [(1.0, UP, 1.0), (-1.0, DN, -1.0)])
def test_a_straight_move_is_a_trend_of_full_strength(step, state, value):
    reading = read_regime(of(1_000.0 + step * np.arange(200.0)))
    assert (reading.state, reading.raw_state) == (state, state)
    assert reading.score.value == pytest.approx(value)
    assert reading.score.raw["efficiency_ratio"] == 1.0
    # EMA50 moves by one step a bar, the true range is 2
    assert reading.score.raw["slope"] == pytest.approx(step / 2.0, abs=1e-3)


def test_a_market_that_goes_nowhere_is_ranging_and_neutral():
    reading = read_regime(of(1_000.0 + np.arange(200) % 2))
    assert reading.state is R
    assert reading.score.value == 0.0


def test_a_market_that_never_moved_is_ranging():
    reading = read_regime(of(np.full(200, 100.0), high=100.0, low=100.0))
    assert reading.state is R
    assert (reading.score.raw["slope"], reading.score.raw["adx"]) == (0.0, 0.0)


def test_the_score_reads_the_strength_of_the_confirmed_trend():
    # long after a straight rise the price turns: the confirmed state holds for two bars
    closes = np.concatenate([1_000.0 + np.arange(200.0), [1_199.0, 1_198.0]])
    reading = read_regime(of(closes))
    assert reading.state is UP
    strength = (reading.score.raw["adx"] - 20) / 30
    assert reading.score.value == pytest.approx(min(1.0, max(0.0, strength)))


@pytest.mark.parametrize(("missing", "known"), [(3, True), (4, False)])
def test_a_recent_hole_makes_it_unknown(missing, known):
    inputs = of(1_000.0 + np.arange(200.0))
    holed = f.without(inputs.bars["15m"], range(180, 180 + missing))
    reading = read_regime(f.signal_inputs(bars={**inputs.bars, "15m": holed}))
    assert (reading.state is not U) is known
    if not known:
        assert "missing" in reading.score.reason


def test_since_is_the_close_of_the_bar_that_confirmed_it():
    inputs = of(1_000.0 + np.arange(120.0))
    reading = read_regime(inputs)
    assert reading.since == f.NOON  # the 120th bar, closed at noon


@pytest.mark.parametrize("values", ["continuous", "with ties", "rising", "flat"])
def test_a_bar_is_volatile_exactly_when_it_ranks_at_95_percent(values):
    random = np.random.default_rng(5)
    natr = {
        "continuous": random.random(900),
        "with ties": random.integers(0, 12, 900) / 12.0,
        "rising": np.arange(900.0),
        "flat": np.ones(900),
    }[values]
    for row in range(100, 900):
        rank = natr_rank(natr, row)
        assert is_volatile(natr, row) == (not np.isnan(rank) and rank >= 0.95 - 1e-12)
