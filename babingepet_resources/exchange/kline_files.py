"""Files of minute candles, funding rates and open interest that are played back: all or nothing.

Belongs here: telling them apart by their columns, and refusing a file with any row that cannot
be used, since a recording with holes of its own making would be a market that never was. Does not
belong here: the formats (``market_files``), serving.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from babingepet.errors import InputError
from babingepet.market.frames import OpenInterest
from babingepet_resources.exchange.candles import COLUMNS, Candles
from babingepet_resources.market_files.candles import CandleRows, read_candles
from babingepet_resources.market_files.funding import read_funding
from babingepet_resources.market_files.open_interest import read_open_interest
from babingepet_resources.market_files.reading import read_header
from babingepet_resources.market_files.rows import Reject

_OPEN_INTEREST_COLUMNS = frozenset({"open_interest", "sum_open_interest", "sumopeninterest"})
"""Names of the column by which a file of open interest is known."""

_FUNDING_COLUMNS = frozenset({"funding_rate", "fundingrate", "last_funding_rate"})
"""Names of the column by which a file of funding rates is known."""


@dataclass(frozen=True, slots=True)
class KlineFile:
    """Minute candles of one file.

    Attributes:
        path: The file.
        candles: Its rows; columns it lacks are 0.
        absent: Names of the columns it lacks.
    """

    path: Path
    candles: Candles
    absent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FundingFile:
    """Settled funding rates of one file: UTC milliseconds and fractions per interval."""

    path: Path
    time: NDArray[np.int64]
    rate: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OpenInterestFile:
    """Readings of open interest of one file."""

    path: Path
    readings: OpenInterest


MarketFile = KlineFile | FundingFile | OpenInterestFile


def read_market_file(path: Path, symbol: str | None = None) -> MarketFile:
    """Read candles, funding rates or open interest.

    Args:
        path: The file.
        symbol: Whose rows are taken, where they name several.

    Raises:
        InputError: The file is unreadable, foreign, or a row of it cannot be true.
    """
    header = read_header(path, str(path))
    if b' {"' in header.first_line:
        raise InputError(
            f"{path}: holds stream messages; such files of the perpetual are named "
            "usdm_<symbol>_YYYYMMDD.gz, and streams of other markets are not served."
        )
    names = {name.lower() for name in header.names}
    if names & _OPEN_INTEREST_COLUMNS:
        readings = read_open_interest(path, str(path), symbol=symbol)
        _require_whole(path, readings.rejects)
        return OpenInterestFile(path, readings.frame)
    if names & _FUNDING_COLUMNS:
        rates = read_funding(path, str(path), symbol=symbol)
        _require_whole(path, rates.rejects)
        return FundingFile(path, rates.frame.funding_time, rates.frame.funding_rate)
    rows = read_candles(path, str(path), interval="1m", symbol=symbol)
    _require_whole(path, rows.rejects)
    return _klines(path, rows)


def _require_whole(path: Path, rejects: Sequence[Reject]) -> None:
    for first in rejects:
        column = f", column '{first.column}'" if first.column else ""
        raise InputError(f"{path}: row {first.row}{column}: {first.reason}.")


def _klines(path: Path, rows: CandleRows) -> KlineFile:
    ours = rows.frame.columns() | {"taker_buy_quote_volume": rows.taker_buy_quote_volume}
    absent = tuple(name for name in COLUMNS if np.isnan(ours[name]).all())
    values = np.zeros((len(COLUMNS), len(rows.frame))).T
    for position, name in enumerate(COLUMNS):
        if name not in absent:
            values[:, position] = ours[name]
            _require_told(path, name, values[:, position])
    return KlineFile(path, Candles(rows.frame.open_time, values), absent)


def _require_told(path: Path, name: str, values: NDArray[np.float64]) -> None:
    untold = np.isnan(values)
    if untold.any():
        raise InputError(
            f"{path}: {int(untold.sum()):,} rows have no '{name}' and others have; a recording "
            "has a column throughout or not at all."
        )
