"""From a column as it stands in a file, text or typed, to numpy: numbers, times, flags, texts.

Belongs here: one column at a time, with the cells that are empty or foreign marked. Whole columns
are converted at once; only a column with a foreign cell is looked at cell by cell. Does not belong
here: what a number may be.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from babingepet.market.frames import Bools, Ints
from babingepet.market.intervals import to_ms

CellKind = Literal["number", "whole", "time", "flag", "text"]

FIRST_TIME = 1_230_768_000_000
"""2009-01-01 in milliseconds: no market here is older, but seconds taken for milliseconds are."""

LAST_TIME = 4_102_444_800_000
"""2100-01-01 in milliseconds."""

_MICROSECONDS_FROM = 10**14
_NANOSECONDS_FROM = 10**17
"""Times above these count micro- or nanoseconds: as milliseconds they would lie after year 5138."""

FOREIGN: dict[CellKind, str] = {
    "number": "is not a number",
    "whole": "is not a whole number",
    "time": "is not a time: UTC milliseconds, microseconds or ISO 8601, from 2009 to 2099",
    "flag": "is neither true nor false",
    "text": "is not text",
}
"""What is said of a cell that is not of its kind."""

_TRUE, _FALSE = pa.array(["true", "1", "t"]), pa.array(["false", "0", "f"])
_PLAIN = r"^-?[0-9]{1,15}$"
_PLAIN_NUMBER = r"^-?[0-9]{1,15}(\.[0-9]{0,20})?$"
"""Texts that Arrow surely takes for a number."""


@dataclass(frozen=True, eq=False)
class Cells:
    """A column of one batch.

    Attributes:
        values: NaN, 0, false or "" where empty or foreign. Shape (n,).
        empty: Cells without a value. Shape (n,).
        foreign: Cells of another kind. Shape (n,).
    """

    values: NDArray[Any]
    empty: Bools
    foreign: Bools


def convert(column: pa.Array, kind: CellKind) -> Cells:
    """Convert a column of one batch."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_large_string(column.type):
        column = column.cast(pa.string())
    if pa.types.is_string(column.type):
        empty = np.asarray(pc.equal(pc.fill_null(column, ""), ""))
        values, foreign = _of_text(pc.fill_null(column, ""), kind)
    else:
        empty = np.asarray(column.is_null())
        values, foreign = _of_typed(column, kind)
    return Cells(values, empty, foreign & ~empty)


def _of_text(column: pa.StringArray, kind: CellKind) -> tuple[NDArray[Any], Bools]:
    match kind:
        case "number":
            return _numbers(column)
        case "whole":
            return _wholes(column)
        case "time":
            return _times(column)
        case "text":
            return column.to_numpy(zero_copy_only=False), np.zeros(len(column), np.bool_)
        case "flag":
            lower = pc.utf8_lower(column)
            true = np.asarray(pc.is_in(lower, value_set=_TRUE))
            return true, ~(true | np.asarray(pc.is_in(lower, value_set=_FALSE)))


def _numbers(column: pa.StringArray) -> tuple[NDArray[Any], Bools]:
    values = _cast(column, pa.float64())
    if values is not None:
        return values, np.zeros(len(column), np.bool_)
    return _one_by_one(column, _PLAIN_NUMBER, pa.float64(), parse_number, math.nan)


def _wholes(column: pa.StringArray) -> tuple[NDArray[Any], Bools]:
    values = _cast(column, pa.int64())
    if values is not None:
        return values, np.zeros(len(column), np.bool_)
    return _one_by_one(column, _PLAIN, pa.int64(), parse_whole, 0)


def _times(column: pa.StringArray) -> tuple[NDArray[Any], Bools]:
    for kind in (pa.int64(), pa.timestamp("ms"), pa.timestamp("ms", "UTC")):
        values = _cast(column, kind)
        if values is not None:
            return _in_milliseconds(values)
    values, foreign = _one_by_one(column, _PLAIN, pa.int64(), parse_time, 0)
    values, out_of_range = _in_milliseconds(values)
    return values, foreign | out_of_range


def _of_typed(column: pa.Array, kind: CellKind) -> tuple[NDArray[Any], Bools]:
    """Numbers, times and flags of Parquet; a type that cannot be meant is foreign in every cell."""
    every: Bools = np.ones(len(column), np.bool_)
    is_time = pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)
    is_flag = pa.types.is_boolean(column.type)
    if is_time and kind == "time":
        moments = pc.cast(column, pa.timestamp("ms"), safe=False).cast(pa.int64())
        return _in_milliseconds(np.asarray(pc.fill_null(moments, 0)))
    if is_flag and kind == "flag":
        return np.asarray(pc.fill_null(column, False)), ~every  # noqa: FBT003 (Arrow's signature)
    if kind == "text":
        return np.full(len(column), "", object), every
    if is_time or is_flag or kind == "flag":
        return np.zeros(len(column), np.int64), every
    return _of_numbers(column, kind)


def _of_numbers(column: pa.Array, kind: CellKind) -> tuple[NDArray[Any], Bools]:
    every: Bools = np.ones(len(column), np.bool_)
    if pa.types.is_integer(column.type) and kind != "number":
        wholes = _cast(pc.fill_null(column, 0), pa.int64())
        if wholes is None:  # unsigned beyond 64 bits
            return np.zeros(len(column), np.int64), every
        return _in_milliseconds(wholes) if kind == "time" else (wholes, ~every)
    numbers = _cast(column, pa.float64())
    if numbers is None:
        return np.full(len(column), math.nan), every
    return (numbers, ~every) if kind == "number" else _whole_floats(numbers, kind)


def _whole_floats(numbers: NDArray[Any], kind: CellKind) -> tuple[NDArray[Any], Bools]:
    """Whole numbers that a frame library has turned into floats, as it does beside an empty cell."""
    exact = np.abs(numbers) < 2.0**53
    exact &= np.where(exact, numbers, 0.5) % 1.0 == 0.0
    values = np.where(exact, numbers, 0.0).astype(np.int64)
    if kind == "whole":
        return values, ~exact
    values, out_of_range = _in_milliseconds(values)
    return values, ~exact | out_of_range


def _cast(column: pa.Array, kind: pa.DataType) -> NDArray[Any] | None:
    """The column as that type; None when a cell of it is not of the type."""
    try:
        values = pc.cast(column, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    if pa.types.is_timestamp(kind):
        values = values.cast(pa.int64())
    return np.asarray(values.to_numpy(zero_copy_only=False))


def _one_by_one(
    column: pa.StringArray,
    plain: str,
    kind: pa.DataType,
    parse: Callable[[str], float | None],
    nothing: float,
) -> tuple[NDArray[Any], Bools]:
    """Convert the plain cells at once and each of the others by itself."""
    is_plain = pc.match_substring_regex(column, plain)
    values = np.array(pc.cast(pc.if_else(is_plain, column, "0"), kind))
    foreign: Bools = np.zeros(len(column), np.bool_)
    for position in np.flatnonzero(~np.asarray(is_plain)).tolist():
        parsed = parse(column[position].as_py().strip())
        foreign[position] = parsed is None
        values[position] = nothing if parsed is None else parsed
    return values, foreign


def parse_number(text: str) -> float | None:
    """The number a text says, which may be NaN or infinite; None when it says none."""
    # Python also reads 1_000 and digits of other scripts, which nobody means in a price file.
    if "_" in text or not text.isascii():
        return None
    try:
        return float(text)
    except ValueError:
        return None


def parse_whole(text: str) -> int | None:
    """The whole number of up to 64 bits that a text says; None when it says none."""
    if len(text) > 20 or "_" in text or not text.isascii():  # noqa: PLR2004 (19 digits and a sign)
        return None
    try:
        number = int(text)
    except ValueError:
        return None
    return number if abs(number) < 2**63 else None


def parse_time(text: str) -> int | None:
    """The time a text says, as a number in whatever unit or as ISO 8601; None when it says none."""
    number = parse_whole(text)
    if number is not None:
        return number
    try:
        moment = datetime.fromisoformat(text)
        return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def _in_milliseconds(times: Ints) -> tuple[Ints, Bools]:
    """Times in milliseconds, and which of them are none of a market."""
    if len(times) and int(times.max()) >= _MICROSECONDS_FROM:
        scale = np.where(times >= _NANOSECONDS_FROM, 10**6, 10**3)
        times = np.where(times >= _MICROSECONDS_FROM, times // scale, times)
    return times, (times < FIRST_TIME) | (times >= LAST_TIME)
