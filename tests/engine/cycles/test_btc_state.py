import json

import pytest

from babingepet.cycles.btc_state import dump_state, load_state
from babingepet.errors import IntegrityBroken
from babingepet.market.intervals import HOUR, MINUTE
from tests import factories as f
from tests.engine.cycles.account import STRONG_BUY, Account


def midway():
    """An account with a position, a shadow, a record and a loss behind it."""
    account = Account("edge_policy=veto", shadow=f.position(-1, entry_price=99.123456789))
    account.minute(scores=STRONG_BUY).minute(100.0, 100.1, 99.0, 99.5)
    account.miss(40).minute(scores=STRONG_BUY).minute(100.0, 100.1, 99.9, 100.0)
    return account


def test_a_state_comes_back_to_the_bit():
    state = midway().state
    again = load_state(dump_state(state))
    assert again[:-1] == state[:-1]
    assert again.record.returns.tobytes() == state.record.returns.tobytes()
    assert again.record[1:] == state.record[1:]
    assert dump_state(again) == dump_state(state)


def test_a_state_that_has_not_traded_comes_back():
    state = f.state()
    assert load_state(dump_state(state))[:-1] == state[:-1]


def test_a_restart_does_not_forget_the_losses_in_a_row():
    account = Account()
    pauses = []
    for _ in range(3):
        account.minute(scores=STRONG_BUY).minute(100.0, 100.1, 99.0, 99.5)
        pauses.append((account.state.guards.cooldown_until - account.time) // MINUTE)
        account.state = load_state(dump_state(account.state))
        account.miss(125)
    assert pauses == [30, 60, 120]


def test_a_restart_does_not_forget_a_breaker():
    account = Account(position=f.position(quantity=10.0, stop=1.0)).minute(100.0)
    account.minute(100.0, 100.0, 90.0, 90.0)
    account.state = load_state(dump_state(account.state))
    assert "DAILY_DD" in account.minute(100.0).blocked
    assert account.time < f.NOON + HOUR


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"{",
        dump_state(f.state()).replace(b'"cash"', b'"cosh"'),
        dump_state(f.state()).replace(b'"returns":[]', b'"returns":["x"]'),
    ],
)
def test_what_is_no_state_of_this_version_is_refused(payload):
    with pytest.raises(IntegrityBroken, match="stored state"):
        load_state(payload)


def test_a_state_is_plain_json():
    stored = json.loads(dump_state(midway().state))
    assert stored["ledger"]["cash"] == midway().state.ledger.cash
    assert len(stored["returns"]) == len(midway().state.record.returns) > 0
