"""The stream messages of a simulated minute, in the order of the exchange's time.

Belongs here: which messages there are and when; each is written when somebody hears it. Does not
belong here: what is in a minute, REST answers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from operator import attrgetter

import numpy as np
import orjson

from babingepet_resources.exchange import wire
from babingepet_resources.exchange.candles import MINUTE_MS, Candles
from babingepet_resources.exchange.instruments import Instrument
from babingepet_resources.exchange.simulated_book import (
    BOOK_STEP_MS,
    Book,
    Quotes,
    difference,
    update_id,
)
from babingepet_resources.exchange.simulated_minute import Prints
from babingepet_resources.exchange.source import BookView, Event, MarkPrice, Quote
from babingepet_resources.exchange.trade_tape import TapeEntry

PARTIAL_LEVELS = (5, 10, 20)
"""Level counts of the partial-depth streams."""

DEEPEST = 100
"""Levels a side that the stream of differences tells of, and most that REST answers with."""

_MARK_STEP_MS = 1_000
_STATES = MINUTE_MS // BOOK_STEP_MS
_BY_TIME = attrgetter("time")


@dataclass(frozen=True)
class MinuteEvents:
    """The messages of one minute.

    Attributes:
        instrument: Facts of the instrument.
        opened: UTC milliseconds at which the minute begins.
        prints: Its trades.
        quotes: Its best quotes.
        before: The quotes of the minute before.
        book: Levels behind the quotes.
        mark: Mark price as of a moment.
        candle: The minute's candle.
    """

    instrument: Instrument
    opened: int
    prints: Prints
    quotes: Quotes
    before: Quotes
    book: Book
    mark: Callable[[int], MarkPrice]
    candle: Candles

    def in_order(self) -> Iterator[Event]:
        """At equal times quotes come before the trades they explain, and liquidations after."""
        events = [
            *self._quotes_and_trades(),
            *self._liquidations(),
            *self._depths(),
            *self._marks(),
        ]
        events.sort(key=_BY_TIME)
        yield from events
        payload = partial(wire.kline_event, self.instrument.symbol, self.candle)
        yield Event(self.opened + MINUTE_MS - 1, "kline_1m", payload)

    def _quotes_and_trades(self) -> list[Event]:
        """A trade follows its quote at once: the prints of one order share their millisecond."""
        quotes, write_quote, write_trade = self.quotes, self._write_quote, self._write_trade
        events: list[Event] = []
        times, trades = quotes.time.tolist(), quotes.of_trade.tolist()
        for position, (time, trade) in enumerate(zip(times, trades, strict=True)):
            events.append(Event(time, "bookTicker", partial(write_quote, position)))
            if trade >= 0:
                events.append(Event(time, "aggTrade", partial(write_trade, trade)))
        return events

    def _liquidations(self) -> list[Event]:
        """Of each second's liquidations the first, as the exchange samples them."""
        forced = np.flatnonzero(self.prints.liquidated)
        times = self.prints.time[forced]
        _, first = np.unique(times // 1_000, return_index=True)
        return [
            Event(time, "forceOrder", partial(self._write_liquidation, position))
            for time, position in zip(times[first].tolist(), forced[first].tolist(), strict=True)
        ]

    def _depths(self) -> list[Event]:
        times = range(self.opened, self.opened + MINUTE_MS, BOOK_STEP_MS)
        channels = [(f"depth{levels}@100ms", levels) for levels in PARTIAL_LEVELS]
        events: list[Event] = []
        for state, time in enumerate(times):
            for channel, levels in channels:
                events.append(Event(time, channel, partial(self._write_depth, state, levels)))
            events.append(Event(time, "depth@100ms", partial(self._write_difference, state)))
        return events

    def _marks(self) -> list[Event]:
        times = range(self.opened, self.opened + MINUTE_MS, _MARK_STEP_MS)
        return [Event(time, "markPrice@1s", partial(self._write_mark, time)) for time in times]

    @cached_property
    def _entries(self) -> list[TapeEntry]:
        return self.prints.entries(self.instrument)

    @cached_property
    def _best(self) -> list[Quote]:
        return self.quotes.written(slice(None), self.instrument)

    @cached_property
    def _shallow(self) -> list[BookView]:
        return self._views(PARTIAL_LEVELS[-1])[1:]

    @cached_property
    def _deep(self) -> list[BookView]:
        return self._views(DEEPEST)

    def _views(self, levels: int) -> list[BookView]:
        """The state before the minute's first one, and those of the minute."""
        times = self.opened + BOOK_STEP_MS * np.arange(-1, _STATES)
        known = np.searchsorted(self.quotes.time, times) - 1
        inside = known >= 0
        last = np.searchsorted(self.before.time, times[~inside]) - 1
        return [
            *self.book.views(self.before, last, times[~inside], levels),
            *self.book.views(self.quotes, known[inside], times[inside], levels),
        ]

    def _write_quote(self, position: int) -> bytes:
        quote = self._best[position]
        return orjson.dumps(
            {
                "e": "bookTicker",
                "u": update_id(quote.time, position),
                "s": self.instrument.symbol,
                "b": quote.bid_price,
                "B": quote.bid_quantity,
                "a": quote.ask_price,
                "A": quote.ask_quantity,
                "T": quote.time,
                "E": quote.time,
            }
        )

    def _write_trade(self, position: int) -> bytes:
        entry = self._entries[position]
        return wire.trade_event(self.instrument.symbol, entry.trade, entry.event_time)

    def _write_liquidation(self, position: int) -> bytes:
        return wire.force_order_event(self.instrument.symbol, self._entries[position].trade)

    def _write_depth(self, state: int, levels: int) -> bytes:
        view = self._shallow[state]
        top = view._replace(bids=view.bids[:levels], asks=view.asks[:levels])
        return wire.book_event(self.instrument.symbol, top, view.event_time)

    def _write_difference(self, state: int) -> bytes:
        before, after = self._deep[state], self._deep[state + 1]
        nothing = self.instrument.quantities([0])[0]
        changed = after._replace(
            bids=difference(before.bids, after.bids, nothing),
            asks=difference(before.asks, after.asks, nothing),
        )
        return wire.difference_event(self.instrument.symbol, changed, before.last_update_id)

    def _write_mark(self, time: int) -> bytes:
        return wire.mark_price_event(self.instrument.symbol, self.mark(time))
