import numpy as np
import pytest

from babingepet.domain.codes import Gate, Grade, Regime, failing
from babingepet.voting import gates as g
from babingepet.voting.rules import VotingRules

OPEN_MARKET = g.MarketGates(
    data_age=0, clock_skew=0, coverage=1.0, verdict=1, hour=12, regime=Regime.TRENDING_UP.value,
    votes=13, agreement=np.nan, grade=Grade.A.value, check_failed=False, paused=False,
)  # fmt: skip
OPEN_ACCOUNT = g.AccountGates(
    day_hit=False, week_hit=False, cooling=False, no_edge=False, pattern=1.0, settled=True,
    in_position=False, fraction=0.1, quantity=0.1,
)  # fmt: skip


RULES = VotingRules()


def market(rules=RULES, **changes):
    return [x.name for x in failing(g.market_gates(OPEN_MARKET._replace(**changes), rules))]


def account(**changes):
    return [x.name for x in failing(g.account_gates(OPEN_ACCOUNT._replace(**changes)))]


def test_a_market_and_an_account_in_order_forbid_nothing():
    assert market() == []
    assert account() == []


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({"data_age": 180_000}, None),
        ({"data_age": 180_001}, "STALE_DATA"),
        ({"coverage": 0.60}, None),
        ({"coverage": 0.60 - 1e-13}, None),
        ({"coverage": 0.5999}, "LOW_COVERAGE"),
        ({"verdict": 0}, "HOLD"),
        ({"verdict": -2}, None),
        ({"hour": 17}, None),
        ({"hour": 18}, "HOUR_BLOCK"),
        ({"hour": 19}, None),
        ({"hour": 22}, None),
        ({"hour": 23}, "HOUR_BLOCK"),
        ({"hour": 0}, "HOUR_BLOCK"),
        ({"hour": 1}, None),
        ({"regime": Regime.RANGING.value}, "REGIME_RANGING"),
        ({"regime": Regime.UNKNOWN.value}, "REGIME_RANGING"),
        ({"regime": Regime.NEUTRAL.value}, None),
        ({"regime": Regime.VOLATILE.value}, None),
        ({"regime": Regime.TRENDING_DOWN.value}, None),
        ({"votes": 4}, None),
        ({"votes": 3}, "VOTES_LT_4"),
        ({"agreement": 0.40}, None),
        ({"agreement": 0.399}, "AI_AGREEMENT"),
        ({"agreement": np.nan}, None),
        ({"grade": Grade.B.value}, None),
        ({"grade": Grade.C.value}, "GRADE"),
        ({"grade": Grade.D.value}, "GRADE"),
        ({"check_failed": True}, "CHECK_FAILED"),
        ({"clock_skew": 30_000}, None),
        ({"clock_skew": -30_000}, None),
        ({"clock_skew": 30_001}, "CLOCK_SKEW"),
        ({"clock_skew": -30_001}, "CLOCK_SKEW"),
        ({"paused": True}, "PAUSED"),
    ],
    ids=str,
)
def test_one_change_of_the_market_closes_exactly_its_gate(change, gate):
    assert market(**change) == ([gate] if gate else [])


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({"day_hit": True}, "DAILY_DD"),
        ({"week_hit": True}, "WEEKLY_DD"),
        ({"cooling": True}, "COOLDOWN"),
        ({"no_edge": True}, "EDGE"),
        ({"pattern": 0.0}, "PATTERN_SKIP"),
        ({"pattern": 0.5}, None),
        ({"settled": False}, "DEBOUNCE"),
        ({"in_position": True}, "POSITION_OPEN"),
        ({"quantity": 0.0}, "MIN_NOTIONAL"),
        ({"quantity": 0.0, "fraction": 0.0}, None),  # asked only when something is allowed
    ],
    ids=str,
)
def test_one_change_of_the_account_closes_exactly_its_gate(change, gate):
    assert account(**change) == ([gate] if gate else [])


def test_a_required_consensus_blocks_while_it_is_missing():
    rules = VotingRules(ai_required=True)
    assert market(rules, agreement=np.nan) == ["AI_AGREEMENT"]
    assert market(rules, agreement=0.40) == []


def test_every_failing_gate_is_named_in_order():
    worst_market = {
        "data_age": 10**9, "clock_skew": 10**9, "coverage": 0.0, "verdict": 0, "hour": 0,
        "regime": Regime.UNKNOWN.value, "votes": 0, "agreement": 0.0, "grade": 0,
        "check_failed": True, "paused": True,
    }  # fmt: skip
    worst_account = {
        "day_hit": True, "week_hit": True, "cooling": True, "no_edge": True, "pattern": 0.0,
        "settled": False, "in_position": True, "quantity": 0.0,
    }  # fmt: skip
    named = {*market(**worst_market), *account(**worst_account)}
    assert named == {gate.name for gate in Gate}
    assert [Gate[name] for name in market(**worst_market)] == sorted(
        Gate[name] for name in market(**worst_market)
    )
