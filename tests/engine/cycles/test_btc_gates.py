"""Every gate alone: a minute that passes all of them, then one change that closes exactly one."""

import pytest

from babingepet.domain.codes import Regime
from babingepet.market.intervals import HOUR, MINUTE
from babingepet.paper.guards import Guards
from babingepet.voting.debounce import Debounce
from tests import factories as f
from tests.engine.cycles.account import BUY, HOLD, STRONG_BUY, Account

LOSERS = [-0.01] * 20
GUARDS = Guards(day=f.WEDNESDAY, day_anchor=1_000.0, week=f.MONDAY, week_anchor=1_000.0)
FOUR_OF_MIDDLING_STRENGTH = f.scores(
    others=0.0, whale_flow=0.52, vpin=0.52, ai_consensus=0.52, mtf_alignment=0.52
)
PERSISTENT = Debounce(as_of=f.NOON, side=1, minutes=1)
ANALYSTS = f.market(has_ai=True, agreement=0.40, ai_side=1)


def test_the_baseline_passes_every_gate():
    account = Account(guards=GUARDS).minute(scores=STRONG_BUY)
    assert account.blocked == []
    assert account.ordered == 1


@pytest.mark.parametrize(
    ("gates", "start", "minute"),
    [
        ("STALE_DATA", {}, {"market": f.market(data_age=180_001)}),
        # thin coverage and HOLD begin the debounce anew
        ("LOW_COVERAGE DEBOUNCE", {}, {"scores": f.scores(vpin=1.0, regime=1.0, vwap=1.0, mtf_alignment=1.0)}),
        ("HOLD DEBOUNCE", {}, {"scores": f.scores(others=0.2)}),
        ("HOUR_BLOCK", {"time": f.WEDNESDAY + 18 * HOUR - MINUTE}, {}),
        ("HOUR_BLOCK", {"time": f.WEDNESDAY + 19 * HOUR - 2 * MINUTE}, {}),
        ("REGIME_RANGING", {}, {"market": f.market(regime=Regime.RANGING.value)}),
        ("REGIME_RANGING", {}, {"market": f.market(regime=Regime.UNKNOWN.value)}),
        ("VOTES_LT_4", {}, {"scores": f.scores(others=0.0, whale_flow=1.0, vpin=1.0, regime=1.0)}),
        ("AI_AGREEMENT", {}, {"market": ANALYSTS._replace(agreement=0.39)}),
        ("AI_AGREEMENT", {"overrides": ["ai_required=true"]}, {}),
        ("DAILY_DD", {"guards": GUARDS._replace(day_hit=True)}, {}),
        ("DAILY_DD", {"guards": GUARDS._replace(day_anchor=1_053.0)}, {}),
        ("WEEKLY_DD", {"guards": GUARDS._replace(week_hit=True)}, {}),
        ("WEEKLY_DD", {"guards": GUARDS._replace(week_anchor=1_177.0)}, {}),
        ("COOLDOWN", {"guards": GUARDS._replace(cooldown_until=f.NOON + MINUTE + 1)}, {}),
        ("GRADE", {"debounce": PERSISTENT}, {"scores": FOUR_OF_MIDDLING_STRENGTH, "market": f.market(trend_up=0.0)}),
        ("EDGE", {"overrides": ["edge_policy=veto"], "returns": LOSERS}, {}),
        ("PATTERN_SKIP", {}, {"market": f.market(pattern=0.0)}),
        ("DEBOUNCE", {}, {"scores": BUY}),
        ("POSITION_OPEN", {"position": f.position(quantity=0.1)}, {}),
        ("MIN_NOTIONAL", {"capital": 20.0, "guards": Guards()}, {}),
        ("CHECK_FAILED", {}, {"market": f.market(check_failed=True)}),
        ("CLOCK_SKEW", {}, {"market": f.market(clock_skew=30_001)}),
        ("PAUSED", {}, {"market": f.market(paused=True)}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_one_change_to_the_baseline_closes_exactly_its_gate(gates, start, minute):
    start = {"guards": GUARDS, **start}
    account = Account(*start.pop("overrides", ()), **start).minute(
        **{"scores": STRONG_BUY} | minute
    )
    assert account.blocked == gates.split()
    assert account.ordered == 0


@pytest.mark.parametrize(
    ("start", "minute"),
    [
        ({}, {"market": f.market(data_age=180_000, clock_skew=30_000)}),
        ({"time": f.WEDNESDAY + 18 * HOUR - 2 * MINUTE}, {}),
        ({"time": f.WEDNESDAY + 19 * HOUR - MINUTE}, {}),
        ({}, {"market": ANALYSTS}),
        ({"guards": GUARDS._replace(day_anchor=1_052.0)}, {}),
        ({"guards": GUARDS._replace(week_anchor=1_176.0)}, {}),
        ({"guards": GUARDS._replace(cooldown_until=f.NOON + MINUTE)}, {}),
        ({"overrides": ["edge_policy=veto"]}, {}),
        ({"overrides": ["edge_policy=floor"], "returns": LOSERS}, {}),
    ],
)
def test_at_its_boundary_a_gate_is_open(start, minute):
    start = {"guards": GUARDS, **start}
    account = Account(*start.pop("overrides", ()), **start).minute(
        **{"scores": STRONG_BUY} | minute
    )
    assert account.blocked == []


def test_gates_are_asked_on_hold_too():
    market = f.market(regime=Regime.RANGING.value, paused=True)
    blocked = Account(guards=GUARDS).minute(scores=HOLD, market=market).blocked
    assert blocked == ["HOLD", "REGIME_RANGING", "VOTES_LT_4", "GRADE", "DEBOUNCE", "PAUSED"]
