"""When a position leaves: stop, target, trail, chandelier, time, liquidation, drawdown.

Evaluated on closed minutes, live and in replay alike; stop and target are taken to rest at the
exchange. In one minute: (a) an open beyond the stop fills at the open, (b) the adverse extreme
fills at the stop, (c) the favourable extreme fills at the target exactly, (d) only then peak and
stop are updated, binding from the next minute, (e) the time limit closes at the close. Before all
of these a liquidation; a drawdown, where it flattens, closes at the open after it was seen.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from babingepet.compiled import rule
from babingepet.domain.codes import ExitReason
from babingepet.domain.money import round8
from babingepet.paper.fills import (
    CostRules,
    fee_of,
    marketable_price,
    mid_price,
    on_tick,
    resting_price,
    slippage_of,
)
from babingepet.paper.position import NO_EXIT, Bar, Exit, Order, Position

NONE, STOP_LOSS, TARGET = ExitReason.NONE.value, ExitReason.STOP_LOSS.value, ExitReason.TARGET.value
TRAIL, CHANDELIER = ExitReason.TRAIL.value, ExitReason.CHANDELIER.value
TIME, LIQUIDATION = ExitReason.TIME.value, ExitReason.LIQUIDATION.value
DRAWDOWN = ExitReason.DRAWDOWN.value
TO_GAP = ExitReason.STOP_LOSS_GAP.value - STOP_LOSS
"""From a stop's reason to its gap twin."""

ROUNDING = 1e-12
MINUTE = 60_000
MAINTENANCE_MARGIN = 0.004
"""First bracket of BTCUSDT. Source: Binance leverage and margin table."""


class ExitRules(NamedTuple):
    """Distances of the exits, fractions of the entry price."""

    stop_loss: float = 0.006
    target: float = 0.025
    arm: float = 0.01
    """Peak profit at which the trail is armed."""
    keep: float = 0.75
    """Share of the peak profit that the trail keeps."""
    max_hold: int = 86_400_000
    """Milliseconds after which the position is closed."""


@rule
def open_position(
    order: Order, bar: Bar, price: float, exits: ExitRules, costs: CostRules
) -> Position:
    """A position just filled at ``price`` in this minute, with its stop and target."""
    side, quantity = order.side, order.quantity
    stop = price * (1.0 - side * exits.stop_loss)
    target = price * (1.0 + side * exits.target)
    if costs.price_tick > 0.0:  # a limit order cannot rest between two ticks
        target = on_tick(side, target, costs)
    fee = fee_of(quantity, price, costs.taker_fee)
    mid = mid_price(bar.first_bid, bar.first_ask, bar.open)
    armed = exits.arm <= 0.0
    return Position(
        side, quantity, bar.open_time, price, fee, stop, stop, STOP_LOSS, target, price, armed,
        0.0, order.grade, slippage_of(side, quantity, price, mid),
    )  # fmt: skip


@rule
def liquidation_price(side: int, entry_price: float, leverage: float) -> float:
    """Isolated-margin liquidation level, fees ignored; 0 for a long without leverage."""
    level = entry_price * (1.0 - side / leverage) / (1.0 - side * MAINTENANCE_MARGIN)
    return max(level, 0.0)


@rule
def resting_exit(position: Position, bar: Bar, leverage: float, costs: CostRules) -> Exit:
    """Steps (a) to (c): what rests at the exchange and was reached by this minute."""
    side = position.side
    adverse = bar.low if side > 0 else bar.high
    favourable = bar.high if side > 0 else bar.low
    ruin = liquidation_price(side, position.entry_price, leverage)
    if ruin > 0.0 and side * (adverse - ruin) <= 0.0:
        return Exit(LIQUIDATION, round8(ruin), ruin)
    if side * (bar.open - position.stop) < 0.0:
        price = resting_price(side, bar.open, costs)
        return Exit(position.stop_reason + TO_GAP, price, bar.open)
    if side * (adverse - position.stop) <= 0.0:
        price = resting_price(side, position.stop, costs)
        return Exit(position.stop_reason, price, position.stop)
    if side * (favourable - position.target) >= 0.0:
        return Exit(TARGET, round8(position.target), position.target)
    return NO_EXIT


@rule
def tighten(position: Position, level: float, reason: int) -> Position:
    """Move the stop to a tighter level; a looser one or none leaves it where it is."""
    if np.isnan(level) or position.side * (level - position.stop) <= 0.0:
        return position
    return _with_stop(position, level, reason)


@rule
def _with_stop(p: Position, stop: float, reason: int) -> Position:
    return Position(
        p.side, p.quantity, p.entry_time, p.entry_price, p.entry_fee, p.initial_stop,
        stop, reason, p.target, p.peak, p.armed, p.funding_paid, p.grade, p.entry_slippage,
    )  # fmt: skip


@rule
def _with_peak(p: Position, peak: float, armed: bool) -> Position:
    return Position(
        p.side, p.quantity, p.entry_time, p.entry_price, p.entry_fee, p.initial_stop,
        p.stop, p.stop_reason, p.target, peak, armed, p.funding_paid, p.grade, p.entry_slippage,
    )  # fmt: skip


@rule
def with_funding(p: Position, paid: float) -> Position:
    """The position after it paid funding."""
    return Position(
        p.side, p.quantity, p.entry_time, p.entry_price, p.entry_fee, p.initial_stop,
        p.stop, p.stop_reason, p.target, p.peak, p.armed, round8(p.funding_paid + paid), p.grade,
        p.entry_slippage,
    )  # fmt: skip


@rule
def follow(position: Position, bar: Bar, rules: ExitRules) -> Position:
    """Step (d): update the peak, arm the trail, ratchet the stop; trail first, so it wins ties."""
    side, entry = position.side, position.entry_price
    favourable = bar.high if side > 0 else bar.low
    peak = favourable if side * (favourable - position.peak) > 0.0 else position.peak
    profit = side * (peak - entry)
    armed = position.armed or profit >= entry * (rules.arm - ROUNDING)
    moved = _with_peak(position, peak, armed)
    if not armed:
        return moved
    moved = tighten(moved, entry + rules.keep * (peak - entry), TRAIL)
    return tighten(moved, bar.chandelier_long if side > 0 else bar.chandelier_short, CHANDELIER)


@rule
def flatten(position: Position, bar: Bar, costs: CostRules) -> Exit:
    """Leave at the open, at the touch."""
    side, bid, ask = -position.side, bar.first_bid, bar.first_ask
    price = marketable_price(side, bid, ask, bar.open, costs)
    return Exit(DRAWDOWN, price, mid_price(bid, ask, bar.open))


@rule
def exit_step(
    position: Position, bar: Bar, leverage: float, rules: ExitRules, costs: CostRules
) -> tuple[Position, Exit]:
    """One minute of an open position: (position after it, how it left if it did)."""
    left = resting_exit(position, bar, leverage, costs)
    if left.reason != NONE:
        return position, left
    moved = follow(position, bar, rules)
    if bar.open_time + MINUTE - position.entry_time >= rules.max_hold:
        bid, ask = bar.last_bid, bar.last_ask
        price = marketable_price(-position.side, bid, ask, bar.close, costs)
        return moved, Exit(TIME, price, mid_price(bid, ask, bar.close))
    return moved, left
