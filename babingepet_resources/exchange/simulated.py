"""A made-up perpetual as a source: endless, seeded, the same for the same seed and start.

Belongs here: answering questions about a simulated market as of a moment. Does not belong here:
how a day, a minute or a book is made, or the order of stream messages.
"""

from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from operator import attrgetter

import numpy as np

from babingepet.errors import InputError
from babingepet_resources.exchange import wire
from babingepet_resources.exchange.candles import MINUTE_MS, Candles, join
from babingepet_resources.exchange.instruments import BTC, instrument
from babingepet_resources.exchange.simulated_book import BOOK_STEP_MS, Book, Quotes, make_quotes
from babingepet_resources.exchange.simulated_days import SimulatedDays
from babingepet_resources.exchange.simulated_events import DEEPEST, MinuteEvents
from babingepet_resources.exchange.simulated_minute import Prints, make_prints
from babingepet_resources.exchange.simulated_path import (
    DAY_MINUTES,
    DAY_MS,
    EPOCH_MS,
    HORIZON_DAYS,
)
from babingepet_resources.exchange.simulated_positions import SimulatedPositions
from babingepet_resources.exchange.source import (
    AggregateTrade,
    BookView,
    Event,
    FundingSettlement,
    MarkPrice,
    OpenInterestReading,
    Quote,
    SourceInfo,
)
from babingepet_resources.exchange.trade_tape import TapeEntry, minute_candles, select_trades

DEFAULT_START_MS = 1_735_689_600_000
"""2025-01-01: where a market starts that was not told where, with five years of history."""

_MINUTES_KEPT = 75
"""Minutes kept in memory, 60 kB each: what one aggTrades request of an hour may span, and more."""


class SimulatedMarket:
    """One instrument of the market of one seed.

    Args:
        seed: A whole number that is not negative.
        symbol: One of `INSTRUMENTS`; those of one seed move together.
        start: First time that can be played, UTC milliseconds; None for 2025-01-01.

    Raises:
        InputError: Another symbol, a negative seed, or a start outside of 2019-09-09 to 2074.
    """

    def __init__(self, *, seed: int, symbol: str = BTC, start: int | None = None) -> None:
        start = DEFAULT_START_MS if start is None else start
        end = EPOCH_MS + HORIZON_DAYS * DAY_MS
        if seed < 0:
            raise InputError(f"--seed {seed}: a seed is not negative.")
        if not EPOCH_MS + DAY_MS <= start < end:
            raise InputError("--from is outside of the simulated years, 2019-09-09 to 2074.")
        self._instrument = instrument(symbol)
        self._days = SimulatedDays(seed, self._instrument)
        self._positions = SimulatedPositions(self._days, self._instrument)
        self._book = Book(self._days.key, self._instrument)
        self._prints = lru_cache(_MINUTES_KEPT)(self._make_prints)
        self._quotes = lru_cache(_MINUTES_KEPT)(self._make_quotes)
        self._entries = lru_cache(2)(self._write_entries)
        self._info = SourceInfo(
            source="simulated",
            product="usdm_perp",
            symbol=symbol,
            feeds=frozenset(
                {
                    "candles", "taker_volume", "trades", "quotes", "depth", "mark_price",
                    "funding", "open_interest", "liquidations",
                }
            ),
            derived=frozenset(),
            absent_columns=(),
            start=start,
            end=end,
            price_tick=self._instrument.price_tick,
            quantity_step=self._instrument.quantity_step,
            description=f"simulated market of seed {seed}",
        )  # fmt: skip

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
        """Eight, or four for some altcoins."""
        return self._instrument.funding_hours

    def events(self, start: int) -> Iterator[Event]:
        """Every stream's messages; at equal times quotes come before the trades they explain."""
        for index in range((start - EPOCH_MS) // MINUTE_MS, HORIZON_DAYS * DAY_MINUTES):
            opened = EPOCH_MS + index * MINUTE_MS
            minute = MinuteEvents(
                self._instrument, opened, self._prints(index), self._quotes(index),
                self._quotes(index - 1), self._book, self.mark_price,
                self.minutes(opened, opened + MINUTE_MS),
            )  # fmt: skip
            yield from (event for event in minute.in_order() if event.time >= start)

    def minutes(self, start: int, end: int) -> Candles:
        """Whole minutes with `start <= open_time < end`."""
        first = max(0, (start - EPOCH_MS) // DAY_MS)
        last = min(HORIZON_DAYS, -(-(end - EPOCH_MS) // DAY_MS))
        return join([self._days.candles(index) for index in range(first, last)]).between(start, end)

    def forming_minute(self, now: int) -> Candles:
        """The unfinished minute from its trades before `now`."""
        trades = self._entries((now - EPOCH_MS) // MINUTE_MS)
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
        """The newest state that the streams told of: at most 100 ms old, at most 100 levels."""
        time = now // BOOK_STEP_MS * BOOK_STEP_MS
        quotes, position = self._last_quote(time)
        wanted = min(levels, DEEPEST)
        return self._book.views(quotes, np.array([position]), np.array([time]), wanted)[0]

    def quote(self, now: int) -> Quote:
        """The last best quote before `now`."""
        quotes, position = self._last_quote(now)
        return quotes.at(position, self._instrument)

    def mark_price(self, now: int) -> MarkPrice:
        """The middle of the quotes; the index lies off it by the premium."""
        quotes, position = self._last_quote(now)
        ticks = int(quotes.bid[position]) + int(quotes.ask[position])
        mark = ticks / 2 / self._instrument.ticks_per_unit
        index = mark / (1 + self._positions.premium(now - 1))
        rate = wire.decimal(self._positions.rate(now))
        settles = self._positions.next_settlement(now)
        return MarkPrice(wire.decimal(mark), wire.decimal(index), rate, settles, now)

    def funding(self, start: int | None, end: int, limit: int) -> list[FundingSettlement]:
        """Settlements with the last price as mark price."""
        return [
            FundingSettlement(
                time, wire.decimal(self._positions.rate(time)), wire.decimal(self._close(time))
            )
            for time in self._positions.settlements(start, end, limit)
        ]

    def open_interest(self, now: int) -> OpenInterestReading:
        """The reading of the minute that began before `now`."""
        time = max(EPOCH_MS + MINUTE_MS, now - 1)
        return self._positions.open_interest(time, self._close(time))

    def open_interest_history(
        self, start: int | None, end: int, period: int, limit: int
    ) -> list[OpenInterestReading]:
        """Readings on the grid of `period` up to and with `end`."""
        first = -(-max(start or 0, EPOCH_MS + DAY_MS) // period) * period
        times = range(first, end + 1, period)
        chosen = times[-limit:] if start is None else times[:limit]
        return [self._positions.open_interest(time, self._close(time)) for time in chosen]

    def leaning(self, now: int) -> float:
        """Where traders with large orders lean as of `now`, -1 to 1; 0 outside of trends."""
        day, minute = divmod((now - EPOCH_MS) // MINUTE_MS, DAY_MINUTES)
        return float(self._days.motion(day).trend[minute])

    def _make_prints(self, index: int) -> Prints:
        day = self._days.day(index // DAY_MINUTES)
        return make_prints(day, index, self._days.key, self._instrument)

    def _make_quotes(self, index: int) -> Quotes:
        return make_quotes(self._prints(index), index, self._days.key, self._instrument)

    def _write_entries(self, index: int) -> list[TapeEntry]:
        return self._prints(index).entries(self._instrument)

    def _last_quote(self, now: int) -> tuple[Quotes, int]:
        """The quotes among which the last one before `now` is, and its position."""
        index = (now - EPOCH_MS) // MINUTE_MS
        quotes = self._quotes(index)
        known = int(np.searchsorted(quotes.time, now))
        if known:
            return quotes, known - 1
        before = self._quotes(index - 1)
        return before, len(before.time) - 1

    def _close(self, time: int) -> float:
        """Close of the last whole minute before `time`."""
        minute = (time - EPOCH_MS) // MINUTE_MS - 1
        day = self._days.day(minute // DAY_MINUTES)
        return float(day.close[minute % DAY_MINUTES]) / self._instrument.ticks_per_unit

    def _gather(self, first: int, last: int, limit: int) -> list[TapeEntry]:
        """Trades of the minutes from `first` towards `last`, in order of time.

        Of the first minute only a part may be wanted; the others hold at least `limit`.
        """
        step = 1 if last >= first else -1
        minutes = [self._entries(first)]
        enough = limit + len(minutes[0])
        for index in range(first + step, last + step, step) if first != last else ():
            if sum(map(len, minutes)) >= enough:
                break
            minutes.append(self._entries(index))
        return [entry for trades in minutes[::step] for entry in trades]

    def _minute_of_trade(self, trade_id: int, newest: int) -> int:
        """Its minute, or the newest one for an id that is still to come."""
        day = max(0, trade_id - 1) // self._days.trades_per_day
        if day > newest // DAY_MINUTES:
            return newest
        first_ids = self._days.day(day).first_trade_id
        minute = int(np.searchsorted(first_ids, trade_id, side="right")) - 1
        return min(newest, day * DAY_MINUTES + max(0, minute))
