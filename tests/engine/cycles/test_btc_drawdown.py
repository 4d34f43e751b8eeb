"""A breaker that flattens: the position leaves at the open after the loss was seen."""

import pytest

from babingepet.domain.codes import ExitReason
from babingepet.market.intervals import MINUTE
from babingepet.paper.guards import Guards
from tests import factories as f
from tests.engine.cycles.account import HOLD, STRONG_BUY, Account

GUARDS = Guards(day=f.WEDNESDAY, day_anchor=1_000.0, week=f.MONDAY, week_anchor=1_000.0)
FREE = ("slippage_bps=0", "half_spread_bps=0", "taker_fee=0")
WIDE = ("stop_loss=0.4",)


def held(side):
    """A position of the whole account, far from its stop."""
    return f.position(
        side, quantity=10.0, stop=100.0 - side * 40.0, initial_stop=100.0 - side * 40.0
    )


@pytest.mark.parametrize("side", [1, -1])
def test_a_daily_breaker_closes_the_position_at_the_next_open_when_it_flattens(side):
    account = Account(*FREE, *WIDE, "flatten_on_drawdown=true", guards=GUARDS, position=held(side))
    account.minute(100.0 - side * 6.0)
    assert account.state.guards.day_hit
    assert account.state.position.side == side  # seen at the close, closed at the next open
    seen = account.time
    opened, close = 100.0 - side * 5.0, 100.0 - side * 7.0
    account.minute(opened, max(opened, close), min(opened, close), close)
    closed = account.account.closed
    assert ExitReason(closed.exit_reason) is ExitReason.DRAWDOWN
    assert closed.exit_price == 100.0 - side * 5.0
    assert closed.exit_time == seen
    assert account.state.position.side == 0


def test_without_it_the_position_is_kept_and_only_entries_stop():
    account = Account(*FREE, *WIDE, guards=GUARDS, position=held(1)).minute(94.0).minute(95.0)
    assert account.state.position.side == 1
    assert "DAILY_DD" in account.blocked


def test_a_flattened_account_opens_nothing_until_the_next_day():
    account = Account(*FREE, *WIDE, "flatten_on_drawdown=true", guards=GUARDS, position=held(1))
    account.minute(94.0).minute(95.0)
    account.miss(240).minute(95.0, scores=STRONG_BUY)
    assert account.blocked == ["DAILY_DD"]
    assert account.ordered == 0


def test_the_weekly_breaker_flattens_too():
    guards = GUARDS._replace(week_hit=True)
    account = Account(*FREE, *WIDE, "flatten_on_drawdown=true", guards=guards, position=held(1))
    account.minute(100.0)
    assert ExitReason(account.account.closed.exit_reason) is ExitReason.DRAWDOWN


def test_the_pause_after_a_flattened_loss_counts_from_the_open():
    guards = GUARDS._replace(day_hit=True)
    account = Account("flatten_on_drawdown=true", guards=guards, position=held(1))
    left = account.time
    account.minute(99.0)
    assert account.state.guards.cooldown_until == left + 30 * MINUTE


def test_a_flattening_breaker_leaves_the_shadow_alone():
    shadow = f.position(1, quantity=1.0, stop=60.0, initial_stop=60.0)
    account = Account(
        *FREE, *WIDE, "flatten_on_drawdown=true",
        guards=GUARDS._replace(day_hit=True), shadow=shadow,
    ).minute(100.0, scores=HOLD)  # fmt: skip
    assert account.state.shadow.side == 1


def test_a_position_that_leaves_at_the_open_of_a_settlement_still_pays_its_funding():
    account = Account(
        *FREE, *WIDE, "flatten_on_drawdown=true",
        guards=GUARDS._replace(day_hit=True),
        position=f.position(1, quantity=2.0, entry_time=f.NOON - MINUTE),
    ).minute(100.0, funding=0.01)  # fmt: skip
    assert account.account.closed.funding_paid == 0.02
