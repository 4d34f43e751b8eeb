"""A made-up BTC perpetual as a source: endless, seeded, the same for the same seed and start.

Belongs here: serving simulated days and minutes, mark prices and funding. Does not belong here:
how a day or a minute is made.
"""

import heapq
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache, partial
from operator import attrgetter

import numpy as np
import orjson

from babingepet.errors import InputError
from babingepet_resources.exchange import wire
from babingepet_resources.exchange.candles import MINUTE_MS, Candles, join
from babingepet_resources.exchange.simulated_days import (
    DAY_MINUTES,
    DAY_MS,
    EPOCH_MS,
    HORIZON_DAYS,
    TRADES_PER_DAY,
    SimulatedDays,
)
from babingepet_resources.exchange.simulated_minute import (
    SimulatedMinute,
    make_book,
    make_minute,
    update_id,
)
from babingepet_resources.exchange.source import (
    AggregateTrade,
    BookView,
    Event,
    FundingSettlement,
    MarkPrice,
    Quote,
    SourceInfo,
)
from babingepet_resources.exchange.trade_tape import TapeEntry, minute_candles, select_trades

SYMBOL = "BTCUSDT"
"""The one instrument that is simulated."""

DEFAULT_START_MS = 1_735_689_600_000
"""2025-01-01: where a market starts that was not told where, with five years of history."""

_FUNDING_HOURS = 8
_FUNDING_MS = _FUNDING_HOURS * 3_600_000
_FUNDINGS_PER_DAY = 24 // _FUNDING_HOURS

_BASE_RATE = 0.0001
"""Funding of a market at rest: the interest part of 0.01 % each eight hours."""

_CROWDING = 0.004
"""Funding for each unit of the last day's log return: longs pay after a rise."""

_BOOK_STEP_MS = 100
_BOOK_LEVELS = (5, 10, 20)
_MARK_STEP_MS = 1_000
_MINUTES_KEPT = 90
"""Minutes of trades kept in memory: what one aggTrades request of an hour may span, and more."""

_FUNDING = 4
"""Name of the random stream (0 to 3 belong to days and minutes)."""


class SimulatedMarket:
    """The market of one seed.

    Args:
        seed: A whole number that is not negative.
        symbol: Must be `BTCUSDT`.
        start: First time that can be played, UTC milliseconds; None for 2025-01-01.

    Raises:
        InputError: Another symbol, a negative seed, or a start outside of 2019-09-09 to 2074.
    """

    def __init__(self, *, seed: int, symbol: str = SYMBOL, start: int | None = None) -> None:
        start = DEFAULT_START_MS if start is None else start
        end = EPOCH_MS + HORIZON_DAYS * DAY_MS
        if symbol != SYMBOL:
            raise InputError(f"--symbol {symbol}: only {SYMBOL} is simulated.")
        if seed < 0:
            raise InputError(f"--seed {seed}: a seed is not negative.")
        if not EPOCH_MS + DAY_MS <= start < end:
            raise InputError("--from is outside of the simulated years, 2019-09-09 to 2074.")
        self._seed = seed
        self._days = SimulatedDays(seed)
        self._minute = lru_cache(_MINUTES_KEPT)(self._make_minute)
        self._info = SourceInfo(
            source="simulated",
            product="usdm_perp",
            symbol=symbol,
            feeds=frozenset(
                {"candles", "taker_volume", "trades", "quotes", "depth", "mark_price", "funding"}
            ),
            derived=frozenset(),
            absent_columns=(),
            start=start,
            end=end,
            price_tick="0.10",
            quantity_step="0.001",
            description=f"simulated market of seed {seed}",
        )

    @property
    def info(self) -> SourceInfo:
        """What it is and what it has."""
        return self._info

    @property
    def first_minute(self) -> int:
        """The first simulated minute."""
        return EPOCH_MS

    @property
    def funding_interval_hours(self) -> int:
        """Eight."""
        return _FUNDING_HOURS

    def events(self, start: int) -> Iterator[Event]:
        """Every stream's messages; at equal times quotes come before the trades they explain."""
        for index in range((start - EPOCH_MS) // MINUTE_MS, HORIZON_DAYS * DAY_MINUTES):
            merged = heapq.merge(
                self._quote_events(index), self._trade_events(index), self._book_events(index),
                self._mark_events(index), self._candle_event(index),
                key=attrgetter("time"),
            )  # fmt: skip
            yield from (event for event in merged if event.time >= start)

    def minutes(self, start: int, end: int) -> Candles:
        """Whole minutes with `start <= open_time < end`."""
        first = max(0, (start - EPOCH_MS) // DAY_MS)
        last = min(HORIZON_DAYS, -(-(end - EPOCH_MS) // DAY_MS))
        return join([self._days.candles(index) for index in range(first, last)]).between(start, end)

    def forming_minute(self, now: int) -> Candles:
        """The unfinished minute from its trades before `now`."""
        trades = self._minute((now - EPOCH_MS) // MINUTE_MS).trades
        return minute_candles(trades[: bisect_left(trades, now, key=attrgetter("event_time"))])

    def trades(
        self, *, first_id: int | None, start: int | None, end: int, now: int, limit: int
    ) -> list[AggregateTrade]:
        """Trades before `now`, paged as the exchange does."""
        newest = (now - EPOCH_MS) // MINUTE_MS
        last = min(newest, max(0, (end - EPOCH_MS) // MINUTE_MS))
        if first_id is not None:
            entries = self._gather(self._minute_of_trade(first_id, newest), newest, limit)
        elif start is not None:
            first = min(newest, max(0, (start - EPOCH_MS) // MINUTE_MS))
            entries = self._gather(first, last, limit)
        else:
            entries = self._gather(last, 0, limit)
        return select_trades(entries, first_id=first_id, start=start, end=end, now=now, limit=limit)

    def book(self, levels: int, now: int) -> BookView:
        """Levels behind the best quote."""
        return make_book(self.quote(now), levels, now=now, seed=self._seed)

    def quote(self, now: int) -> Quote:
        """The last best quote before `now`."""
        index = (now - EPOCH_MS) // MINUTE_MS
        quotes = self._minute(index).quotes
        known = bisect_left(quotes, now, key=attrgetter("time"))
        return quotes[known - 1] if known else self._minute(index - 1).quotes[-1]

    def mark_price(self, now: int) -> MarkPrice:
        """The middle of the quotes; the index lies below it by the funding rate."""
        quote = self.quote(now)
        mark = (float(quote.bid_price) + float(quote.ask_price)) / 2
        settles = ((now - 1) // _FUNDING_MS + 1) * _FUNDING_MS
        rate = self._rate(settles)
        return MarkPrice(
            wire.decimal(mark), wire.decimal(mark / (1 + rate)), wire.decimal(rate), settles, now
        )

    def funding(self, start: int | None, end: int, limit: int) -> list[FundingSettlement]:
        """Settlements at 00, 08 and 16 UTC, with the last price as mark price."""
        first = max(-(-(start or 0) // _FUNDING_MS), EPOCH_MS // _FUNDING_MS + _FUNDINGS_PER_DAY)
        times = range(first * _FUNDING_MS, end + 1, _FUNDING_MS)
        settlements: list[FundingSettlement] = []
        for time in times[-limit:] if start is None else times[:limit]:
            close = self.minutes(time - MINUTE_MS, time).values[0, 3]
            rate = wire.decimal(self._rate(time))
            settlements.append(FundingSettlement(time, rate, wire.decimal(close)))
        return settlements

    def _make_minute(self, index: int) -> SimulatedMinute:
        return make_minute(self._days.day(index // DAY_MINUTES), index, self._seed)

    def _gather(self, first: int, last: int, limit: int) -> list[TapeEntry]:
        """Trades of the minutes from `first` towards `last`, in order of time.

        Of the first minute only a part may be wanted; the others hold at least `limit`.
        """
        step = 1 if last >= first else -1
        minutes = [self._minute(first).trades]
        enough = limit + len(minutes[0])
        for index in range(first + step, last + step, step) if first != last else ():
            if sum(map(len, minutes)) >= enough:
                break
            minutes.append(self._minute(index).trades)
        return [entry for trades in minutes[::step] for entry in trades]

    def _minute_of_trade(self, trade_id: int, newest: int) -> int:
        """Its minute, or the newest one for an id that is still to come."""
        day = max(0, trade_id - 1) // TRADES_PER_DAY
        if day > newest // DAY_MINUTES:
            return newest
        first_ids = self._days.day(day).first_trade_id
        within = int(np.searchsorted(first_ids, trade_id, side="right")) - 1
        return min(newest, day * DAY_MINUTES + max(0, within))

    def _rate(self, settles: int) -> float:
        """A function of the settlement: the last full day's return, and noise."""
        yesterday = (settles - EPOCH_MS) // DAY_MS - 1
        noise = np.random.default_rng([self._seed, _FUNDING, settles // _FUNDING_MS])
        crowding = _CROWDING * self._days.daily_return(yesterday)
        rate = _BASE_RATE + crowding + 0.00004 * float(noise.standard_normal())
        return min(max(rate, -0.003), 0.003)

    def _trade_events(self, index: int) -> Iterator[Event]:
        for entry in self._minute(index).trades:
            payload = partial(wire.trade_event, SYMBOL, entry.trade, entry.event_time)
            yield Event(entry.event_time, "aggTrade", payload)

    def _quote_events(self, index: int) -> Iterator[Event]:
        for sequence, quote in enumerate(self._minute(index).quotes):
            yield Event(quote.time, "bookTicker", partial(_quote_event, quote, sequence))

    def _book_events(self, index: int) -> Iterator[Event]:
        opened = EPOCH_MS + index * MINUTE_MS
        for time in range(opened, opened + MINUTE_MS, _BOOK_STEP_MS):
            for levels in _BOOK_LEVELS:
                yield Event(time, f"depth{levels}@100ms", partial(self._book_event, time, levels))

    def _book_event(self, time: int, levels: int) -> bytes:
        book = make_book(self.quote(time), levels, now=time, seed=self._seed)
        return wire.book_event(SYMBOL, book, time)

    def _mark_events(self, index: int) -> Iterator[Event]:
        opened = EPOCH_MS + index * MINUTE_MS
        for time in range(opened, opened + MINUTE_MS, _MARK_STEP_MS):
            yield Event(time, "markPrice@1s", partial(self._mark_event, time))

    def _mark_event(self, time: int) -> bytes:
        return wire.mark_price_event(SYMBOL, self.mark_price(time))

    def _candle_event(self, index: int) -> Iterator[Event]:
        opened = EPOCH_MS + index * MINUTE_MS
        minute = self.minutes(opened, opened + MINUTE_MS)
        yield Event(opened + MINUTE_MS - 1, "kline_1m", partial(wire.kline_event, SYMBOL, minute))


def _quote_event(quote: Quote, sequence: int) -> bytes:
    """A message of `<symbol>@bookTicker`; the sequence makes ids of one millisecond grow."""
    return orjson.dumps(
        {
            "e": "bookTicker",
            "u": update_id(quote.time, sequence),
            "s": SYMBOL,
            "b": quote.bid_price,
            "B": quote.bid_quantity,
            "a": quote.ask_price,
            "A": quote.ask_quantity,
            "T": quote.time,
            "E": quote.time,
        }
    )
