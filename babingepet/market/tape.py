"""The tape of one minute, reduced to what decisions read.

Raw trades and quotes of a minute become one ``TapeMinute``: large prints, the volume clock after
it, the order-flow imbalance, a mid price a second, the first and the last quote. The reduction is
pure, so that a stored decision can be made again from the raw tape. How flow is measured is in
``order_flow`` and ``volume_clock``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from babingepet.compiled import rule
from babingepet.market.frames import BookLevels, Floats, Ints, Quotes, Trades
from babingepet.market.intervals import MINUTE, SECOND
from babingepet.market.order_flow import (
    NO_QUOTE,
    OrderFlow,
    advance_flow,
    is_tradable,
    merged_prints,
)
from babingepet.market.volume_clock import VolumeClock, advance, resized, volume_clock

SECONDS = 60
"""Mid prices kept per minute, one a second."""


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
        last_trade_id: Newest trade that this minute or one before it holds; None before the first
            one, and in minutes that were stored without it.
        volume_clock: The volume clock after the minute; None when the tape was not covered up to
            its end, or the bucket volume is unknown.
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
    last_trade_id: int | None = None
    volume_clock: VolumeClock | None = None


@rule
def _read_quotes(
    start: int,
    before: float,
    time: Ints,
    bid_price: Floats,
    bid_size: Floats,
    ask_price: Floats,
    ask_size: Floats,
) -> tuple[Floats, int, int]:
    """Mid price at the end of each second, and the rows of the first and the last usable quote."""
    mids = np.empty(SECONDS)
    first, last = -1, -1
    second, mid = 0, before
    for i in range(len(time)):
        if not is_tradable(bid_price[i], bid_size[i], ask_price[i], ask_size[i]):
            continue
        while second < SECONDS and time[i] >= start + (second + 1) * SECOND:
            mids[second] = mid
            second += 1
        mid = (bid_price[i] + ask_price[i]) / 2.0
        first, last = i if first < 0 else first, i
    mids[second:] = mid
    return mids, first, last


def _quote(quotes: Quotes, row: int) -> Quote:
    return Quote(
        int(quotes.event_time[row]),
        float(quotes.bid_price[row]),
        float(quotes.bid_size[row]),
        float(quotes.ask_price[row]),
        float(quotes.ask_size[row]),
    )


def _has_both_sides(quote: Quote) -> bool:
    return all(0.0 < value < np.inf for value in quote[1:])


def _flow_from(quote: Quote | None) -> OrderFlow:
    return NO_QUOTE if quote is None else OrderFlow(0.0, 0, *quote[1:])


def _mid(quote: Quote | None) -> float:
    return np.nan if quote is None else (quote.bid_price + quote.ask_price) / 2.0


def _not_taken_before(trades: Trades, open_time: int, previous: TapeMinute | None) -> Trades:
    """The trades that no minute holds yet.

    The exchange publishes some trades after their minute was collected: they come with the next
    one. A client that connects anew brings the minutes before once more.
    """
    if previous is None or not len(trades) or trades.event_time[0] >= open_time:
        return trades
    fresh = trades.event_time >= open_time
    if previous.last_trade_id is not None:
        fresh |= trades.trade_id > previous.last_trade_id
    return trades.where(fresh)


def _clock_after(
    trades: Trades,
    open_time: int,
    previous: TapeMinute | None,
    trades_from: int | None,
    bucket_volume: float,
) -> VolumeClock | None:
    """The volume clock, continued while no trade was missed, else begun at ``trades_from``."""
    if trades_from is None or np.isnan(bucket_volume):
        return None
    before = previous.volume_clock if previous is not None else None
    if before is None or trades_from > open_time:
        clock = volume_clock(bucket_volume)
        trades = trades.between(trades_from, open_time + MINUTE)
    else:
        clock = resized(before, bucket_volume)
    return advance(clock, trades.quantity, trades.is_buyer_maker)[0]


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
    bucket_volume: float = np.nan,
) -> TapeMinute:
    """Reduce the raw tape of [open_time, open_time + 60 s).

    Args:
        open_time: Start of the minute.
        trades: Aggregate trades up to the end of the minute; those that the minute before holds
            are skipped.
        quotes: Best-quote updates of the minute; unusable ones are skipped.
        previous: The minute before, for what goes on from it: the quote in force, the volume
            clock, the trades that were taken.
        trades_from: Start of unbroken trade coverage, if it reaches the end of the minute.
        quotes_from: Start of unbroken quote coverage, if it reaches the end of the minute.
        book: Newest depth snapshot.
        minimum_notional: Smallest large print, quote currency.
        bucket_volume: Size of the volume clock's buckets, base units; NaN when unknown.
    """
    trades = _not_taken_before(trades, open_time, previous)
    unbroken = quotes_from is not None and quotes_from <= open_time
    carried = previous.last_quote if previous is not None and unbroken else None
    taken = previous.last_trade_id if previous is not None else None
    sides = (quotes.bid_price, quotes.bid_size, quotes.ask_price, quotes.ask_size)
    flow = advance_flow(_flow_from(carried), *sides)
    mids, first, last = _read_quotes(open_time, _mid(carried), quotes.event_time, *sides)
    return TapeMinute(
        open_time=open_time,
        trades_from=trades_from,
        quotes_from=quotes_from,
        prints=merged_prints(trades, minimum_notional),
        trade_count=len(trades),
        last_trade_time=int(trades.event_time[-1]) if len(trades) else None,
        order_flow_imbalance=flow.imbalance if unbroken else None,
        quote_count=flow.updates,
        mids=mids,
        first_quote=_quote(quotes, first) if flow.updates else None,
        last_quote=_quote(quotes, last) if flow.updates else carried,
        is_two_sided=not len(quotes) or _has_both_sides(_quote(quotes, -1)),
        book=book,
        last_trade_id=int(trades.trade_id[-1]) if len(trades) else taken,
        volume_clock=_clock_after(trades, open_time, previous, trades_from, bucket_volume),
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


def spread_bps(quote: Quote) -> float:
    """Spread over mid price, in basis points."""
    mid = (quote.bid_price + quote.ask_price) / 2.0
    return (quote.ask_price - quote.bid_price) / mid * 1e4
