"""Which files the archive of USD-M futures has, and how they are named.

Belongs here: names, spans and paths. Does not belong here: fetching and reading.
Source: https://github.com/binance/binance-public-data
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, day_key, day_start, month_start

DataSet = Literal["klines", "aggTrades", "fundingRate", "metrics"]
Period = Literal["monthly", "daily"]

ROOT = "data/futures/um"
_SYMBOL = re.compile("[A-Z0-9_]{1,32}")

KLINES = "1m"
"""The interval of the candles that are taken; the longer ones are made of them."""


@dataclass(frozen=True)
class ArchiveFile:
    """One file of the archive.

    Attributes:
        data_set: What it holds.
        symbol: The exchange's name of the instrument.
        period: Whether it holds a month or a day.
        start: 00:00 UTC of its first day.

    Raises:
        InputError: The symbol is none.
    """

    data_set: DataSet
    symbol: str
    period: Period
    start: int

    def __post_init__(self) -> None:
        # The name becomes a path on disk and in an address.
        if not _SYMBOL.fullmatch(self.symbol):
            raise InputError(f"{self.symbol!r} is not a symbol such as BTCUSDT.")

    @property
    def end(self) -> int:
        """00:00 UTC after its last day."""
        return month_start(self.start, -1) if self.period == "monthly" else self.start + DAY

    @property
    def label(self) -> str:
        """Its month or day: ``2024-01`` or ``2024-01-31``."""
        day = day_key(self.start)
        return day[:7] if self.period == "monthly" else day

    @property
    def name(self) -> str:
        """``BTCUSDT-1m-2024-01.zip``."""
        what = KLINES if self.data_set == "klines" else self.data_set
        return f"{self.symbol}-{what}-{self.label}.zip"

    @property
    def path(self) -> str:
        """Its place below the archive's address, and below the folder of those that are kept."""
        interval = f"{KLINES}/" if self.data_set == "klines" else ""
        return f"{ROOT}/{self.period}/{self.data_set}/{self.symbol}/{interval}{self.name}"

    def days(self) -> Iterator[ArchiveFile]:
        """The daily files of the same days."""
        for start in range(self.start, self.end, DAY):
            yield ArchiveFile(self.data_set, self.symbol, "daily", start)


def month_of(data_set: DataSet, symbol: str, time: int) -> ArchiveFile:
    """The monthly file in which a time lies."""
    return ArchiveFile(data_set, symbol, "monthly", month_start(time))


def day_of(data_set: DataSet, symbol: str, time: int) -> ArchiveFile:
    """The daily file in which a time lies."""
    return ArchiveFile(data_set, symbol, "daily", day_start(time))
