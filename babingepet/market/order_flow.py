"""What order flow comes to: best-quote events, parent orders and the depth near the mid.

Order-flow imbalance is the sum over best-quote updates of
e = 1{bid >= bid'} size - 1{bid <= bid'} size' - 1{ask <= ask'} size + 1{ask >= ask'} size',
primes marking the update before; positive is buying pressure. The inequalities are not strict:
strict ones lose every change of a queue at an unchanged price.

Trades and quotes may come in pieces: what goes on from one piece to the next is a value that the
caller hands back, and pieces give the same bits as one call over everything.

Inputs: quotes in the order of their update id, trades in the order of their id, depth snapshots.
Warm-up: the first quote is no event. Units: base units; notional in quote currency.
Source: Cont, Kukanov, Stoikov, The Price Impact of Order Book Events, Journal of Financial
Econometrics 12(1), 2014.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from babingepet.compiled import rule
from babingepet.market.frames import BookLevels, Bools, Floats, Ints, Trades

BOOK_BAND = 0.005
"""Depth imbalance counts levels within this fraction of the mid price."""


class OrderFlow(NamedTuple):
    """The imbalance so far, and the quote that the next update is compared with."""

    imbalance: float
    """Sum of the events, base units."""
    updates: int
    """Quotes that counted."""
    bid_price: float
    """NaN, like the three that follow, before the first quote."""
    bid_size: float
    ask_price: float
    ask_size: float


NO_QUOTE = OrderFlow(0.0, 0, np.nan, np.nan, np.nan, np.nan)
"""Before the first quote."""


@rule
def is_tradable(bid_price: float, bid_size: float, ask_price: float, ask_size: float) -> bool:
    """Whether a quote has a price and a size on both sides, and does not cross."""
    # Not `and`: comparing all takes two thirds of the time of stopping at the first no.
    prices = (bid_price > 0.0) & (bid_price < ask_price) & (ask_price < np.inf)
    return prices & (bid_size > 0.0) & (bid_size < np.inf) & (ask_size > 0.0) & (ask_size < np.inf)


@rule
def advance_flow(
    flow: OrderFlow, bid_price: Floats, bid_size: Floats, ask_price: Floats, ask_size: Floats
) -> OrderFlow:
    """The flow after more quotes; those that cannot be traded on are as if they had never come."""
    imbalance, updates, bid, bid_queue, ask, ask_queue = flow
    for i in range(len(bid_price)):
        if not is_tradable(bid_price[i], bid_size[i], ask_price[i], ask_size[i]):
            continue
        event = 0.0
        if bid_price[i] >= bid:
            event += bid_size[i]
        if bid_price[i] <= bid:
            event -= bid_queue
        if ask_price[i] <= ask:
            event -= ask_size[i]
        if ask_price[i] >= ask:
            event += ask_queue
        imbalance += event
        updates += 1
        bid, bid_queue, ask, ask_queue = bid_price[i], bid_size[i], ask_price[i], ask_size[i]
    return OrderFlow(imbalance, updates, bid, bid_queue, ask, ask_queue)


@rule
def imbalance_by_stretch(
    flow: OrderFlow,
    bounds: Ints,
    bid_price: Floats,
    bid_size: Floats,
    ask_price: Floats,
    ask_size: Floats,
) -> Floats:
    """Imbalance of each stretch of quotes, a minute for one; shape (k - 1,).

    Args:
        flow: Holds the quote in force before the first stretch; ``NO_QUOTE`` without one.
        bounds: Row at which each stretch begins and, last, at which the last one ends; (k,).
        bid_price: Quote currency, shape (n,).
        bid_size: Base units, shape (n,).
        ask_price: Quote currency, shape (n,).
        ask_size: Base units, shape (n,).
    """
    result = np.empty(len(bounds) - 1)
    for k in range(len(result)):
        a, b = bounds[k], bounds[k + 1]
        _, _, bid, bid_queue, ask, ask_queue = flow
        flow = advance_flow(
            OrderFlow(0.0, 0, bid, bid_queue, ask, ask_queue),
            bid_price[a:b],
            bid_size[a:b],
            ask_price[a:b],
            ask_size[a:b],
        )
        result[k] = flow.imbalance
    return result


@rule
def _print_starts(event_time: Ints, is_buyer_maker: Bools) -> Ints:
    starts, count = np.empty(len(event_time), np.int64), 0
    for i in range(len(event_time)):
        if (
            i == 0
            or event_time[i] != event_time[i - 1]
            or is_buyer_maker[i] != is_buyer_maker[i - 1]
        ):
            starts[count] = i
            count += 1
    return starts[:count].copy()


def merged_prints(trades: Trades, minimum_notional: float) -> Trades:
    """Parent orders of at least ``minimum_notional`` in quote currency.

    The exchange aggregates fills per price level, so one large order that walks the book arrives
    as several trades. Consecutive trades of one millisecond and one side are one print: its price
    is the average paid, its id the first trade's.
    """
    if not len(trades):
        return trades
    starts = _print_starts(trades.event_time, trades.is_buyer_maker)
    notional = np.add.reduceat(trades.price * trades.quantity, starts)
    quantity = np.add.reduceat(trades.quantity, starts)
    large = notional >= minimum_notional
    if not large.any():
        return Trades.empty()
    return Trades(
        trades.trade_id[starts][large],
        trades.event_time[starts][large],
        (notional / quantity)[large],
        quantity[large],
        trades.is_buyer_maker[starts][large],
    )


def advance_prints(
    pending: Trades, trades: Trades, minimum_notional: float
) -> tuple[Trades, Trades]:
    """Parent orders of a tape that comes in pieces.

    The fills of the newest order are held back until a trade of another one comes: a border
    between two pieces may cut through it. They are kept as they came, not summed, because adding
    in another order gives other bits.

    Args:
        pending: Fills held back by the call before; none at the start.
        trades: The trades that follow.
        minimum_notional: Smallest print, quote currency.

    Returns:
        The prints that are complete, and the fills held back. At the end of the tape
        ``merged_prints`` of these is the last print.
    """
    joined = Trades.concat([pending, trades])
    last = 0
    if len(joined):
        last = int(_print_starts(joined.event_time, joined.is_buyer_maker)[-1])
    complete, held = joined.rows(0, last), joined.rows(last, len(joined))
    return merged_prints(complete, minimum_notional), held


def book_imbalance(levels: BookLevels) -> float | None:
    """(bid - ask) / (bid + ask) of notional within 0.5 % of the mid, [-1, 1]; None if empty."""
    if not len(levels) or np.isnan(levels.bid_price[0]) or np.isnan(levels.ask_price[0]):
        return None
    mid = (levels.bid_price[0] + levels.ask_price[0]) / 2.0
    bids = levels.bid_price >= mid * (1 - BOOK_BAND)
    asks = levels.ask_price <= mid * (1 + BOOK_BAND)
    bid = float((levels.bid_price * levels.bid_size)[bids].sum())
    ask = float((levels.ask_price * levels.ask_size)[asks].sum())
    return (bid - ask) / (bid + ask) if bid + ask > 0 else None
