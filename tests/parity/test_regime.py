"""The regime of each bar of a recorded month against the rules in plain Python."""

import pytest

from babingepet.domain.codes import Regime
from babingepet.market.history import resample
from babingepet.market.intervals import DAY, MINUTE
from babingepet.signals.regime import read_regime
from tests import factories as f
from tests.parity import formulas
from tests.parity.recorded import spot_minutes

START = 1_709_251_200_000  # 2024-03-01
SPAN = 15 * MINUTE


@pytest.fixture(scope="module")
def quarters(recorded_data):
    return resample(spot_minutes(recorded_data, START, 31), "15m", START + 31 * DAY)


def numbers(bars):
    """ADX, +DI, -DI, slope, efficiency and natr rank of each bar from the 120th on."""
    high, low, close = (column.tolist() for column in (bars.high, bars.low, bars.close))
    movement = formulas.directional_movement(high, low, close, 14)
    reach = formulas.average_true_range(high, low, close, 14)
    average = formulas.moving_average(close, 50)
    efficiency = formulas.efficiency(close, 20)
    natr = [r / c for r, c in zip(reach[14:], close[14:], strict=True)]
    for i in range(119, len(close)):
        population = natr[max(0, i - 14 - 499) : i - 14 + 1]
        yield {
            "adx": movement.adx[i],
            "plus_di": movement.plus[i],
            "minus_di": movement.minus[i],
            "slope": (average[i] - average[i - 10]) / (10 * reach[i]),
            "efficiency_ratio": efficiency[i],
            "natr": natr[i - 14],
            "natr_rank": formulas.mid_rank(population, natr[i - 14])
            if len(population) >= 100
            else None,
        }


def state_of(n):
    """The first rule that a bar's numbers meet."""
    rank, er = n["natr_rank"], n["efficiency_ratio"]
    trends = n["adx"] >= 25 and er >= 0.30
    rules = {
        "VOLATILE": rank is not None and rank >= 0.95 and er < 0.30,
        "TRENDING_UP": trends and n["plus_di"] > n["minus_di"] and n["slope"] > 0.05,
        "TRENDING_DOWN": trends and n["minus_di"] > n["plus_di"] and n["slope"] < -0.05,
        "RANGING": n["adx"] < 20 or er < 0.15,
        "NEUTRAL": True,
    }
    return next(state for state, holds in rules.items() if holds)


def readings(bars):
    """(confirmed, raw, close of the confirming bar, score, numbers) of each bar."""
    confirmed, since, raws = "UNKNOWN", None, []
    for i, known in enumerate(numbers(bars), start=119):
        raws.append(state_of(known))
        agreed = raws[-3:] == [raws[-1]] * 3
        if raws[-1] != confirmed and (confirmed == "UNKNOWN" or raws[-1] == "VOLATILE" or agreed):
            confirmed, since = raws[-1], int(bars.open_time[i]) + SPAN
        strength = min(1.0, max(0.0, (known["adx"] - 20) / 30))
        score = {"TRENDING_UP": strength, "TRENDING_DOWN": -strength}.get(confirmed, 0.0)
        yield confirmed, raws[-1], since, score, known


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_the_bars_of_a_recorded_month_have_the_regime_of_the_rules(quarters, step):
    seen, changes = set(), set()
    expected = list(enumerate(readings(quarters), start=120))
    for count, (confirmed, raw, since, score, known) in expected[::step]:
        as_of = int(quarters.open_time[count - 1]) + SPAN
        reading = read_regime(f.signal_inputs(as_of, bars={"15m": quarters.rows(0, count)}))
        assert (reading.state.name, reading.raw_state.name) == (confirmed, raw)
        assert reading.since == since
        assert reading.score.value == pytest.approx(score, abs=1e-9)
        told = {name: reading.score.raw[name] for name in known}
        assert told == pytest.approx(known, abs=1e-9)
        seen.add(reading.state)
        changes.add(since)
    assert seen == set(Regime) - {Regime.UNKNOWN}
    assert len(changes) > 100


@pytest.mark.parametrize("minute", [0, 14])
def test_a_history_from_its_anchor_is_anchored_in_the_first_minutes_of_a_month(quarters, minute):
    april = START + 31 * DAY
    reading = read_regime(f.signal_inputs(april + minute * MINUTE, bars={"15m": quarters}))
    assert reading.score.raw["seed"] == "anchored"
