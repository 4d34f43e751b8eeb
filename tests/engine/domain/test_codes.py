import pytest

from babingepet.domain.codes import ExitReason, Gate, Grade, Side, Verdict, failing

GATE_ORDER = [
    "STALE_DATA",
    "LOW_COVERAGE",
    "HOLD",
    "HOUR_BLOCK",
    "REGIME_RANGING",
    "VOTES_LT_4",
    "AI_AGREEMENT",
    "DAILY_DD",
    "WEEKLY_DD",
    "COOLDOWN",
    "GRADE",
    "EDGE",
    "PATTERN_SKIP",
    "DEBOUNCE",
    "POSITION_OPEN",
    "MIN_NOTIONAL",
    "CHECK_FAILED",
    "CLOCK_SKEW",
    "PAUSED",
]


def test_gates_are_reported_in_their_fixed_order():
    assert [gate.name for gate in Gate] == GATE_ORDER
    assert [gate.name for gate in failing((1 << len(GATE_ORDER)) - 1)] == GATE_ORDER


@pytest.mark.parametrize("gate", list(Gate), ids=lambda gate: gate.name)
def test_each_gate_has_its_own_bit(gate):
    assert failing(1 << gate) == (gate,)


def test_no_bits_are_no_gates():
    assert failing(0) == ()


@pytest.mark.parametrize("verdict", list(Verdict), ids=lambda verdict: verdict.name)
def test_a_verdict_has_the_sign_of_its_side_and_a_mirror(verdict):
    mirrored = verdict.name.replace("BUY", "*").replace("SELL", "BUY").replace("*", "SELL")
    assert Verdict(-verdict).name == mirrored
    assert Side((verdict > 0) - (verdict < 0)).value * verdict >= 0


def test_grades_rise_with_quality():
    assert Grade.A > Grade.B > Grade.C > Grade.D


@pytest.mark.parametrize("name", ["STOP_LOSS", "TRAIL", "CHANDELIER"])
def test_every_stop_has_a_gap_twin_at_the_same_distance(name):
    assert ExitReason[f"{name}_GAP"] - ExitReason[name] == 3
