"""Trades of a recording, and what is derived from them: aggregate trades and minute candles.

Belongs here: aggregation as the exchange does it, marked derived by the source. Does not belong
here: files or the wire.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from babingepet_resources.exchange.candles import MINUTE_MS, Candles, no_candles
from babingepet_resources.exchange.source import AggregateTrade


class TapeEntry(NamedTuple):
    """An aggregate trade and the exchange time at which its message leaves."""

    event_time: int
    trade: AggregateTrade
    trade_count: int


def aggregate(trades: Iterable[dict[str, Any]]) -> list[TapeEntry]:
    """Aggregate raw `trade` messages: consecutive ones of equal time, price and side.

    Trades whose X is not MARKET are left out: the insurance fund's transfers print far off the
    market (28 722.5 in a market at 28 100 on 2023-04-05). Ids count from 1. A message leaves at
    the recorded event time, but never after the minute of its trade time, so that the trades sent
    in a minute are those of its candle.
    """
    market = (trade for trade in trades if trade.get("X", "MARKET") == "MARKET")
    entries: list[TapeEntry] = []
    for (time, price, is_buyer_maker), group in groupby(
        market, key=lambda trade: (trade["T"], trade["p"], trade["m"])
    ):
        members = list(group)
        quantity = sum((Decimal(trade["q"]) for trade in members), Decimal())
        trade = AggregateTrade(
            aggregate_id=len(entries) + 1,
            price=price,
            quantity=str(quantity),
            first_trade_id=members[0]["t"],
            last_trade_id=members[-1]["t"],
            time=time,
            is_buyer_maker=is_buyer_maker,
        )
        last_moment = time // MINUTE_MS * MINUTE_MS + MINUTE_MS - 1
        entries.append(TapeEntry(min(members[-1]["E"], last_moment), trade, len(members)))
    return entries


def recorded_aggregates(messages: Iterable[dict[str, Any]]) -> list[TapeEntry]:
    """Aggregate trades that were recorded as such, ascending ids, each once.

    The exchange numbers the single trades without gaps, so the first and the last tell how many.
    """
    entries = {
        message["a"]: TapeEntry(
            message["E"],
            AggregateTrade(
                aggregate_id=message["a"],
                price=message["p"],
                quantity=message["q"],
                first_trade_id=message["f"],
                last_trade_id=message["l"],
                time=message["T"],
                is_buyer_maker=message["m"],
            ),
            message["l"] - message["f"] + 1,
        )
        for message in messages
    }
    return [entries[aggregate_id] for aggregate_id in sorted(entries)]


def minute_candles(entries: Sequence[TapeEntry]) -> Candles:
    """One candle a minute that has trades."""
    rows = [
        (minute, _candle(list(group)))
        for minute, group in groupby(entries, key=lambda entry: entry.trade.time // MINUTE_MS)
    ]
    if not rows:
        return no_candles()
    open_time = np.array([minute * MINUTE_MS for minute, _ in rows], np.int64)
    return Candles(open_time, np.array([values for _, values in rows], np.float64))


def select_trades(
    entries: Sequence[TapeEntry],
    *,
    first_id: int | None,
    start: int | None,
    end: int,
    now: int,
    limit: int,
) -> list[AggregateTrade]:
    """Trades that left before `now`, paged as /fapi/v1/aggTrades does.

    By `first_id`, or from trade time `start` to `end`, or the most recent ones up to `end`.
    """
    known = bisect_left(entries, now, key=lambda entry: entry.event_time)
    if first_id is not None:
        first = bisect_left(entries, first_id, key=lambda entry: entry.trade.aggregate_id)
        chosen = entries[first : min(known, first + limit)]
    else:
        last = min(known, bisect_left(entries, end + 1, key=lambda entry: entry.trade.time))
        if start is None:
            chosen = entries[max(0, last - limit) : last]
        else:
            first = bisect_left(entries, start, key=lambda entry: entry.trade.time)
            chosen = entries[first : min(last, first + limit)]
    return [entry.trade for entry in chosen]


def _candle(entries: Sequence[TapeEntry]) -> tuple[float, ...]:
    prices = [Decimal(entry.trade.price) for entry in entries]
    quantities = [Decimal(entry.trade.quantity) for entry in entries]
    amounts = [price * quantity for price, quantity in zip(prices, quantities, strict=True)]
    taker_buys = [not entry.trade.is_buyer_maker for entry in entries]
    return (
        float(prices[0]),
        float(max(prices)),
        float(min(prices)),
        float(prices[-1]),
        float(sum(quantities)),
        float(sum(amounts)),
        float(sum(entry.trade_count for entry in entries)),
        float(sum(q for q, is_buy in zip(quantities, taker_buys, strict=True) if is_buy)),
        float(sum(a for a, is_buy in zip(amounts, taker_buys, strict=True) if is_buy)),
    )
