"""Where stream messages arrive: sorted by kind, checked, and put into the buffers.

Belongs here: the hot path, some thousand messages a second; no waiting, no REST. Putting a minute
together belongs to ``collector``.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from babingepet_resources.clients.binance import payloads
from babingepet_resources.clients.binance.buffers import Coverage, MinuteBuffer, NewestByMinute
from babingepet_resources.clients.binance.payloads import (
    CandleRow,
    MarkPrice,
    QuoteRow,
    TradeRow,
)
from babingepet_resources.clients.binance.plausible import Implausible, PriceBand
from babingepet_resources.clients.binance.settlements import SettlementWatch
from babingepet_resources.clients.feed import FeedName

Message = Mapping[str, Any]


KINDS: Mapping[FeedName, str] = {
    "trades": "aggTrade",
    "quotes": "bookTicker",
    "depth": "depthUpdate",
    "candles": "kline",
    "mark_price": "markPriceUpdate",
}
"""The exchange's word for a message of each feed."""

_REPEATED = frozenset(KINDS[feed] for feed in ("depth", "candles", "mark_price"))
"""Kinds whose next message says it all again, or that REST has: a lost one is no hole."""


class Inbox:
    """Everything that came through the sockets and was not collected yet.

    Attributes:
        band: Which prices are plausible.
        candles: Closed candles by open time.
        newest: Event time of the last message of each kind, in the exchange's words.
        changed: Set whenever a minute may have become complete.
    """

    def __init__(
        self,
        symbol: str,
        *,
        buffer_minutes: int,
        buffer_rows: int,
        absent: frozenset[int],
        settlements: SettlementWatch,
        counts: Counter[str],
    ) -> None:
        self._symbol = symbol
        self._absent = absent
        self._settlements = settlements
        self._counts = counts
        self._buffer_minutes = buffer_minutes
        self.trades: MinuteBuffer[TradeRow] = MinuteBuffer(buffer_minutes, buffer_rows)
        self.quotes: MinuteBuffer[QuoteRow] = MinuteBuffer(buffer_minutes, buffer_rows)
        self.books: NewestByMinute[Message] = NewestByMinute(buffer_minutes)
        self.marks: NewestByMinute[MarkPrice] = NewestByMinute(buffer_minutes)
        self.band = PriceBand()
        self.candles: dict[int, CandleRow] = {}
        self.newest: dict[str, int] = {}
        self.changed = asyncio.Event()
        self._handlers: dict[str, Callable[[Message], None]] = {
            KINDS["trades"]: self._trade,
            KINDS["quotes"]: self._quote,
            KINDS["depth"]: self._book,
            KINDS["candles"]: self._candle,
            KINDS["mark_price"]: self._mark_price,
        }

    def ages(self, now: int) -> dict[FeedName, int]:
        """How old the newest message of each feed is at ``now``, milliseconds."""
        return {
            feed: max(0, now - self.newest[kind])
            for feed, kind in KINDS.items()
            if kind in self.newest
        }

    def receive(self, coverage: Coverage, message: Message) -> None:
        """Take one combined-stream message; an unusable one is counted and goes no further.

        Args:
            coverage: Of the socket it came through.
            message: ``{"stream": ..., "data": {...}}``.
        """
        self._counts["messages"] += 1
        time, kind = coverage.last, ""
        try:
            data = message["data"]
            time, kind = int(data["E"]), data["e"]
            coverage.heard(time)
            if kind == "clock":
                coverage.marker = time
                self.changed.set()
            else:
                self._handlers[kind](self._own(data))
                self.newest[kind] = time
        except payloads.BAD_ROW as error:
            self._counts["implausible" if isinstance(error, Implausible) else "rejected"] += 1
            if kind not in _REPEATED:
                coverage.broke(after=time + 1)

    def _own(self, data: Message) -> Message:
        if data["s"] != self._symbol:
            raise ValueError(f"a row of {data['s']}")
        return data

    def _trade(self, data: Message) -> None:
        row = payloads.trade(data)
        self.band.require(row[2])
        self.trades.add(row)

    def _quote(self, data: Message) -> None:
        row = payloads.quote(data)
        self.band.require(row[2])
        self.band.require(row[4])
        self.quotes.add(row)

    def _book(self, data: Message) -> None:
        self.books.put(int(data["E"]), data)

    def _candle(self, data: Message) -> None:
        row = payloads.closed_candle(data)
        if row is None:
            self._counts["unclosed"] += 1
            return
        self.band.require_candle(row)
        self.candles[row[0]] = payloads.without(row, self._absent)
        if len(self.candles) > self._buffer_minutes:
            del self.candles[min(self.candles)]
        self.changed.set()

    def _mark_price(self, data: Message) -> None:
        mark = payloads.mark_price(data)
        self.band.require(mark.mark_price)
        self.marks.put(mark.event_time, mark)
        self._settlements.watch(mark)
