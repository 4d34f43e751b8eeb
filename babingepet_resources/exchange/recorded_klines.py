"""A market of recorded minute candles, and of funding rates when they are given.

Belongs here: serving candle files as a source. There are no trades, quotes or books in them, so
none are served: of the streams only the closing message of each minute exists.
Does not belong here: reading and checking the files (kline_files.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from babingepet.errors import InputError
from babingepet_resources.exchange import wire
from babingepet_resources.exchange.candles import COLUMNS, MINUTE_MS, Candles, join, no_candles
from babingepet_resources.exchange.increments import increment
from babingepet_resources.exchange.kline_files import FundingFile, KlineFile, read_market_file
from babingepet_resources.exchange.source import (
    AggregateTrade,
    BookView,
    Event,
    Feed,
    FundingSettlement,
    MarkPrice,
    Product,
    Quote,
    SourceInfo,
)

_PERPETUAL_WORDS = ("perp", "usdm", "futures")
"""Words in the names of perpetuals' files."""

_HOUR_MS = 3_600_000
_DEFAULT_FUNDING_HOURS = 8


class RecordedKlines:
    """Minute candles and funding rates, in memory as columns.

    Args:
        klines: The candle files in the order of time.
        funding: The funding file, or None.
        symbol: The exchange's name of the instrument.
    """

    def __init__(
        self, klines: Sequence[KlineFile], funding: FundingFile | None, *, symbol: str
    ) -> None:
        for earlier, later in pairwise(klines):
            if later.candles.open_time[0] <= earlier.candles.open_time[-1]:
                raise InputError(f"{later.path}: row 1 is not after the end of {earlier.path}.")
        self._candles = join([file.candles for file in klines])
        self._funding = funding and _on_the_minute(funding)
        absent = {name for file in klines for name in file.absent}
        self._info = SourceInfo(
            source="recorded",
            product=_product(klines),
            symbol=symbol,
            feeds=_feeds(absent, funding),
            derived=frozenset(),
            absent_columns=tuple(name for name in COLUMNS if name in absent),
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
        if self._funding is None or len(self._funding.time) < 2:  # noqa: PLR2004 a distance needs two
            return _DEFAULT_FUNDING_HOURS
        return round(float(np.median(np.diff(self._funding.time))) / _HOUR_MS)

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
        if self._funding is None:
            return []
        first, last = np.searchsorted(self._funding.time, (start or 0, end + 1)).tolist()
        chosen = slice(max(0, last - limit), last)
        if start is not None:
            chosen = slice(first, min(last, first + limit))
        times, rates = self._funding.time[chosen].tolist(), self._funding.rate[chosen].tolist()
        return [
            FundingSettlement(time, wire.decimal(rate), "")
            for time, rate in zip(times, rates, strict=True)
        ]


def open_klines(files: Sequence[Path], *, symbol: str) -> RecordedKlines:
    """Read and join candle files and at most one funding file, in any order.

    Raises:
        InputError: A file is wrong, there are no candles, or there are two funding files.
    """
    read = [read_market_file(path) for path in files]
    klines = [file for file in read if isinstance(file, KlineFile)]
    funding = [file for file in read if isinstance(file, FundingFile)]
    if not klines:
        raise InputError(f"{files[0]}: holds funding rates only; minute candles are needed too.")
    if len(funding) > 1:
        raise InputError(f"{funding[1].path}: is a second file of funding rates.")
    klines.sort(key=lambda file: int(file.candles.open_time[0]))
    return RecordedKlines(klines, funding[0] if funding else None, symbol=symbol)


def _product(klines: Sequence[KlineFile]) -> Product:
    """The one market that all files belong to."""
    for file in klines[1:]:
        if _named_product(file.path) != _named_product(klines[0].path):
            raise InputError(
                f"{file.path}: is of another market than {klines[0].path}; spot and perpetual are "
                "never mixed."
            )
    return _named_product(klines[0].path)


def _named_product(path: Path) -> Product:
    """What the file, its folder or the folder above is named after; else the perpetual.

    Candle columns do not tell. The nearest name decides: a perpetual's file may lie among spot
    files, and archive files are named the same in both markets.
    """
    for name in (path.name, path.parent.name, path.parent.parent.name):
        if any(word in name.lower() for word in _PERPETUAL_WORDS):
            return "usdm_perp"
        if "spot" in name.lower():
            return "spot"
    return "usdm_perp"


def _on_the_minute(funding: FundingFile) -> FundingFile:
    """Floor settlement times to their minute.

    They carry stray milliseconds (00:00:00.005): a clock that stands at 00:00 would show them a
    minute late.
    """
    return replace(funding, time=funding.time // MINUTE_MS * MINUTE_MS)


def _feeds(absent: set[str], funding: FundingFile | None) -> frozenset[Feed]:
    feeds: set[Feed] = {"candles"}
    if not absent & {"taker_buy_base_volume", "taker_buy_quote_volume"}:
        feeds.add("taker_volume")
    if funding is not None:
        feeds.add("funding")
    return frozenset(feeds)
