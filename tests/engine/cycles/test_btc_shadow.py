"""Shadow trades: what the record forbids is played without money, so that it can be unlearned."""

import pytest

from babingepet.domain.codes import ExitReason
from tests import factories as f
from tests.engine.cycles.account import BUY, STRONG_BUY, STRONG_SELL, Account

LOSERS = [-0.01] * 20


def veto(**start):
    return Account("edge_policy=veto", returns=LOSERS, **start)


def test_where_only_the_record_forbids_an_entry_a_shadow_runs_instead():
    account = veto().minute(scores=STRONG_BUY)
    assert (account.blocked, account.ordered, account.shadowed) == (["EDGE"], 0, 1)
    account.minute(100.0, 100.0, 99.9, 100.0)
    assert account.state.shadow.side == 1
    assert account.state.position.side == 0


@pytest.mark.parametrize(
    ("start", "minute", "shadowed"),
    [
        ({}, {"market": f.market(pattern=0.0)}, 1),
        ({}, {"market": f.market(pattern=0.0), "scores": STRONG_SELL}, -1),
        ({}, {"market": f.market(pattern=0.0, paused=True)}, 0),
        ({}, {"market": f.market(pattern=0.0), "scores": BUY}, 0),  # not persistent yet
        ({"shadow": f.position()}, {"market": f.market(pattern=0.0)}, 0),  # one at a time
        ({"position": f.position(quantity=0.1)}, {"market": f.market(pattern=0.0)}, 0),
        ({}, {}, 0),  # nothing forbids it: a real one
    ],
)
def test_a_shadow_runs_only_behind_the_gates_of_the_record(start, minute, shadowed):
    account = Account(**start).minute(**{"scores": STRONG_BUY} | minute)
    assert account.shadowed == shadowed


def test_a_shadow_moves_nothing_but_the_record():
    account = veto().minute(scores=STRONG_BUY).minute(100.0, 100.1, 99.0, 99.0)
    closed = account.account.shadow_closed
    assert ExitReason(closed.exit_reason) is ExitReason.STOP_LOSS
    assert account.state.ledger == f.state().ledger
    assert account.state.guards.losses == 0
    assert account.account.closed.side == 0
    assert account.state.record.returns[-1] == closed.net_return < 0.0
    assert len(account.state.record.returns) == len(LOSERS) + 1


def test_shadows_lie_five_minutes_apart_on_their_own_clock():
    account = veto().minute(scores=STRONG_BUY).minute(100.0, 103.0, 99.9, 102.0)
    said = [account.minute(scores=STRONG_BUY).shadowed for _ in range(4)]
    assert said == [0, 0, 0, 1]


def test_a_shadow_does_not_stand_in_the_way_of_a_real_entry():
    account = Account(shadow=f.position()).minute(scores=STRONG_BUY)
    assert (account.blocked, account.ordered) == ([], 1)


def test_of_two_exits_in_one_minute_the_real_one_is_recorded_first():
    account = Account(position=f.position(quantity=0.5), shadow=f.position(-1))
    account.minute(100.0, 103.0, 99.9, 102.0)
    real, shadow = account.account.closed, account.account.shadow_closed
    assert real.net_return > 0.0 > shadow.net_return
    assert account.state.record.returns.tolist() == [real.net_return, shadow.net_return]
