"""What holds for the account after any sequence of minutes and orders."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from babingepet.cycles.btc_state import dump_state, load_state
from babingepet.domain.money import amount
from babingepet.paper.exits import ExitRules, exit_step
from babingepet.paper.fills import CostRules
from tests import factories as f
from tests.engine.cycles.account import BUY, HOLD, SELL, STRONG_BUY, STRONG_SELL, Account

CAPITAL = 1_000.0
moves = st.floats(-0.02, 0.02)
reach = st.floats(0.0, 0.02)
decisions = st.sampled_from([STRONG_BUY, STRONG_BUY, STRONG_SELL, STRONG_SELL, BUY, SELL, HOLD])
market_minutes = st.tuples(
    moves, moves, reach, reach, decisions, st.sampled_from([0.0, 0.0, 0.05, -0.03]),
    st.sampled_from([0, 0, 0, 0, 0, 0, 1, 40]), st.sampled_from([0.97, 0.999, 1.0, 1.01]),
)  # fmt: skip
stories = st.lists(market_minutes, min_size=1, max_size=60)
policies = st.sampled_from(["edge_policy=floor", "edge_policy=veto"])


def tell(account, story):
    """Play a story, yielding after each minute."""
    price = 100.0
    for gap, move, up, down, scores, funding, missed, hang in story:
        open_, close = price * (1 + gap / 4), price * (1 + gap / 4) * (1 + move)
        high, low = max(open_, close) * (1 + up), min(open_, close) * (1 - down)
        account.miss(missed).minute(
            open_, high, low, close, scores=scores, funding=funding,
            chandelier_long=close * hang, chandelier_short=close / hang,
        )  # fmt: skip
        price = close
        yield account


@given(stories, policies)
def test_cash_is_conserved_to_the_last_decimal(story, policy):
    start = Decimal(str(CAPITAL))
    gross = fees = funding = slippage = Decimal(0)
    account = Account(policy, "first_cooldown=0", capital=CAPITAL)
    for _ in tell(account, story):
        ledger, closed, held = account.state.ledger, account.account.closed, account.state.position
        cash, realized, paid, funded, slipped = (amount(value) for value in ledger)
        assert cash == start + realized - paid - funded
        gross += amount(closed.gross_pnl)
        fees += amount(closed.fees_paid)
        funding += amount(closed.funding_paid)
        slippage += amount(closed.slippage_paid)
        assert realized == gross
        assert paid == fees + amount(held.entry_fee)
        assert funded == funding + amount(held.funding_paid)
        assert slipped == slippage + amount(held.entry_slippage)
        assert amount(closed.net_pnl) == amount(closed.gross_pnl) - amount(
            closed.fees_paid
        ) - amount(closed.funding_paid)


@given(stories, policies)
def test_equity_is_cash_and_the_marked_position(story, policy):
    account = Account(policy, capital=CAPITAL)
    for _ in tell(account, story):
        told, held = account.account, account.state.position
        assert amount(told.equity) == amount(account.state.ledger.cash) + amount(
            told.unrealized_pnl
        )
        assert (held.side != 0) or told.unrealized_pnl == 0.0


@given(stories)
def test_a_stop_never_loosens_and_a_peak_never_falls(story):
    account = Account(capital=CAPITAL)
    before = account.state.position
    for _ in tell(account, story):
        held = account.state.position
        if held.side and held.entry_time == before.entry_time:
            assert held.side * (held.stop - before.stop) >= 0.0
            assert held.side * (held.peak - before.peak) >= 0.0
            assert held.armed >= before.armed
        before = held


@given(stories, policies, st.integers(0, 59))
def test_a_restart_in_the_middle_changes_nothing(story, policy, at):
    through, restarted = Account(policy), Account(policy)
    pairs = zip(tell(through, story), tell(restarted, story), strict=True)
    for minute, _ in enumerate(pairs):
        assert dump_state(restarted.state) == dump_state(through.state)
        assert restarted.account == through.account
        if minute == at:
            restarted.state = load_state(dump_state(restarted.state))


@given(stories)
def test_a_shadow_never_touches_the_account(story):
    account = Account("edge_policy=veto", returns=[-0.02] * 100, capital=CAPITAL)
    for _ in tell(account, story):
        assert account.state.ledger == f.state(CAPITAL).ledger
        assert account.state.guards.losses == 0


@given(moves, moves, reach, reach, st.sampled_from([1, -1]), st.floats(0.9, 1.1), st.booleans())
def test_an_exit_is_never_better_than_the_minute_and_costs_no_more_than_it_slips(
    gap, move, up, down, side, stop, armed
):
    open_ = 100.0 * (1 + gap)
    close = open_ * (1 + move)
    bar = f.bar(open_, max(open_, close) * (1 + up), min(open_, close) * (1 - down), close)
    held = f.position(side, stop=100.0 - side * abs(100.0 * stop - 100.0), armed=armed)
    _, left = exit_step(held, bar, 1.0, ExitRules(), CostRules())
    if left.reason:
        slack = 1.0 + 1.6e-4
        assert bar.low / slack <= left.price <= bar.high * slack
