"""Which bit is whose: all gates closed at once, which no real minute can do.

Each gate alone, at its boundary: tests/engine/cycles/boundaries.py.
"""

import pytest

from babingepet.domain.codes import Gate, Regime, failing
from babingepet.voting import gates as g
from babingepet.voting.rules import VotingRules

WORST_MARKET = g.MarketGates(
    data_age=10**9, clock_skew=10**9, coverage=0.0, verdict=0, hour=0,
    regime=Regime.UNKNOWN.value, votes=0, agreement=0.0, grade=0, check_failed=True, paused=True,
)  # fmt: skip
WORST_ACCOUNT = g.AccountGates(
    day_hit=True, week_hit=True, cooling=True, no_edge=True, pattern=0.0, settled=False,
    in_position=True, fraction=0.1, quantity=0.0,
)  # fmt: skip


def test_every_failing_gate_is_named_once_in_reporting_order():
    market = g.market_gates(WORST_MARKET, VotingRules())
    account = g.account_gates(WORST_ACCOUNT)
    assert market & account == 0
    assert failing(market | account) == tuple(Gate)


@pytest.mark.parametrize("hour", range(24))
def test_an_hour_is_blocked_by_its_own_bit(hour):
    blocked = g.market_gates(WORST_MARKET._replace(hour=hour), VotingRules())
    assert (Gate.HOUR_BLOCK in failing(blocked)) is (hour in {18, 23, 0})


def test_nothing_is_bought_with_nothing():
    broke = WORST_ACCOUNT._replace(fraction=0.0)
    assert Gate.MIN_NOTIONAL not in failing(g.account_gates(broke))
