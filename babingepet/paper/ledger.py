"""The exact account: cash moves only by realised P&L, fees and funding."""

from __future__ import annotations

from babingepet.compiled import rule
from babingepet.domain.codes import ExitReason
from babingepet.domain.money import round8
from babingepet.paper.fills import CostRules, fee_of, slippage_of
from babingepet.paper.position import ClosedTrade, Exit, Ledger, Position

TARGET = ExitReason.TARGET.value


@rule
def pay(ledger: Ledger, pnl: float, fee: float, funding: float, slippage: float) -> Ledger:
    """Book realised P&L, a fee and funding, and count slippage; costs are positive."""
    return Ledger(
        round8(ledger.cash + pnl - fee - funding),
        round8(ledger.realized_pnl + pnl),
        round8(ledger.fees_paid + fee),
        round8(ledger.funding_paid + funding),
        round8(ledger.slippage_paid + slippage),
    )


@rule
def unrealized_pnl(position: Position, mark: float) -> float:
    """P&L of the open position at ``mark``, before exit costs."""
    return round8(position.side * position.quantity * (mark - position.entry_price))


@rule
def close_trade(position: Position, left: Exit, time: int, costs: CostRules) -> ClosedTrade:
    """The round trip that an exit completes."""
    quantity, entry = position.quantity, position.entry_price
    gross = round8(position.side * quantity * (left.price - entry))
    is_maker = left.reason == TARGET and costs.target_is_maker
    rate = costs.maker_fee if is_maker else costs.taker_fee
    fees = round8(position.entry_fee + fee_of(quantity, left.price, rate))
    slippage = slippage_of(-position.side, quantity, left.price, left.reference)
    net = round8(gross - fees - position.funding_paid)
    return ClosedTrade(
        position.side,
        quantity,
        position.entry_time,
        entry,
        time,
        left.price,
        left.reason,
        position.initial_stop,
        position.stop,
        position.target,
        position.peak,
        position.armed,
        position.grade,
        fees,
        position.funding_paid,
        gross,
        net,
        net / (quantity * entry),
        net / (quantity * abs(entry - position.initial_stop)),
        round8(position.entry_slippage + slippage),
    )
