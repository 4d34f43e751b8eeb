import numpy as np
import pytest

from babingepet.domain.codes import ExitReason, Grade
from babingepet.market.intervals import DAY, HOUR, MINUTE
from tests import factories as f
from tests.engine.cycles.account import (
    BUY,
    HOLD,
    SELL,
    STRONG_BUY,
    STRONG_SELL,
    Account,
)


def test_an_order_fills_at_the_next_open_with_half_a_spread_and_slippage():
    account = Account().minute(scores=STRONG_BUY)
    quantity = account.state.order.quantity
    account.minute(101.0, 101.3, 100.9, 101.2)
    held = account.state.position
    price = round(101.0 * 1.00015, 8)
    assert (held.side, held.quantity, held.entry_price) == (1, quantity, price)
    assert held.entry_time == f.NOON + MINUTE  # the open of the minute that filled it
    fee = quantity * price * 0.0005
    assert account.state.ledger.cash == pytest.approx(1_000.0 - fee, abs=1e-8)
    assert account.account.equity == pytest.approx(
        1_000 - fee + quantity * (101.2 - price), abs=2e-8
    )


def test_with_a_book_an_order_fills_at_the_touch():
    account = Account().minute(scores=STRONG_SELL).minute(100.0, first_bid=99.9, first_ask=100.1)
    assert account.state.position.entry_price == round(99.9 * 0.9999, 8)


def test_the_size_is_the_share_of_equity_at_the_close():
    account = Account().minute(100.0, close=125.0, scores=STRONG_BUY)
    kelly = 0.36 - 0.64 * 0.0072 / 0.0238  # p = .30 + .25 * (.44 - .20)
    assert account.state.order.quantity == pytest.approx(kelly * 1_000.0 / 125.0, abs=1e-5)
    assert account.state.order.grade == Grade.A


def test_an_order_lapses_when_its_minute_is_missed():
    account = Account().minute(scores=STRONG_BUY).miss().minute()
    assert account.account.lapsed
    assert not account.account.filled
    assert (account.state.position.side, account.state.ledger.cash) == (0, 1_000.0)


def test_an_order_that_lapsed_was_no_entry():
    account = Account().minute(scores=STRONG_BUY).miss().minute(scores=STRONG_SELL)
    assert account.blocked == []


def test_the_minute_that_fills_can_also_close():
    account = Account().minute(scores=STRONG_BUY).minute(100.0, 100.1, 99.0, 99.5)
    assert account.account.filled
    closed = account.account.closed
    assert ExitReason(closed.exit_reason) is ExitReason.STOP_LOSS
    assert (closed.entry_time, closed.exit_time) == (f.NOON + MINUTE, f.NOON + 2 * MINUTE)
    assert account.state.position.side == 0
    assert account.state.ledger.cash == pytest.approx(1_000.0 + closed.net_pnl, abs=1e-8)


def test_after_a_loss_entries_pause_for_thirty_minutes_from_the_exit():
    account = Account().minute(scores=STRONG_BUY).minute(100.0, 100.1, 99.0, 99.5)
    left = account.time
    while account.time + MINUTE < left + 30 * MINUTE:
        assert "COOLDOWN" in account.minute(scores=STRONG_BUY).blocked
    assert account.minute(scores=STRONG_BUY).blocked == []


def test_a_winner_may_be_followed_by_an_entry_in_the_same_minute():
    account = Account(position=f.position(quantity=0.5)).minute(
        101.0, 103.0, 100.9, 102.0, scores=STRONG_BUY
    )
    assert ExitReason(account.account.closed.exit_reason) is ExitReason.TARGET
    assert account.blocked == []
    assert account.ordered == 1


def test_entries_lie_five_minutes_apart_even_after_a_winner():
    account = Account().minute(scores=STRONG_BUY).minute(100.0, 103.0, 99.9, 102.0)
    said = [account.minute(scores=STRONG_BUY).ordered for _ in range(4)]
    assert said == [0, 0, 0, 1]  # 12:06 is five minutes after 12:01


def test_a_reversal_needs_three_minutes_even_when_strong():
    account = Account().minute(scores=STRONG_BUY).minute(100.0, 103.0, 99.9, 102.0).miss(10)
    said = [account.minute(scores=STRONG_SELL).ordered for _ in range(3)]
    assert said == [0, 0, -1]


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ([BUY, BUY], [0, 1]),
        ([BUY, HOLD, BUY, BUY], [0, 0, 0, 1]),
        ([SELL, SELL], [0, -1]),
        ([BUY, SELL, SELL], [0, 0, -1]),
        ([STRONG_SELL], [-1]),
    ],
)
def test_a_side_must_persist_before_it_is_traded(scores, said):
    account = Account()
    assert [account.minute(scores=each).ordered for each in scores] == said


@pytest.mark.parametrize(("drop", "gate"), [(0.949, "DAILY_DD"), (0.951, None)])
def test_an_open_loss_breaks_the_day_but_the_position_stays(drop, gate):
    # ten units at 100 on a thousand of cash: the price falls without reaching the stop
    held = f.position(quantity=10.0, stop=1.0, initial_stop=1.0)
    account = Account(position=held).minute(100.0).minute(100.0, 100.0, 100 * drop, 100 * drop)
    assert ("DAILY_DD" in account.blocked) is (gate is not None)
    assert account.state.position.side == 1


def test_the_anchor_of_the_day_is_the_equity_after_the_exits_of_midnight():
    held = f.position(quantity=5.0, entry_time=f.WEDNESDAY - HOUR)
    account = Account(time=f.WEDNESDAY - MINUTE, position=held).minute(100.0, 100.0, 99.0, 99.0)
    assert account.account.closed.side == 1
    assert account.state.guards.day == f.WEDNESDAY
    assert account.state.guards.day_anchor == account.account.equity < 1_000.0


# --- funding


def test_funding_is_paid_before_the_exits_of_its_minute():
    held = f.position(quantity=2.0)
    account = Account(position=held).minute(99.0, 99.0, 98.0, 98.5, funding=0.05)
    assert account.account.funding == 0.1
    assert account.account.closed.funding_paid == 0.1
    assert account.state.ledger.funding_paid == 0.1


def test_an_order_filled_at_the_settlement_does_not_pay_it():
    account = Account().minute(scores=STRONG_BUY).minute(100.0, funding=0.05)
    assert account.state.position.side == 1
    assert account.account.funding == 0.0


def test_a_short_receives_what_longs_pay():
    account = Account(position=f.position(-1, quantity=2.0)).minute(100.0, funding=0.05)
    assert account.account.funding == -0.1
    assert account.state.ledger.cash == pytest.approx(1_000.1)
    assert account.state.position.funding_paid == -0.1


# --- time


def test_a_position_is_closed_after_24_hours():
    account = Account(position=f.position(quantity=0.5, entry_time=f.NOON - DAY + MINUTE))
    account.minute(100.0)
    assert ExitReason(account.account.closed.exit_reason) is ExitReason.TIME
    assert account.account.closed.exit_price == round(100.0 * 0.99985, 8)


def test_a_score_of_nothing_has_no_side_and_no_votes():
    account = Account().minute(scores=f.scores())
    assert (account.vote.score, account.vote.votes, account.vote.coverage) == (0.0, 0, 0.0)
    assert not np.isnan(account.vote.points)


@pytest.mark.parametrize(("hour", "verdict"), [(6, 0), (7, 1), (9, 1), (10, 0)])
def test_thresholds_follow_the_hour_of_the_decision(hour, verdict):
    # a score of .176 lies between the boosted and the plain threshold
    account = Account(time=f.WEDNESDAY + hour * HOUR - MINUTE).minute(scores=f.scores(others=0.2))
    assert account.vote.verdict == verdict
