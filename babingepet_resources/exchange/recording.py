"""Files of a market's facts as one recording: one market and one symbol, joined in order of time.

Belongs here: what several files come to together, and refusing those that do not belong together.
Does not belong here: reading and checking one file (kline_files.py), serving (recorded_klines.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from babingepet.errors import InputError
from babingepet.market.frames import FundingRates, OpenInterest
from babingepet_resources.exchange.candles import COLUMNS, MINUTE_MS, Candles, join
from babingepet_resources.exchange.kline_files import (
    FundingFile,
    KlineFile,
    MarketFile,
    OpenInterestFile,
    read_market_file,
)
from babingepet_resources.exchange.source import Feed, Product

_PERPETUAL_WORDS = ("perp", "usdm", "futures")
"""Words in the names of perpetuals' files."""

_HOUR_MS = 3_600_000
_DEFAULT_FUNDING_HOURS = 8


@dataclass(frozen=True, slots=True)
class Recording:
    """Minutes, settlements and open interest of one instrument.

    Attributes:
        product: The market that all files belong to.
        candles: All minutes, strictly ascending; columns a file lacks are 0 in its rows.
        absent: Candle columns that a file lacks, in the order of the columns.
        funding: Settled rates on their minutes; none if no file holds them.
        open_interest: Readings; none if no file holds them.
    """

    product: Product
    candles: Candles
    absent: tuple[str, ...]
    funding: FundingRates
    open_interest: OpenInterest

    @property
    def feeds(self) -> frozenset[Feed]:
        """The kinds of feed that it can stand for."""
        feeds: set[Feed] = {"candles"}
        if not {"taker_buy_base_volume", "taker_buy_quote_volume"}.intersection(self.absent):
            feeds.add("taker_volume")
        if len(self.funding):
            feeds.add("funding")
        if len(self.open_interest):
            feeds.add("open_interest")
        return frozenset(feeds)

    @property
    def funding_interval_hours(self) -> int:
        """The usual distance of two settlements."""
        return int(self.funding.interval_hours[0]) if len(self.funding) else _DEFAULT_FUNDING_HOURS


def read_recording(files: Sequence[Path], *, symbol: str) -> Recording:
    """Read files of candles, funding and open interest, in any order, and join them.

    Raises:
        InputError: A file is wrong or of another symbol or market, two overlap, or there are no
            candles.
    """
    return join_files([read_file_of(path, symbol) for path in files])


def read_file_of(path: Path, symbol: str) -> MarketFile:
    """Read one file; its name, such as `ETHUSDT-1m-2025-01.csv`, must not begin with another symbol.

    Raises:
        InputError: It does, or the file is wrong.
    """
    named = symbol_of(path)
    if named is not None and named != symbol:
        raise InputError(f"{path}: is a file of {named}, not of {symbol}.")
    return read_market_file(path, symbol)


def symbol_of(path: Path) -> str | None:
    """The symbol that a file's name begins with, if it does."""
    named = path.name.partition("-")[0]
    return named if named.isupper() and named.endswith(("USDT", "USDC")) else None


def join_files(files: Sequence[MarketFile]) -> Recording:
    """Join files, in any order.

    Raises:
        InputError: Two overlap or are of different markets, or there are no candles.
    """
    klines = [file for file in files if isinstance(file, KlineFile)]
    funding = [file for file in files if isinstance(file, FundingFile)]
    if not klines:
        raise InputError(f"{files[0].path}: holds no candles; minute candles are needed too.")
    klines.sort(key=lambda file: int(file.candles.open_time[0]))
    for one, other in pairwise(klines):
        _require_after(other.path, other.candles.open_time, one.path, one.candles.open_time)
    absent = {name for file in klines for name in file.absent}
    return Recording(
        product=_product(klines),
        candles=join([file.candles for file in klines]),
        absent=tuple(name for name in COLUMNS if name in absent),
        funding=_settlements(funding),
        open_interest=_readings([file for file in files if isinstance(file, OpenInterestFile)]),
    )


def _require_after(
    path: Path, times: NDArray[np.int64], before: Path, end: NDArray[np.int64]
) -> None:
    if times[0] <= end[-1]:
        raise InputError(f"{path}: row 1 is not after the end of {before}.")


def _product(klines: Sequence[KlineFile]) -> Product:
    """The one market that all files belong to."""
    for file in klines[1:]:
        if named_product(file.path) != named_product(klines[0].path):
            raise InputError(
                f"{file.path}: is of another market than {klines[0].path}; spot and perpetual are "
                "never mixed."
            )
    return named_product(klines[0].path)


def named_product(path: Path) -> Product:
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


def _settlements(files: list[FundingFile]) -> FundingRates:
    """Rates at the minutes they were settled in.

    Settlement times carry stray milliseconds (00:00:00.005): a clock that stands at 00:00 would
    show them a minute late.
    """
    files.sort(key=lambda file: int(file.time[0]))
    for one, other in pairwise(files):
        _require_after(other.path, other.time, one.path, one.time)
    if not files:
        return FundingRates.empty()
    time = np.concatenate([file.time for file in files]) // MINUTE_MS * MINUTE_MS
    return FundingRates(
        funding_time=time,
        funding_rate=np.concatenate([file.rate for file in files]),
        interval_hours=np.full(len(time), float(_usual_hours(time))),
        derived=np.zeros(len(time), np.bool_),
    )


def _readings(files: list[OpenInterestFile]) -> OpenInterest:
    files.sort(key=lambda file: int(file.readings.event_time[0]))
    for one, other in pairwise(files):
        _require_after(other.path, other.readings.event_time, one.path, one.readings.event_time)
    return OpenInterest.concat([file.readings for file in files])


def _usual_hours(time: NDArray[np.int64]) -> int:
    if len(time) < 2:  # noqa: PLR2004 a distance needs two
        return _DEFAULT_FUNDING_HOURS
    return round(float(np.median(np.diff(time))) / _HOUR_MS)
