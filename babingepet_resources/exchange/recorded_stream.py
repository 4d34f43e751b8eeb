"""A market of recorded stream messages: the exchange's own bytes, replayed in its own order.

Belongs here: one stretch of recording as a source. Candles and the top of the book were not
recorded; they are derived from the recorded trades and book differences and said to be so, and so
are aggregate trades where single ones were recorded. Does not belong here: reading files (stream_files.py), aggregation (trade_tape.py).

The stretch is held in memory: about 20 MB for each megabyte of compressed recording.
"""

import heapq
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from operator import attrgetter
from pathlib import Path

import numpy as np
import orjson

from babingepet.errors import InputError
from babingepet_resources.exchange import wire
from babingepet_resources.exchange.candles import MINUTE_MS, Candles, join
from babingepet_resources.exchange.increments import increment
from babingepet_resources.exchange.order_book import BookTape
from babingepet_resources.exchange.source import (
    AggregateTrade,
    BookView,
    Event,
    Feed,
    FundingSettlement,
    MarkPrice,
    OpenInterestReading,
    Quote,
    SourceInfo,
)
from babingepet_resources.exchange.stream_files import Message, Stretch, read_stretch
from babingepet_resources.exchange.trade_tape import (
    TapeEntry,
    aggregate,
    minute_candles,
    recorded_aggregates,
    select_trades,
)

_DIFFERENCE_CHANNELS = ("depth@0ms", "depth@100ms", "depth", "depth@250ms", "depth@500ms")
"""Channels of book differences, the finest first; the book is rebuilt from the finest recorded."""

_MARK_CHANNEL = "markPrice@1s"
_BOOK_STEP_MS = 100
"""Distance of two `depth<levels>@100ms` messages."""

_BOOK_LEVELS = (5, 10, 20)
"""Level counts of the partial-depth streams."""

_FUNDING_INTERVAL_HOURS = 8


class RecordedStream:
    """One stretch of recorded streams of a USD-M perpetual.

    Args:
        stretch: The messages.
        symbol: The exchange's name of the instrument.
    """

    def __init__(self, stretch: Stretch, *, symbol: str) -> None:
        self._messages = stretch.messages
        self._readings = stretch.readings
        by_channel: dict[str, list[Message]] = {}
        for message in stretch.messages:
            by_channel.setdefault(message.channel, []).append(message)
        self._quotes = by_channel.get("bookTicker", [])
        self._marks = by_channel.get(_MARK_CHANNEL, [])
        self._is_aggregated = "aggTrade" in by_channel
        self._tape = _tape(by_channel)
        differences = next((by_channel[c] for c in _DIFFERENCE_CHANNELS if c in by_channel), [])
        self._book = BookTape(_book_entries(stretch, differences))
        first, last = self._messages[0].time, self._messages[-1].time
        self._candles = _whole_minutes(minute_candles(self._tape), stretch, first, last)
        trades = [entry.trade for entry in self._tape]
        prices = np.array([float(trade.price) for trade in trades])
        quantities = np.array([float(trade.quantity) for trade in trades])
        feeds = _feeds(by_channel, stretch, has_book=bool(differences and stretch.snapshots))
        self._info = SourceInfo(
            source="recorded",
            product="usdm_perp",
            symbol=symbol,
            feeds=feeds,
            derived=feeds & _derived_feeds(stretch, is_aggregated=self._is_aggregated),
            absent_columns=(),
            start=first,
            end=last // MINUTE_MS * MINUTE_MS,
            price_tick=increment(prices),
            quantity_step=increment(quantities),
            description=f"{len(self._messages)} recorded stream messages of {symbol}",
        )

    @property
    def info(self) -> SourceInfo:
        """What it is and what it has."""
        return self._info

    @property
    def first_minute(self) -> int:
        """Open time of the minute in which the recording begins."""
        return self._info.start // MINUTE_MS * MINUTE_MS

    @property
    def funding_interval_hours(self) -> int:
        """Eight: the perpetuals recorded this way settle at 00, 08 and 16 UTC."""
        return _FUNDING_INTERVAL_HOURS

    def events(self, start: int) -> Iterator[Event]:
        """Recorded messages, and derived ones at the times they would have come."""
        end = self._info.end or 0
        messages = self._messages
        first = bisect_left(messages, start, key=attrgetter("time"))
        recorded = (Event(*message) for message in islice(messages, first, None))
        merged = heapq.merge(
            recorded, self._trade_events(start), self._book_events(start), self._candle_events(),
            key=attrgetter("time"),
        )  # fmt: skip
        for event in merged:
            if event.time >= end:
                return
            if event.time >= start:
                yield event

    def minutes(self, start: int, end: int) -> Candles:
        """Derived candles of wholly recorded minutes with `start <= open_time < end`."""
        return self._candles.between(start, end)

    def forming_minute(self, now: int) -> Candles:
        """The unfinished minute from the trades that left before `now`."""
        first = bisect_left(
            self._tape, now // MINUTE_MS * MINUTE_MS, key=lambda entry: entry.trade.time
        )
        last = bisect_left(self._tape, now, key=attrgetter("event_time"))
        return minute_candles(self._tape[first:last])

    def trades(
        self, *, first_id: int | None, start: int | None, end: int, now: int, limit: int
    ) -> list[AggregateTrade]:
        """Derived aggregate trades before `now`, paged as the exchange does."""
        return select_trades(
            self._tape, first_id=first_id, start=start, end=end, now=now, limit=limit
        )

    def book(self, levels: int, now: int) -> BookView | None:
        """The rebuilt book, or None before its snapshot and after a lost difference."""
        return self._book.at(now).view(levels)

    def quote(self, now: int) -> Quote | None:
        """The last recorded `bookTicker` before `now`."""
        message = _last_before(self._quotes, now)
        if message is None:
            return None
        data = orjson.loads(message.data)
        return Quote(data["b"], data["B"], data["a"], data["A"], data["E"])

    def mark_price(self, now: int) -> MarkPrice | None:
        """The last recorded `markPrice` before `now`; its rate is the running one."""
        message = _last_before(self._marks, now)
        if message is None:
            return None
        data = orjson.loads(message.data)
        return MarkPrice(data["p"], data["i"], data["r"], data["T"], data["E"])

    def funding(self, start: int | None, end: int, limit: int) -> list[FundingSettlement]:
        """Recorded settlements; none where only the running rate was recorded."""
        return self._readings.funding(start, end, limit)

    def open_interest(self, now: int) -> OpenInterestReading | None:
        """The newest recorded reading before `now`, or None while there is none."""
        return self._readings.open_interest(now)

    def open_interest_history(
        self, start: int | None, end: int, period: int, limit: int
    ) -> list[OpenInterestReading]:
        """Recorded readings that lie on the grid of `period`."""
        return self._readings.open_interest_history(start, end, period, limit)

    def _trade_events(self, start: int) -> Iterator[Event]:
        if self._is_aggregated:
            return
        first = bisect_left(self._tape, start, key=attrgetter("event_time"))
        for entry in islice(self._tape, first, None):
            payload = partial(wire.trade_event, self._info.symbol, entry.trade, entry.event_time)
            yield Event(entry.event_time, "aggTrade", payload)

    def _candle_events(self) -> Iterator[Event]:
        for index, open_time in enumerate(self._candles.open_time.tolist()):
            minute = self._candles.rows(slice(index, index + 1))
            payload = partial(wire.kline_event, self._info.symbol, minute)
            yield Event(open_time + MINUTE_MS - 1, "kline_1m", payload)

    def _book_events(self, start: int) -> Iterator[Event]:
        if "depth" not in self._info.feeds:
            return
        first = -(-start // _BOOK_STEP_MS) * _BOOK_STEP_MS
        for time in range(first, self._info.end or 0, _BOOK_STEP_MS):
            for levels in _BOOK_LEVELS:
                yield Event(time, f"depth{levels}@100ms", partial(self._book_event, time, levels))

    def _book_event(self, time: int, levels: int) -> bytes | None:
        book = self.book(levels, time)
        return None if book is None else wire.book_event(self._info.symbol, book, time)


def open_stream(files: Sequence[Path], *, symbol: str) -> RecordedStream:
    """Read the files of one stretch.

    Raises:
        InputError: A file is wrong, or not one whole minute is recorded.
    """
    source = RecordedStream(read_stretch(files, symbol), symbol=symbol)
    if source.info.end is None or source.info.end <= source.info.start:
        raise InputError(f"{files[0]}: the recording does not reach a single full minute.")
    return source


def _tape(by_channel: dict[str, list[Message]]) -> list[TapeEntry]:
    """Aggregate trades as they were recorded; derived ones where only single trades were."""
    recorded = by_channel.get("aggTrade")
    if recorded is not None:
        return recorded_aggregates(orjson.loads(message.data) for message in recorded)
    return aggregate(orjson.loads(message.data) for message in by_channel.get("trade", []))


def _derived_feeds(stretch: Stretch, *, is_aggregated: bool) -> frozenset[Feed]:
    derived: set[Feed] = {"candles", "taker_volume"}
    if not is_aggregated:
        derived.add("trades")
    if not stretch.readings.has_settlements:
        derived.add("funding")
    return frozenset(derived)


def _last_before(messages: Sequence[Message], now: int) -> Message | None:
    index = bisect_left(messages, now, key=attrgetter("time"))
    return messages[index - 1] if index else None


def _book_entries(stretch: Stretch, differences: Sequence[Message]) -> list[tuple[int, bytes]]:
    """Snapshots and differences by time; a difference goes before a snapshot of the same time."""
    entries = [(message.time, message.data) for message in differences] + stretch.snapshots
    return sorted(entries, key=lambda entry: entry[0])


def _whole_minutes(candles: Candles, stretch: Stretch, first: int, last: int) -> Candles:
    """Only minutes that were recorded from their first to their last millisecond."""
    opened = candles.open_time
    is_whole = (opened >= first) & (opened + MINUTE_MS <= last + 1)
    for hole_start, hole_end in stretch.holes:
        is_whole &= (opened + MINUTE_MS <= hole_start) | (opened >= hole_end)
    return join([candles.rows(is_whole)])


def _feeds(
    by_channel: dict[str, list[Message]], stretch: Stretch, *, has_book: bool
) -> frozenset[Feed]:
    feeds: set[Feed] = set()
    if "trade" in by_channel or "aggTrade" in by_channel:
        feeds |= {"candles", "taker_volume", "trades"}
    if "bookTicker" in by_channel:
        feeds.add("quotes")
    if has_book:
        feeds.add("depth")
    if "forceOrder" in by_channel:
        feeds.add("liquidations")
    if _MARK_CHANNEL in by_channel:
        feeds |= {"mark_price", "funding"}
    if stretch.readings.has_settlements:
        feeds.add("funding")
    if stretch.readings.has_open_interest:
        feeds.add("open_interest")
    return frozenset(feeds)
