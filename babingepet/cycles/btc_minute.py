"""One BTC minute of the account and the vote, compiled: what live cycle and replay both run.

Order of one minute:
1. the order of the minute before fills at this minute's open, or lapses
2. funding that fell due at or before the open is paid
3. exits are evaluated on the closed minute
4. equity is marked, the breakers are tested
5. the scores become a verdict
6. every gate is asked
7. an entry is ordered for the next minute, or a shadow of it
"""

from __future__ import annotations

import numpy as np

from babingepet.compiled import rule, stage
from babingepet.cycles.btc_values import (
    AccountMinute,
    BtcState,
    Market,
    PositionMinute,
    Reading,
    Vote,
)
from babingepet.cycles.settings import BtcSettings
from babingepet.domain.codes import ExitReason
from babingepet.domain.money import round8
from babingepet.market.frames import Bools, Floats
from babingepet.market.intervals import HOUR, MINUTE
from babingepet.paper.exits import exit_step, flatten, open_position, with_funding
from babingepet.paper.fills import entry_price, fills_at, funding_due
from babingepet.paper.guards import after_trade, mark_equity
from babingepet.paper.ledger import close_trade, pay, unrealized_pnl
from babingepet.paper.position import (
    NO_ORDER,
    NO_POSITION,
    NO_TRADE,
    Bar,
    Order,
    Position,
)
from babingepet.paper.sizing import (
    NO_EDGE,
    VETO_POLICY,
    bounded_fraction,
    floor_quantity,
    size_entry,
)
from babingepet.voting.aggregate import (
    count_votes,
    coverage,
    thresholds_at,
    verdict_of,
    weighted_score,
)
from babingepet.voting.debounce import Debounce, count_minute, is_settled, note_entry, note_shadow
from babingepet.voting.edge import add_return, edge_of
from babingepet.voting.gates import (
    SHADOWED,
    AccountGates,
    MarketGates,
    account_gates,
    market_gates,
)
from babingepet.voting.grade import GradeInputs, grade_of, grade_points
from babingepet.voting.rules import ROUNDING, VotingRules

NONE = ExitReason.NONE.value


@stage
def run_position(
    order: Order, position: Position, bar: Bar, settings: BtcSettings, flattens: bool
) -> PositionMinute:
    """Steps 1 to 3 of one position, real or shadow; a drawdown may flatten it at the open."""
    filled = fills_at(order, bar) and position.side == 0
    fee, slippage = 0.0, 0.0
    if filled:
        price = entry_price(order, bar, settings.costs)
        position = open_position(order, bar, price, settings.exits, settings.costs)
        fee, slippage = position.entry_fee, position.entry_slippage
    if position.side == 0:
        return PositionMinute(position, NO_TRADE, 0.0, fee, slippage, filled)
    funding = funding_due(position, bar)
    position = with_funding(position, funding)
    if flattens:
        left = flatten(position, bar, settings.costs)
    else:
        position, left = exit_step(
            position, bar, settings.sizing.leverage, settings.exits, settings.costs
        )
    if left.reason == NONE:
        return PositionMinute(position, NO_TRADE, funding, fee, slippage, filled)
    time = bar.open_time if flattens else bar.open_time + MINUTE
    trade = close_trade(position, left, time, settings.costs)
    fee = round8(fee + trade.fees_paid - position.entry_fee)
    slippage = round8(slippage + trade.slippage_paid - position.entry_slippage)
    return PositionMinute(NO_POSITION, trade, funding, fee, slippage, filled)


@stage
def account_minute(
    state: BtcState, bar: Bar, settings: BtcSettings
) -> tuple[BtcState, AccountMinute]:
    """Steps 1 to 4."""
    as_of = bar.open_time + MINUTE
    hit = state.guards.day_hit or state.guards.week_hit
    flattens = hit and settings.guards.flatten_on_drawdown
    real = run_position(state.order, state.position, bar, settings, flattens=flattens)
    shadow = run_position(state.shadow_order, state.shadow, bar, settings, flattens=False)
    ledger = state.ledger
    if real.filled or real.closed.side != 0 or real.funding != 0.0:
        ledger = pay(ledger, real.closed.gross_pnl, real.fee, real.funding, real.slippage)
    guards, record, debounce = state.guards, state.record, state.debounce
    if real.filled:
        debounce = note_entry(debounce, state.order.side, state.order.as_of)
    if shadow.filled:
        debounce = note_shadow(debounce, state.shadow_order.as_of)
    if real.closed.side != 0:
        guards = after_trade(guards, real.closed.net_pnl, real.closed.exit_time, settings.guards)
        record = add_return(record, real.closed.net_return)
    if shadow.closed.side != 0:
        record = add_return(record, shadow.closed.net_return)
    unrealized = unrealized_pnl(real.position, bar.close)
    equity = round8(ledger.cash + unrealized)
    after = BtcState(
        ledger,
        NO_ORDER,
        real.position,
        NO_ORDER,
        shadow.position,
        mark_equity(guards, as_of, equity, settings.guards),
        debounce,
        record,
    )
    return after, AccountMinute(
        real.filled,
        state.order.side != 0 and not real.filled,
        real.funding,
        real.closed,
        shadow.closed,
        unrealized,
        equity,
    )


@stage
def read_minute(
    as_of: int,
    scores: Floats,
    weights: Floats,
    capability: Bools,
    market: Market,
    rules: VotingRules,
) -> Reading:
    """Step 5 and what forbids an entry whatever the account holds: no state is read."""
    hour = as_of // HOUR % 24
    score = weighted_score(scores, weights)
    covered = coverage(scores, weights, capability)
    thresholds = thresholds_at(hour, rules)
    verdict = verdict_of(score, thresholds)
    votes = count_votes(scores, score, rules.vote_floor)
    points = grade_points(grade_inputs(score, votes, market))
    grade = grade_of(points)
    refused = market_gates(
        MarketGates(
            market.data_age, market.clock_skew, covered, verdict, hour, market.regime, votes,
            market.agreement, grade, market.check_failed, market.paused,
        ),
        rules,
    )  # fmt: skip
    return Reading(
        score, covered, verdict, votes, points, grade, thresholds.buy, thresholds.strong,
        market.pattern, refused,
    )  # fmt: skip


@stage
def vote_minute(
    state: BtcState, bar: Bar, equity: float, reading: Reading, settings: BtcSettings
) -> tuple[Debounce, Vote]:
    """Step 6: the gates of the account beside those of the market."""
    rules = settings.voting
    as_of = bar.open_time + MINUTE
    side = (reading.score > 0.0) - (reading.score < 0.0)
    edge = edge_of(state.record, reading.score, reading.buy_threshold)
    size = size_entry(edge, reading.grade, reading.pattern, equity, bar.close, settings.sizing)
    debounce = count_minute(
        state.debounce, as_of, reading.verdict, reading.coverage >= rules.min_coverage - ROUNDING
    )
    blocked = reading.refused | account_gates(
        AccountGates(
            state.guards.day_hit,
            state.guards.week_hit,
            as_of < state.guards.cooldown_until,
            settings.sizing.edge_policy == VETO_POLICY and size.kelly <= NO_EDGE,
            reading.pattern,
            is_settled(debounce, side, reading.verdict, debounce.entry_as_of, rules),
            state.position.side != 0,
            size.fraction,
            size.quantity,
        )
    )
    return debounce, Vote(
        reading.score, reading.coverage, reading.verdict, reading.votes, reading.points,
        reading.grade, reading.buy_threshold, reading.strong_threshold, edge, size, blocked,
    )  # fmt: skip


@rule
def grade_inputs(score: float, votes: int, market: Market) -> GradeInputs:
    """The grade's inputs seen from the side of the score."""
    side = (score > 0.0) - (score < 0.0)
    agreement = market.agreement
    if not np.isnan(agreement) and market.ai_side != side:
        agreement = 0.0
    trend = 0.0
    if side != 0:
        trend = market.trend_up if side > 0 else market.trend_down
    return GradeInputs(
        score, votes, agreement, trend, market.spread_bps, market.has_ai, market.has_book
    )


@rule
def shadow_order(
    state: BtcState, debounce: Debounce, vote: Vote, bar: Bar, equity: float, settings: BtcSettings
) -> Order:
    """A size-0 trade when only the record forbids the entry; one at a time, own spacing."""
    as_of = bar.open_time + MINUTE
    only_record = vote.blocked != 0 and (vote.blocked & ~SHADOWED) == 0
    spaced = as_of - debounce.shadow_as_of >= settings.voting.entry_spacing
    if not only_record or state.shadow.side != 0 or not spaced:
        return NO_ORDER
    fraction = max(
        bounded_fraction(vote.size.kelly, settings.sizing), settings.sizing.least_fraction
    )
    notional = fraction * equity * settings.sizing.leverage
    quantity = floor_quantity(notional, bar.close, settings.sizing)
    if quantity <= 0.0:
        return NO_ORDER
    return Order(1 if vote.verdict > 0 else -1, quantity, as_of, vote.grade)


@stage
def decide_minute(
    state: BtcState, bar: Bar, reading: Reading, settings: BtcSettings
) -> tuple[BtcState, AccountMinute, Vote]:
    """Everything that depends on the minutes before: steps 1 to 4, 6 and 7."""
    state, account = account_minute(state, bar, settings)
    debounce, vote = vote_minute(state, bar, account.equity, reading, settings)
    order, shadow = NO_ORDER, NO_ORDER
    if vote.blocked == 0:
        side = 1 if vote.verdict > 0 else -1
        order = Order(side, vote.size.quantity, bar.open_time + MINUTE, vote.grade)
    else:
        shadow = shadow_order(state, debounce, vote, bar, account.equity, settings)
    after = BtcState(
        state.ledger, order, state.position, shadow, state.shadow, state.guards, debounce,
        state.record,
    )  # fmt: skip
    return after, account, vote


@rule
def btc_minute(
    state: BtcState,
    bar: Bar,
    scores: Floats,
    weights: Floats,
    capability: Bools,
    market: Market,
    settings: BtcSettings,
) -> tuple[BtcState, AccountMinute, Vote]:
    """All seven steps of one minute.

    Args:
        state: What the minute before handed over.
        bar: The closed minute.
        scores: Shape (13,), in registry order, NaN where unavailable.
        weights: Shape (13,).
        capability: Shape (13,), the signals the source can ever supply.
        market: What the vote reads beside the scores.
        settings: Rules of every stage.
    """
    as_of = bar.open_time + MINUTE
    reading = read_minute(as_of, scores, weights, capability, market, settings.voting)
    return decide_minute(state, bar, reading, settings)
