"""Every gate at its boundary (the table: boundaries.py), all of them together, and behind them."""

import pytest

from babingepet.cycles.refusals import Situation, refusals
from babingepet.domain.codes import Gate, Regime
from babingepet.market.intervals import HOUR, MINUTE
from tests import factories as f
from tests.engine.cycles.account import STRONG_BUY, Account
from tests.engine.cycles.boundaries import (
    BOUNDARIES,
    GUARDS,
    ONE_MINUTE,
    THURSDAY,
    WEDNESDAY,
    score_of,
)


def decide(
    *, rules=(), as_of=f.NOON, scores=STRONG_BUY, market=None, prices=(), checks=(), **start
):
    """The account after one minute, and its refusals."""
    account = Account(*rules, time=as_of - MINUTE, **{"guards": GUARDS} | start)
    told = f.market(**(market or {}))
    account.minute(*prices, scores=scores, market=told)
    situation = Situation(as_of, account.state, told, account.vote, account.settings, checks)
    return account, refusals(situation)


def names(told):
    return [refusal.gate for refusal in told]


each = pytest.mark.parametrize("row", BOUNDARIES, ids=lambda row: row.gate)


def test_every_gate_has_its_boundary():
    assert {row.gate for row in BOUNDARIES} == {gate.name for gate in Gate}


@each
def test_the_minute_that_just_passes_a_gate_is_traded(row):
    account, told = decide(**row.passes)
    assert told == ()
    assert account.ordered != 0


@each
def test_the_minute_that_just_fails_a_gate_is_refused_by_name(row):
    account, told = decide(**row.fails)
    assert names(told) == sorted([row.gate, *row.also], key=lambda name: Gate[name])
    assert account.ordered == 0
    refusal = told[names(told).index(row.gate)]
    assert row.said in {None, refusal.detail}
    assert refusal.until == row.until


@each
def test_a_refusal_leaves_a_shadow_only_where_nothing_but_the_record_forbids_the_entry(row):
    account, told = decide(**row.fails)
    assert account.shadowed == (names(told) in (["EDGE"], ["PATTERN_SKIP"]))


@each
def test_another_reason_beside_the_record_leaves_no_shadow(row):
    market = row.fails.get("market", {}) | {"pattern": 0.0}
    account, told = decide(**row.fails | {"market": market})
    assert "PATTERN_SKIP" in names(told)
    assert account.ordered == 0
    assert account.shadowed == (row.gate in {"EDGE", "PATTERN_SKIP"})


def test_all_failing_gates_are_reported_together_in_order():
    _, told = decide(
        rules=["edge_policy=veto"], as_of=WEDNESDAY + 18 * HOUR, scores=f.scores(), capital=850.0,
        guards=GUARDS._replace(cooldown_until=THURSDAY), returns=[-0.01] * 20,
        position=f.position(), checks=("x",),
        market={
            "data_age": 180_001, "regime": Regime.RANGING.value, "agreement": 0.1, "pattern": 0.0,
            "check_failed": True, "clock_skew": 30_001, "paused": True,
        },
    )  # fmt: skip
    everything = [gate.name for gate in Gate]
    everything.remove("MIN_NOTIONAL")  # nothing may be committed: there is no quantity to judge
    assert names(told) == everything


@pytest.mark.parametrize(("latch", "gate"), [("day_hit", "DAILY_DD"), ("week_hit", "WEEKLY_DD")])
def test_a_breaker_stays_closed_after_the_equity_has_recovered(latch, gate):
    _, told = decide(guards=GUARDS._replace(**{latch: True}), capital=1_100.0)
    assert names(told) == [gate]


LEANS_UP, LEANS_NOWHERE = score_of(0.1), score_of(0.0)


@pytest.mark.parametrize(
    ("scores", "last", "needed"),
    [(LEANS_UP, -1, 3), (LEANS_UP, 1, 2), (-LEANS_UP, 1, 3), (-LEANS_UP, -1, 2), (LEANS_NOWHERE, 1, 2)],
)  # fmt: skip
def test_on_hold_a_reversal_is_told_from_the_side_the_score_leans_to(scores, last, needed):
    _, told = decide(scores=scores, debounce=ONE_MINUTE._replace(entry_side=last))
    assert (told[0].gate, told[-1].gate) == ("HOLD", "DEBOUNCE")
    assert told[-1].detail == f"0 of {needed} minutes on this side"
