"""What a paper fill pays: the touch with slippage, fees on its own notional, funding.

Without a book the open or close of a minute stands for the mid price and half a spread is added.
Prices round to the exchange's tick against the account, where the exchange's filters are in force.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from babingepet.compiled import rule
from babingepet.domain.money import round8
from babingepet.paper.position import Bar, Order, Position

BPS = 1e-4
TICK_SLACK = 1e-6
"""A price this close to a tick, in ticks, is on it: 97234.9 / 0.1 is 972348.9999999999."""


class CostRules(NamedTuple):
    """Costs of a fill."""

    taker_fee: float = 0.0005
    """Fraction of notional per side. Source: Binance USD-M regular user."""
    maker_fee: float = 0.0002
    """The same for an order that rested in the book."""
    target_is_maker: bool = False
    """Whether the target rests in the book as a limit order and pays the maker's fee."""
    slippage_bps: float = 1.0
    half_spread_bps: float = 0.5
    """Added to slippage where no book is known."""
    price_tick: float = 0.0
    """The exchange's price step, quote currency; 0 leaves prices unrounded."""


@rule
def on_tick(side: int, price: float, rules: CostRules) -> float:
    """The price on the exchange's grid: a buyer's (side 1) rounds up, a seller's down."""
    if rules.price_tick <= 0.0:
        return round8(price)
    ticks = price / rules.price_tick
    ticks = np.ceil(ticks - TICK_SLACK) if side > 0 else np.floor(ticks + TICK_SLACK)
    return round8(ticks * rules.price_tick)


@rule
def mid_price(bid: float, ask: float, otherwise: float) -> float:
    """Middle of the touch; ``otherwise`` without a book (NaN)."""
    return otherwise if np.isnan(bid) or np.isnan(ask) else 0.5 * (bid + ask)


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
        return on_tick(side, mid * (1.0 + side * cost * BPS), rules)
    return on_tick(side, touch * (1.0 + side * rules.slippage_bps * BPS), rules)


@rule
def resting_price(side: int, level: float, rules: CostRules) -> float:
    """Price of a triggered stop of a position: its level and slippage against it."""
    return on_tick(-side, level * (1.0 - side * rules.slippage_bps * BPS), rules)


@rule
def fee_of(quantity: float, price: float, rate: float) -> float:
    """Fee on the fill's notional."""
    return round8(quantity * price * rate)


@rule
def slippage_of(side: int, quantity: float, price: float, reference: float) -> float:
    """What a fill cost against its reference price; side 1 bought. Positive is a cost."""
    return round8(side * quantity * (price - reference))


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
