"""Files of minute candles and of funding rates: reading them and refusing what is wrong in them.

Belongs here: Parquet with named columns, and Binance's public-archive CSV (12 columns, plain or
gzip, with or without a header, microseconds from 2025 on). Which is which is decided by columns,
not by the file's name. Does not belong here: serving.
Source of the CSV layout: https://github.com/binance/binance-public-data
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from babingepet.errors import InputError
from babingepet_resources.exchange.candles import COLUMNS, MINUTE_MS, Candles

_ARCHIVE_COLUMNS = (
    "open_time", "open", "high", "low", "close", "volume", "close_time",
    "quote_volume", "count", "taker_buy_volume", "taker_buy_quote_volume", "ignore",
)  # fmt: skip
"""Header of the public archive's kline files, in order."""

_ALIASES = {
    "volume": "base_volume",
    "trades": "trade_count",
    "count": "trade_count",
    "taker_buy_base": "taker_buy_base_volume",
    "taker_buy_volume": "taker_buy_base_volume",
    "taker_buy_quote": "taker_buy_quote_volume",
}
"""Other names of our columns in the wild."""

_REQUIRED = ("open_time", "open", "high", "low", "close", "volume")
"""Columns that minute candles cannot do without, as most files name them."""

_MICROSECONDS_FROM = 10**14
"""Open times above this are microseconds: as milliseconds they would lie after the year 5138."""


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


def read_market_file(path: Path) -> KlineFile | FundingFile:
    """Read candles or funding rates.

    Raises:
        InputError: The file is unreadable, foreign, or a row of it cannot be true.
    """
    table = _read_table(path)
    names = {_ALIASES.get(name, name): name for name in table.column_names}
    if {"funding_time", "funding_rate"} <= names.keys():
        return _funding(path, table)
    missing = [name for name in _REQUIRED if _ALIASES.get(name, name) not in names]
    if missing:
        raise InputError(
            f"{path}: column '{missing[0]}' is missing; minute candles need {', '.join(_REQUIRED)}, "
            "funding rates funding_time and funding_rate."
        )
    values = np.zeros((len(COLUMNS), len(table))).T
    for position, name in enumerate(COLUMNS):
        if name in names:
            values[:, position] = _column(path, table, names[name], pa.float64())
    open_time = _column(path, table, names["open_time"], pa.int64())
    open_time = np.where(open_time >= _MICROSECONDS_FROM, open_time // 1000, open_time)
    _check_times(path, open_time)
    _check_values(path, values, [names.get(name, name) for name in COLUMNS])
    absent = tuple(name for name in COLUMNS if name not in names)
    return KlineFile(path, Candles(open_time, values), absent)


def _read_table(path: Path) -> pa.Table:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
        if magic == b"PAR1":
            return pyarrow.parquet.read_table(path)
        compression = "gzip" if magic[:2] == b"\x1f\x8b" else None
        with pa.input_stream(str(path), compression=compression) as stream:
            content = stream.read()
    except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise InputError(f"{path}: cannot be read: {reason or _one_line(error)}.") from error
    return _parse_csv(path, content)


def _parse_csv(path: Path, content: bytes) -> pa.Table:
    """Read every column as text: the types are checked later, where the row can be named."""
    first_line = content.partition(b"\n")[0]
    if b' {"' in first_line:
        raise InputError(
            f"{path}: holds stream messages; such files of the perpetual are named "
            "usdm_<symbol>_YYYYMMDD.gz, and streams of other markets are not served."
        )
    if first_line.count(b",") != len(_ARCHIVE_COLUMNS) - 1 and b"funding_time" not in first_line:
        raise InputError(
            f"{path}: is neither Parquet nor a kline CSV of {len(_ARCHIVE_COLUMNS)} columns."
        )
    has_header = not first_line[:1].isdigit()
    names = first_line.decode("latin-1").strip().split(",") if has_header else _ARCHIVE_COLUMNS
    options = pyarrow.csv.ReadOptions(column_names=names, skip_rows=int(has_header))
    types = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    try:
        return pyarrow.csv.read_csv(pa.BufferReader(content), options, convert_options=types)
    except pa.ArrowException as error:
        raise InputError(f"{path}: {_one_line(error)}.") from error


def _column(path: Path, table: pa.Table, name: str, kind: pa.DataType) -> NDArray[Any]:
    column = table.column(name)
    try:
        if column.null_count:
            row = pc.index(pc.is_null(column), value=True).as_py()
            raise InputError(f"{path}: row {row + 1}, column '{name}': is empty.")
        return np.asarray(pc.cast(column, kind).to_numpy())
    except pa.ArrowException as error:
        row = _first_foreign(column, kind)
        value = column[row].as_py()
        raise InputError(
            f"{path}: row {row + 1}, column '{name}': {value!r} is not a number."
        ) from error


def _first_foreign(column: pa.ChunkedArray, kind: pa.DataType) -> int:
    """Position of the first value that cannot be cast; casting again by halves."""
    low, high = 0, len(column)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            pc.cast(column.slice(low, middle - low), kind)
        except pa.ArrowException:
            high = middle
        else:
            low = middle
    return low


def _check_times(path: Path, open_time: NDArray[np.int64]) -> None:
    if not len(open_time):
        raise InputError(f"{path}: has no rows.")
    _refuse(path, open_time % MINUTE_MS != 0, "open_time", "is not the start of a minute")
    steps = np.diff(open_time, prepend=open_time[0] - MINUTE_MS)
    _refuse(path, steps == 0, "open_time", "repeats the row before")
    _refuse(path, steps < 0, "open_time", "is before the row above it")
    if len(steps) > 1 and steps[1:].min() > MINUTE_MS:
        seconds = int(steps[1:].min()) // 1000
        raise InputError(f"{path}: rows are {seconds} s apart; candles of one minute are needed.")


def _check_values(path: Path, values: NDArray[np.float64], names: Sequence[str]) -> None:
    opened, high, low, close = values[:, :4].T
    for name, column in zip(names, values.T, strict=True):
        _refuse(path, ~np.isfinite(column), name, "is not a finite number")
        if name in _REQUIRED[1:5]:
            _refuse(path, column <= 0, name, "is not a positive price")
        _refuse(path, column < 0, name, "is negative")
    _refuse(path, high < low, "high", "is below low")
    _refuse(path, high < np.maximum(opened, close), "high", "is below open or close")
    _refuse(path, low > np.minimum(opened, close), "low", "is above open or close")


def _refuse(path: Path, wrong: NDArray[np.bool_], column: str, why: str) -> None:
    if wrong.any():
        raise InputError(f"{path}: row {int(wrong.argmax()) + 1}, column '{column}': {why}.")


def _funding(path: Path, table: pa.Table) -> FundingFile:
    time = _column(path, table, "funding_time", pa.int64())
    rate = _column(path, table, "funding_rate", pa.float64())
    if not len(time):
        raise InputError(f"{path}: has no rows.")
    _refuse(path, np.diff(time, prepend=time[0] - 1) <= 0, "funding_time", "is not in order")
    _refuse(path, ~np.isfinite(rate), "funding_rate", "is not a finite number")
    return FundingFile(path, time, rate)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
