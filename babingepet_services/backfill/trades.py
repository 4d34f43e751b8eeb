"""Trades of the archive: reduced to the minutes of order flow that the live loop did not capture.

Belongs here: one day's file of aggregate trades, from rows to minutes, large prints and hours of
the event tape. Does not belong here: how a minute is reduced (the engine), and other kinds of fact.

A minute that was captured live stays as it is, and so does an hour of the tape in which one was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from sqlalchemy import Connection

from babingepet.errors import ExchangeUnavailable
from babingepet.market.frames import Floats
from babingepet.market.intervals import DAY, MINUTE
from babingepet.signals.vpin import VOLUME_DAYS, bucket_volume
from babingepet_resources.clients.archive.files import DataSet, Period
from babingepet_resources.clients.feed import FeedName, MarketFeed
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.market_files.trades import read_trades
from babingepet_resources.warehouse import candles, tape
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import LargePrintRecord, OrderFlowRecord
from babingepet_services.backfill.series import (
    LISTED,
    Conflict,
    Kind,
    Parsed,
    Series,
    Written,
    grid_holes,
)
from babingepet_services.btc.records import large_print_records, order_flow_record
from babingepet_services.capture.content import tape_summary
from babingepet_services.market.gap_ledger import Market, Span
from babingepet_services.market.past_trades import (
    lay_hours,
    minute_before,
    reduced_minutes,
    stored_minutes,
)

COMPARED = ("trade_count", "taker_buy_base_volume", "taker_sell_base_volume")
"""What a minute captured live must have in common with the archive."""
SAME = 1e-9
"""Relative difference of two sums of the same volumes, added up in another order."""


@dataclass(frozen=True)
class Flow:
    """One day of trades, reduced.

    Attributes:
        minutes: One row a minute of the day.
        prints: The large prints of each, by the minute's open time.
    """

    minutes: tuple[OrderFlowRecord, ...]
    prints: dict[int, list[LargePrintRecord]]

    def __len__(self) -> int:
        return len(self.minutes)


class TradeSeries(Series[Flow]):
    """Order flow made of aggregate trades.

    Args:
        market: Whose facts.
        database: Is asked for the candles and the minute before a day.
        event_tape: Where the trades themselves are laid down.
        now: The clock that rows become known by, UTC ms.
    """

    kind: ClassVar[Kind] = "trades"
    feed: ClassVar[FeedName] = "trades"
    data_set: ClassVar[DataSet] = "aggTrades"
    periods: ClassVar[tuple[Period, ...]] = ("daily",)
    rest_span = 0
    delay = DAY
    """The archive publishes a day on the next one, and is the only source."""

    def __init__(
        self, market: Market, database: Database, event_tape: EventTape, now: Callable[[], int]
    ) -> None:
        super().__init__(market)
        self._database = database
        self._event_tape = event_tape
        self._now = now

    def holes(self, connection: Connection, start: int, end: int) -> list[Span]:
        """Minutes without order flow."""
        symbol, source = self.market.symbol, self.market.source
        return grid_holes(
            tape.order_flow_times(connection, symbol, source, start, end), MINUTE, start, end
        )

    def parse(self, path: Path, span: Span) -> Parsed[Flow]:
        """Read a day's file, lay its hours on the tape and reduce its minutes."""
        rows = read_trades(path, path.name, symbol=self.market.symbol)
        trades = rows.frame.between(*span)
        with self._database.reading() as connection:
            captured = stored_minutes(connection, self.market, span)
            volume = self._bucket_volume(connection, span[0])
            before = minute_before(connection, self.market, span[0])
        lay_hours(self._event_tape, trades, span, captured, self.market, self._now())
        minutes, prints = [], {}
        for minute in reduced_minutes(trades, span, before, volume):
            inside = trades.between(minute.open_time, minute.open_time + MINUTE)
            minutes.append(order_flow_record(minute, tape_summary(minute), inside, self.market, 0))
            prints[minute.open_time] = large_print_records(minute, self.market, 0)
        return Parsed(Flow(tuple(minutes), prints), rows)

    def fetch(self, feed: MarketFeed, start: int, end: int) -> Flow:  # noqa: ARG002 (no such history)
        """Not to be had.

        Raises:
            ExchangeUnavailable: Always.
        """
        raise ExchangeUnavailable("past trades are taken from the archive only")

    def write(self, connection: Connection, payload: Flow, known_at: int) -> Written:
        """Store the minutes that were not captured; compare the others."""
        if not payload.minutes:
            return Written(np.empty(0, np.int64))
        first, last = payload.minutes[0].open_time, payload.minutes[-1].open_time
        symbol, source = self.market.symbol, self.market.source
        found = tape.order_flow(connection, symbol, source, first, last + 1)
        stored = {row.open_time: row for row in found}
        fresh = [row for row in payload.minutes if row.open_time not in stored]
        tape.insert_order_flow(connection, [replace(row, known_at=known_at) for row in fresh])
        prints = [one for row in fresh for one in payload.prints[row.open_time]]
        tape.insert_large_prints(connection, [replace(one, known_at=known_at) for one in prints])
        conflicts = [
            conflict
            for row in payload.minutes
            if row.open_time in stored
            for conflict in _differences(row, stored[row.open_time])
        ]
        times = sorted({conflict.time for conflict in conflicts})
        return Written(
            np.array([row.open_time for row in fresh], np.int64),
            np.array(times, np.int64),
            tuple(conflicts[:LISTED]),
        )

    def _bucket_volume(self, connection: Connection, day: int) -> float:
        symbol, source = self.market.symbol, self.market.source
        begin = day - VOLUME_DAYS * DAY
        return bucket_volume(candles.read(connection, symbol, "1m", source, begin, day), day)


def _differences(told: OrderFlowRecord, stored: OrderFlowRecord) -> Iterator[Conflict]:
    """Values of a minute that was captured whole and is told otherwise."""
    if stored.trades_from is None or stored.trades_from > stored.open_time:
        return
    for name in COMPARED:
        values: Floats = np.array([getattr(stored, name), getattr(told, name)], np.float64)
        if not np.isclose(values[0], values[1], rtol=SAME, atol=0.0):
            yield Conflict(told.open_time, name, float(values[0]), float(values[1]))
