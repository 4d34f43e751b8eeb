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
from babingepet_resources.clients.binance.settlements import SettlementWatch

Message = Mapping[str, Any]


class Inbox:
    """Everything that came through the sockets and was not collected yet.

    Attributes:
        candles: Closed candles by open time.
        changed: Set whenever a minute may have become complete.
    """

    def __init__(
        self,
        symbol: str,
        *,
        buffer_minutes: int,
        absent: frozenset[int],
        settlements: SettlementWatch,
        counts: Counter[str],
    ) -> None:
        self._symbol = symbol
        self._absent = absent
        self._settlements = settlements
        self._counts = counts
        self._buffer_minutes = buffer_minutes
        self.trades: MinuteBuffer[TradeRow] = MinuteBuffer(buffer_minutes)
        self.quotes: MinuteBuffer[QuoteRow] = MinuteBuffer(buffer_minutes)
        self.books: NewestByMinute[Message] = NewestByMinute(buffer_minutes)
        self.marks: NewestByMinute[MarkPrice] = NewestByMinute(buffer_minutes)
        self.candles: dict[int, CandleRow] = {}
        self.changed = asyncio.Event()
        self._handlers: dict[str, Callable[[Message], None]] = {
            "aggTrade": self._trade,
            "bookTicker": self._quote,
            "depthUpdate": self._book,
            "kline": self._candle,
            "markPriceUpdate": self._mark_price,
        }

    def receive(self, coverage: Coverage, message: Message) -> None:
        """Take one combined-stream message; an unusable one is counted and goes no further.

        Args:
            coverage: Of the socket it came through.
            message: ``{"stream": ..., "data": {...}}``.
        """
        self._counts["messages"] += 1
        try:
            data = message["data"]
            time, kind = int(data["E"]), data["e"]
            coverage.heard(time)
            if kind == "clock":
                coverage.marker = time
                self.changed.set()
            elif data["s"] != self._symbol:
                self._counts["rejected"] += 1
            else:
                self._handlers[kind](data)
        except payloads.BAD_ROW:
            self._counts["rejected"] += 1

    def _trade(self, data: Message) -> None:
        row = payloads.trade(data)
        self.trades.add(row[1], row)

    def _quote(self, data: Message) -> None:
        row = payloads.quote(data)
        self.quotes.add(row[1], row)

    def _book(self, data: Message) -> None:
        self.books.put(int(data["E"]), data)

    def _candle(self, data: Message) -> None:
        row = payloads.closed_candle(data)
        if row is None:
            self._counts["unclosed"] += 1
            return
        self.candles[row[0]] = payloads.without(row, self._absent)
        if len(self.candles) > self._buffer_minutes:
            del self.candles[min(self.candles)]
        self.changed.set()

    def _mark_price(self, data: Message) -> None:
        mark = payloads.mark_price(data)
        self.marks.put(mark.event_time, mark)
        self._settlements.watch(mark)
