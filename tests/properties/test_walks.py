"""What holds in every minute of hours of trading, whatever the market and the rules."""

from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from babingepet.domain.codes import ExitReason, Gate, Grade
from babingepet.domain.money import amount
from babingepet.market.intervals import MINUTE, day_start, week_start
from babingepet.paper.sizing import VETO_POLICY
from tests.properties.walks import CAPITAL, walk

seeds = st.integers(0, 2**32)
GRID = Decimal("1e-8")
SLACK = 2 * GRID
"""Products of doubles may round to the neighbouring step of the grid."""


def booked(value):
    return value.quantize(GRID, rounding=ROUND_HALF_EVEN)


class Books:
    """The account kept by hand, in decimals, from fills, exits and settlements alone."""

    def __init__(self):
        self.cash = Decimal(str(CAPITAL))
        self.held = (0, Decimal(0), Decimal(0))

    def fee(self, quantity, price, rate="0.0005"):
        self.cash -= booked(quantity * price * Decimal(rate))

    def fill(self, side, quantity, price):
        self.held = (side, Decimal(quantity), Decimal(price))
        self.fee(*self.held[1:])

    def settle(self, per_unit):
        side, quantity, _ = self.held
        self.cash -= booked(side * quantity * Decimal(per_unit))

    def leave(self, price, rate):
        side, quantity, entry = self.held
        self.cash += booked(side * quantity * (Decimal(price) - entry))
        self.fee(quantity, Decimal(price), rate)
        self.held = (0, Decimal(0), Decimal(0))

    def equity(self, mark):
        side, quantity, entry = self.held
        return self.cash + booked(side * quantity * (Decimal(mark) - entry))


@given(seeds)
def test_equity_is_that_of_books_kept_by_hand(seed):
    settings, minutes = walk(seed)
    books = Books()
    booked_so_far = 0
    for minute in minutes:
        told, closed = minute.account, minute.account.closed
        held = closed if closed.side else minute.after.position
        if told.filled:
            books.fill(held.side, held.quantity, held.entry_price)
            booked_so_far += 1
        elif minute.funding and books.held[0]:
            books.settle(minute.funding)
            booked_so_far += 1
        if closed.side:
            rests = settings.costs.target_is_maker and closed.exit_reason == ExitReason.TARGET
            books.leave(closed.exit_price, "0.0002" if rests else "0.0005")
            booked_so_far += 2
        tolerance = SLACK * (1 + booked_so_far)
        assert abs(amount(told.equity) - books.equity(minute.close)) <= tolerance


@given(seeds, st.data())
def test_equity_changes_by_what_was_realised_less_fees_and_funding_and_by_the_open_position(
    seed, data
):
    _, minutes = walk(seed)
    first = data.draw(st.integers(0, len(minutes) - 2))
    last = data.draw(st.integers(first + 1, len(minutes) - 1))
    start, end = minutes[first], minutes[last]
    inside = minutes[first + 1 : last + 1]
    realised = sum(amount(minute.account.closed.gross_pnl) for minute in inside)
    funding = sum(amount(minute.account.funding) for minute in inside)
    fees = sum(amount(minute.account.closed.fees_paid) for minute in inside)
    fees += amount(end.after.position.entry_fee) - amount(start.after.position.entry_fee)
    marked = amount(end.account.unrealized_pnl) - amount(start.account.unrealized_pnl)
    change = amount(end.account.equity) - amount(start.account.equity)
    assert change == realised - fees - funding + marked


@given(seeds)
def test_there_is_one_position_and_no_entry_while_anything_forbids_it(seed):
    _, minutes = walk(seed)
    for minute in minutes:
        ordered = minute.after.order.side != 0
        assert ordered == (minute.vote.blocked == 0)
        assert ordered <= (minute.after.position.side == 0)
        assert minute.is_blocked_by(Gate.POSITION_OPEN) == (minute.after.position.side != 0)
        if minute.account.filled:
            assert minute.before.position.side == 0
            assert minute.before.order.as_of == minute.as_of - MINUTE
        elif minute.before.position.side == 0:
            assert minute.after.position.side == minute.account.closed.side == 0


@given(seeds)
def test_entries_keep_their_distance(seed):
    settings, minutes = walk(seed)
    entries = [minute.before.order.as_of for minute in minutes if minute.account.filled]
    assert all(b - a >= settings.voting.entry_spacing for a, b in pairwise(entries))


@given(seeds)
def test_stops_only_tighten_and_trades_end_at_their_stop_or_better_reasons(seed):
    _, minutes = walk(seed)
    for before, after in pairwise(minute.after.position for minute in minutes):
        if after.side and after.entry_time == before.entry_time:
            assert after.side * (after.stop - before.stop) >= 0.0
            assert after.side * (after.peak - before.peak) >= 0.0
            assert after.armed >= before.armed


@given(seeds)
def test_a_cooldown_never_shortens_and_forbids_until_it_is_over(seed):
    _, minutes = walk(seed)
    for minute in minutes:
        until = minute.after.guards.cooldown_until
        assert until >= minute.before.guards.cooldown_until
        assert minute.is_blocked_by(Gate.COOLDOWN) == (minute.as_of < until)


@given(seeds)
def test_a_breaker_stays_hit_and_its_anchor_stays_until_the_span_is_over(seed):
    _, minutes = walk(seed)
    for before, after in pairwise(minutes):
        one, two = before.after.guards, after.after.guards
        if day_start(before.as_of) == day_start(after.as_of):
            assert (two.day, two.day_anchor) == (one.day, one.day_anchor)
            assert two.day_hit >= one.day_hit
        else:
            assert two.day_anchor == after.account.equity
        if week_start(before.as_of) == week_start(after.as_of):
            assert (two.week, two.week_anchor) == (one.week, one.week_anchor)
            assert two.week_hit >= one.week_hit
        else:
            assert two.week_anchor == after.account.equity
        assert after.is_blocked_by(Gate.DAILY_DD) == two.day_hit
        assert after.is_blocked_by(Gate.WEEKLY_DD) == two.week_hit


@given(seeds)
def test_a_share_is_within_its_bounds_or_nothing_under_veto_and_its_quantity_is_floored(seed):
    settings, minutes = walk(seed)
    rules = settings.sizing
    for minute in minutes:
        size = minute.vote.size
        share = size.fraction / (0.75 if minute.vote.grade == Grade.B else 1.0)
        nothing = rules.edge_policy == VETO_POLICY and size.kelly <= 1e-9
        assert share == 0.0 if nothing else 0.08 - 1e-15 <= share <= 0.20 + 1e-15
        bought = size.fraction * minute.account.equity * rules.leverage / minute.close
        if size.quantity:
            steps = bought / rules.quantity_step
            assert steps - 1.0 - 1e-6 <= size.quantity / rules.quantity_step <= steps + 1e-6
            assert size.quantity * minute.close >= rules.min_notional
        else:
            least = max(rules.quantity_step, rules.min_quantity, rules.min_notional / minute.close)
            assert bought < least + rules.quantity_step
        assert minute.is_blocked_by(Gate.MIN_NOTIONAL) == (size.fraction > 0 == size.quantity)


def test_the_walks_meet_every_limit():
    seen = set()
    for seed in range(40):
        for minute in walk(seed)[1]:
            parts = {
                "fill": minute.account.filled,
                "lapse": minute.account.lapsed,
                "funding": minute.account.funding != 0.0,
                "shadow": minute.account.shadow_closed.side != 0,
                ExitReason(minute.account.closed.exit_reason).name: True,
                f"grade {minute.vote.grade}": True,
            }
            seen |= {name for name, happened in parts.items() if happened}
            seen |= {gate.name for gate in Gate if minute.is_blocked_by(gate)}
    gates = {
        "HOLD", "REGIME_RANGING", "DAILY_DD", "WEEKLY_DD", "COOLDOWN", "GRADE", "EDGE", "DEBOUNCE",
        "POSITION_OPEN", "MIN_NOTIONAL",
    }  # fmt: skip
    assert seen >= gates | {"fill", "lapse", "funding", "shadow", "grade 2", "grade 3"}
    assert seen >= {reason.name for reason in ExitReason} - {"LIQUIDATION"}
