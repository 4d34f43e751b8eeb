"""What a paper fill pays: the touch with slippage, fees on its own notional, funding.

Without a book the open or close of a minute stands for the mid price and half a spread is added.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from babingepet.compiled import rule
from babingepet.domain.money import round8
from babingepet.paper.position import Bar, Order, Position

BPS = 1e-4


class CostRules(NamedTuple):
    """Costs of a fill."""

    taker_fee: float = 0.0005
    """Fraction of notional per side. Source: Binance USD-M regular user."""
    slippage_bps: float = 1.0
    half_spread_bps: float = 0.5
    """Added to slippage where no book is known."""


@rule
def marketable_price(side: int, bid: float, ask: float, mid: float, rules: CostRules) -> float:
    """Price paid by a market order: the touch and slippage, or the mid, half a spread and slippage.

    Args:
        side: 1 buys, -1 sells.
        bid: Best bid; NaN without a book.
        ask: Best ask; NaN without a book.
        mid: Price that stands for the mid without a book.
        rules: Costs.
    """
    touch = ask if side > 0 else bid
    if np.isnan(touch):
        cost = rules.slippage_bps + rules.half_spread_bps
        return round8(mid * (1.0 + side * cost * BPS))
    return round8(touch * (1.0 + side * rules.slippage_bps * BPS))


@rule
def resting_price(side: int, level: float, rules: CostRules) -> float:
    """Price of a triggered stop of a position: its level and slippage against it."""
    return round8(level * (1.0 - side * rules.slippage_bps * BPS))


@rule
def fee_of(quantity: float, price: float, rules: CostRules) -> float:
    """Taker fee on the fill's notional."""
    return round8(quantity * price * rules.taker_fee)


@rule
def fills_at(order: Order, bar: Bar) -> bool:
    """Whether the order fills in this minute: only in the one right after its decision."""
    return order.side != 0 and order.as_of == bar.open_time


@rule
def entry_price(order: Order, bar: Bar, rules: CostRules) -> float:
    """Fill price of an order in the minute after its decision."""
    return marketable_price(order.side, bar.first_bid, bar.first_ask, bar.open, rules)


@rule
def funding_due(position: Position, bar: Bar) -> float:
    """Funding paid by the position in this minute; negative is received.

    A fill at the settlement does not pay it, an exit after it does.
    """
    if position.side == 0 or position.entry_time >= bar.open_time:
        return 0.0
    return round8(position.side * position.quantity * bar.funding)
