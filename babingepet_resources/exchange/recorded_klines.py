"""A market of recorded minute candles, and of funding rates and open interest when they are given.

Belongs here: serving candle files as a source. There are no trades, quotes or books in them, so
none are served: of the streams only the closing message of each minute exists.
Does not belong here: reading and joining the files (recording.py).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from babingepet.market.frames import OpenInterest
from babingepet_resources.exchange import wire
from babingepet_resources.exchange.candles import MINUTE_MS, Candles, no_candles
from babingepet_resources.exchange.increments import increment
from babingepet_resources.exchange.recording import Recording, read_recording
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

_HOUR_MS = 3_600_000


class RecordedKlines:
    """Minute candles, funding rates and open interest, in memory as columns.

    Args:
        recording: The files, joined.
        symbol: The exchange's name of the instrument.
    """

    def __init__(self, recording: Recording, *, symbol: str) -> None:
        self._candles = recording.candles
        self._funding = recording.funding
        self._funding_hours = recording.funding_interval_hours
        self._readings = recording.open_interest
        self._info = SourceInfo(
            source="recorded",
            product=recording.product,
            symbol=symbol,
            feeds=recording.feeds,
            derived=frozenset(),
            absent_columns=recording.absent,
            start=int(self._candles.open_time[0]),
            end=int(self._candles.open_time[-1]) + MINUTE_MS,
            price_tick=increment(self._candles.values[:, :4]),
            quantity_step=increment(self._candles.values[:, 4]),
            description=f"{len(self._candles)} recorded minutes of {symbol}, candles only",
        )

    @property
    def info(self) -> SourceInfo:
        """What it is and what it has."""
        return self._info

    @property
    def first_minute(self) -> int:
        """Open time of the first recorded minute."""
        return self._info.start

    @property
    def funding_interval_hours(self) -> int:
        """The usual distance of two settlements in the file."""
        return self._funding_hours

    def events(self, start: int) -> Iterator[Event]:
        """The closing message of each minute that ends after `start`."""
        rows = self._candles
        first = int(np.searchsorted(rows.open_time, start - MINUTE_MS, side="right"))
        for index in range(first, len(rows)):
            minute = rows.rows(slice(index, index + 1))
            closing = int(minute.open_time[0]) + MINUTE_MS - 1
            yield Event(closing, "kline_1m", wire.kline_event(self._info.symbol, minute))

    def minutes(self, start: int, end: int) -> Candles:
        """Recorded minutes with `start <= open_time < end`."""
        return self._candles.between(start, end)

    def forming_minute(self, now: int) -> Candles:  # noqa: ARG002 the protocol's signature
        """None: without trades nobody knows an unfinished minute."""
        return no_candles()

    def trades(
        self,
        *,
        first_id: int | None,  # noqa: ARG002 the protocol's signature
        start: int | None,  # noqa: ARG002
        end: int,  # noqa: ARG002
        now: int,  # noqa: ARG002
        limit: int,  # noqa: ARG002
    ) -> list[AggregateTrade]:
        """None were recorded."""
        return []

    def book(self, levels: int, now: int) -> BookView | None:  # noqa: ARG002 the protocol's signature
        """None was recorded."""
        return None

    def quote(self, now: int) -> Quote | None:  # noqa: ARG002 the protocol's signature
        """None was recorded."""
        return None

    def mark_price(self, now: int) -> MarkPrice | None:
        """The last settled funding rate; mark and index price were not recorded."""
        interval = self.funding_interval_hours * _HOUR_MS
        settled = self.funding(None, now, 1)
        if not settled or settled[-1].time <= now - 2 * interval:
            return None
        return MarkPrice(
            mark_price="",
            index_price="",
            funding_rate=settled[-1].rate,
            next_funding_time=(settled[-1].time // interval + 1) * interval,
            time=now,
        )

    def funding(self, start: int | None, end: int, limit: int) -> list[FundingSettlement]:
        """Recorded settlements from `start` on, or the most recent ones, up to `end`."""
        times, rates = self._funding.funding_time, self._funding.funding_rate
        chosen = slice(*_span(times, start, end, limit))
        return [
            FundingSettlement(time, wire.decimal(rate), "")
            for time, rate in zip(times[chosen].tolist(), rates[chosen].tolist(), strict=True)
        ]

    def open_interest(self, now: int) -> OpenInterestReading | None:
        """The newest recorded reading; none when it is older than two usual distances of them."""
        readings = self._readings
        known = readings.rows(*_span(readings.event_time, None, now - 1, 1))
        if not len(known) or int(known.event_time[0]) <= now - 2 * _usual_distance(readings):
            return None
        return _on_wire(known)[0]

    def open_interest_history(
        self, start: int | None, end: int, period: int, limit: int
    ) -> list[OpenInterestReading]:
        """Recorded readings that lie on the grid of `period`; none are made up between them."""
        on_grid = self._readings.where(self._readings.event_time % period == 0)
        return _on_wire(on_grid.rows(*_span(on_grid.event_time, start, end, limit)))


def open_klines(files: Sequence[Path], *, symbol: str) -> RecordedKlines:
    """Read and join files of candles, funding and open interest, in any order.

    Raises:
        InputError: A file is wrong or does not belong to the others, or there are no candles.
    """
    return RecordedKlines(read_recording(files, symbol=symbol), symbol=symbol)


def _span(times: NDArray[np.int64], start: int | None, end: int, limit: int) -> tuple[int, int]:
    """Positions from `start` on, or of the most recent rows, up to and with `end`."""
    first, last = np.searchsorted(times, (start or 0, end + 1)).tolist()
    if start is None:
        return max(0, last - limit), last
    return first, min(last, first + limit)


def _usual_distance(readings: OpenInterest) -> int:
    if len(readings) < 2:  # noqa: PLR2004 a distance needs two
        return _HOUR_MS
    return int(np.median(np.diff(readings.event_time)))


def _on_wire(readings: OpenInterest) -> list[OpenInterestReading]:
    columns = (readings.event_time, readings.open_interest, readings.notional)
    return [
        OpenInterestReading(
            time, wire.decimal(amount), "" if np.isnan(notional) else wire.decimal(notional)
        )
        for time, amount, notional in zip(*(c.tolist() for c in columns), strict=True)
    ]
