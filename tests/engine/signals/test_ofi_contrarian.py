import math

import numpy as np
import pytest

from babingepet.market.intervals import MINUTE
from babingepet.signals.ofi_contrarian import ofi_contrarian, ofi_pressure
from tests import factories as f


def score_of(*imbalances, until=f.NOON):
    return ofi_contrarian(
        f.signal_inputs(
            tape=f.tape(len(imbalances), until=until, order_flow_imbalance=list(imbalances))
        )
    )


BEFORE = [3.0, -1.0, 2.0, 0.0, 5.0, -4.0] * 10


@pytest.mark.parametrize("current", [0.0, 2.5, -7.0, 40.0])
def test_the_score_fades_the_last_minute_against_those_before(current):
    mean = sum(BEFORE) / 60
    deviation = math.sqrt(sum((x - mean) ** 2 for x in BEFORE) / 59)
    z = (current - mean) / deviation
    score = score_of(*BEFORE, current)
    assert score.value == pytest.approx(-math.tanh(z / 2), abs=1e-14)
    assert score.raw["z"] == pytest.approx(z)
    assert score.raw["imbalance"] == current


@pytest.mark.parametrize(("before", "available"), [(59, False), (60, True)])
def test_it_needs_sixty_minutes_before_the_current_one(before, available):
    score = score_of(*BEFORE[:before], 1.0)
    assert (score.value is not None) is available
    if not available:
        assert "59 of 60" in score.reason


def test_minutes_that_were_not_covered_whole_do_not_count():
    gaps = [None, None, *BEFORE[2:]]
    assert "58 of 60" in score_of(*gaps, 1.0).reason
    assert score_of(None, None, *BEFORE, 1.0).value == score_of(*BEFORE, 1.0).value


def test_only_the_240_minutes_before_are_remembered():
    population = BEFORE * 4
    assert score_of(1e6, *population, 1.0).value == score_of(*population, 1.0).value
    assert score_of(1e6, *population[1:], 1.0).value != score_of(*population, 1.0).value


def test_a_constant_past_has_no_deviation_and_says_nothing():
    assert score_of(*[2.0] * 60, 9.0).value == 0.0


@pytest.mark.parametrize(
    ("tape", "said"),
    [
        ((), "no quotes were collected"),
        (f.tape(70, until=f.NOON - MINUTE), "no quotes were collected"),
        (
            (*f.tape(60, until=f.NOON - MINUTE), f.tape_minute(order_flow_imbalance=None)),
            "not covered whole",
        ),
    ],
    ids=["none", "older", "partly"],
)
def test_without_the_last_minute_there_is_no_score(tape, said):
    score = ofi_contrarian(f.signal_inputs(tape=tape))
    assert score.value is None
    assert said in score.reason


def test_a_covered_minute_without_a_quote_is_a_measurement():
    score = score_of(*BEFORE, 0.0)
    assert score.value is not None


@pytest.mark.parametrize(
    ("z", "pressure"),
    [
        (2.0, "STRONG_BUY"), (1.999, "BUY"), (1.0, "BUY"), (0.999, "NEUTRAL"), (0.0, "NEUTRAL"),
        (-0.999, "NEUTRAL"), (-1.0, "SELL"), (-1.999, "SELL"), (-2.0, "STRONG_SELL"),
    ],
)  # fmt: skip
def test_the_pressure_is_named_after_the_flow_not_the_score(z, pressure):
    assert ofi_pressure(z) == pressure


def test_the_score_stays_within_one_for_any_shock():
    assert -1.0 <= score_of(*BEFORE, 1e300).value <= -0.99
    assert np.isfinite(score_of(*BEFORE, -1e300).value)
