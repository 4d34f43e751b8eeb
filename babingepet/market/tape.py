"""The tape of one minute, reduced to what decisions read.

Raw trades and quotes of a minute become one ``TapeMinute``: large prints, the order-flow
imbalance, a mid price a second, the first and the last quote. The reduction is pure, so that a
stored decision can be made again from the raw tape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from babingepet.compiled import rule
from babingepet.market.frames import BookLevels, Bools, Floats, Ints, Quotes, Trades
from babingepet.market.intervals import MINUTE, SECOND

SECONDS = 60
"""Mid prices kept per minute, one a second."""

BOOK_BAND = 0.005
"""Depth imbalance counts levels within this fraction of the mid price."""


class Quote(NamedTuple):
    """Best bid and ask; sizes in base units."""

    event_time: int
    bid_price: float
    bid_size: float
    ask_price: float
    ask_size: float


@dataclass(frozen=True)
class Book:
    """The newest order book before the end of the minute."""

    event_time: int
    levels: BookLevels


@dataclass(frozen=True, eq=False)
class TapeMinute:
    """What one minute of trades and quotes comes to.

    Attributes:
        open_time: Start of the minute, UTC milliseconds.
        trades_from: Start of unbroken trade coverage that reaches the end of the minute, which
            may lie before the minute; None when the tape was not covered up to its end.
        quotes_from: The same for quotes.
        prints: Merged prints at or above the large-print threshold.
        trade_count: Aggregate trades in the minute.
        last_trade_time: Time of the newest trade, if any.
        order_flow_imbalance: Sum of best-quote events, base units; None unless the whole minute
            was covered.
        quote_count: Usable quote updates in the minute.
        mids: Mid price at the end of each second, shape (60,); NaN before the first quote.
        first_quote: First quote of the minute: the earliest that an order of the minute before
            could trade on.
        last_quote: Newest quote at the end of the minute, carried over when none came.
        is_two_sided: Whether the newest update had a bid and an ask.
        book: Newest depth snapshot.
    """

    open_time: int
    trades_from: int | None
    quotes_from: int | None
    prints: Trades
    trade_count: int
    last_trade_time: int | None
    order_flow_imbalance: float | None
    quote_count: int
    mids: Floats
    first_quote: Quote | None
    last_quote: Quote | None
    is_two_sided: bool
    book: Book | None


def merged_prints(trades: Trades, minimum_notional: float) -> Trades:
    """Parent orders of at least ``minimum_notional`` in quote currency.

    The exchange aggregates fills per price level, so one large order that walks the book arrives
    as several trades. Consecutive trades of one millisecond and one side are one print: its price
    is the average paid, its id the first trade's.
    """
    if not len(trades):
        return trades
    new = np.ones(len(trades), np.bool_)
    new[1:] = (np.diff(trades.event_time) != 0) | (
        trades.is_buyer_maker[1:] != trades.is_buyer_maker[:-1]
    )
    starts = np.flatnonzero(new)
    notional = np.add.reduceat(trades.price * trades.quantity, starts)
    quantity = np.add.reduceat(trades.quantity, starts)
    large = notional >= minimum_notional
    return Trades(
        trades.trade_id[starts][large],
        trades.event_time[starts][large],
        (notional / quantity)[large],
        quantity[large],
        trades.is_buyer_maker[starts][large],
    )


def has_both_sides(quotes: Quotes) -> Bools:
    """Which quotes have a price and a size on both sides."""
    sides = (quotes.bid_price, quotes.bid_size, quotes.ask_price, quotes.ask_size)
    both: Bools = np.logical_and.reduce([side > 0 for side in sides])
    return both


def is_tradable(quotes: Quotes) -> Bools:
    """Which quotes have two sides that do not cross."""
    usable: Bools = has_both_sides(quotes) & (quotes.bid_price < quotes.ask_price)
    return usable


@rule
def order_flow_imbalance(
    bid_price: Floats, bid_size: Floats, ask_price: Floats, ask_size: Floats
) -> float:
    """Sum of best-quote events over consecutive updates, base units; positive is buying pressure.

    Non-strict inequalities: with strict ones all queue changes at an unchanged price are lost.

    Source: Cont, Kukanov, Stoikov, The Price Impact of Order Book Events, Journal of Financial
    Econometrics 12(1), 2014, equation 4.
    """
    total = 0.0
    for i in range(1, len(bid_price)):
        event = 0.0
        if bid_price[i] >= bid_price[i - 1]:
            event += bid_size[i]
        if bid_price[i] <= bid_price[i - 1]:
            event -= bid_size[i - 1]
        if ask_price[i] <= ask_price[i - 1]:
            event -= ask_size[i]
        if ask_price[i] >= ask_price[i - 1]:
            event += ask_size[i - 1]
        total += event
    return total


@rule
def _mids_by_second(start: int, before: float, time: Ints, mid: Floats) -> Floats:
    result = np.empty(SECONDS)
    last, row = before, 0
    for second in range(SECONDS):
        end = start + (second + 1) * SECOND
        while row < len(time) and time[row] < end:
            last = mid[row]
            row += 1
        result[second] = last
    return result


def _quote(quotes: Quotes, row: int) -> Quote:
    return Quote(
        int(quotes.event_time[row]),
        float(quotes.bid_price[row]),
        float(quotes.bid_size[row]),
        float(quotes.ask_price[row]),
        float(quotes.ask_size[row]),
    )


def _with_previous(previous: Quote | None, quotes: Quotes) -> Quotes:
    if previous is None:
        return quotes
    return Quotes.concat([Quotes.from_rows([(-1, *previous)]), quotes])


def reduce_minute(
    open_time: int,
    trades: Trades,
    quotes: Quotes,
    *,
    previous: TapeMinute | None,
    trades_from: int | None,
    quotes_from: int | None,
    book: Book | None,
    minimum_notional: float,
) -> TapeMinute:
    """Reduce the raw tape of [open_time, open_time + 60 s).

    Args:
        open_time: Start of the minute.
        trades: Aggregate trades of the minute.
        quotes: Best-quote updates of the minute; unusable ones are skipped.
        previous: The minute before, for the quote in force at the start.
        trades_from: Start of unbroken trade coverage, if it reaches the end of the minute.
        quotes_from: Start of unbroken quote coverage, if it reaches the end of the minute.
        book: Newest depth snapshot.
        minimum_notional: Smallest large print, quote currency.
    """
    tradable = is_tradable(quotes)
    is_two_sided = not len(quotes) or bool(
        has_both_sides(quotes.rows(len(quotes) - 1, len(quotes)))
    )
    quotes = quotes.where(tradable)
    unbroken = quotes_from is not None and quotes_from <= open_time
    carried = previous.last_quote if previous is not None and unbroken else None
    chain = _with_previous(carried, quotes)
    mid = (quotes.bid_price + quotes.ask_price) / 2.0
    before = np.nan if carried is None else (carried.bid_price + carried.ask_price) / 2.0
    return TapeMinute(
        open_time=open_time,
        trades_from=trades_from,
        quotes_from=quotes_from,
        prints=merged_prints(trades, minimum_notional),
        trade_count=len(trades),
        last_trade_time=int(trades.event_time[-1]) if len(trades) else None,
        order_flow_imbalance=order_flow_imbalance(
            chain.bid_price, chain.bid_size, chain.ask_price, chain.ask_size
        )
        if unbroken
        else None,
        quote_count=len(quotes),
        mids=_mids_by_second(open_time, before, quotes.event_time, mid),
        first_quote=_quote(quotes, 0) if len(quotes) else None,
        last_quote=_quote(quotes, len(quotes) - 1) if len(quotes) else carried,
        is_two_sided=is_two_sided,
        book=book,
    )


def covered_from(tape: Sequence[TapeMinute], feed: str) -> int | None:
    """Start of the unbroken coverage of ``trades`` or ``quotes`` that reaches the tape's end.

    A feed that was connected anew begins again; a repaired hole does not break the chain.
    """
    start: int | None = None
    expected: int | None = None
    for minute in reversed(tape):
        begins = minute.trades_from if feed == "trades" else minute.quotes_from
        if begins is None or (expected is not None and minute.open_time != expected):
            return start
        start = begins if start is None else min(start, begins)
        if begins > minute.open_time:
            return start
        expected = minute.open_time - MINUTE
    return start


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


def spread_bps(quote: Quote) -> float:
    """Spread over mid price, in basis points."""
    mid = (quote.bid_price + quote.ask_price) / 2.0
    return (quote.ask_price - quote.bid_price) / mid * 1e4
