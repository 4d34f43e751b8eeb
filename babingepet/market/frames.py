"""Columnar market facts: what a candle, a trade, a quote and a funding rate consist of.

A frame is a frozen set of equally long numpy columns in ascending time. Columns and units are
fixed here; clients, the warehouse and the signals all speak these names. Conversion from pandas or
from a vendor's payload belongs to whoever has it.

Times are UTC epoch milliseconds. A float column holds NaN where the source never carried the
value: unavailable is not zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from babingepet.errors import InputError

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]
"""Small numbers that stand for names; frames hold none."""

_DTYPES: Mapping[str, type[np.generic]] = {
    "Ints": np.int64,
    "Floats": np.float64,
    "Bools": np.bool_,
}


@dataclass(frozen=True, eq=False)
class Frame:
    """Equally long read-only columns, ordered by the column named ``TIME``."""

    TIME: ClassVar[str]

    def __post_init__(self) -> None:
        length = None
        for field in fields(self):
            values = np.asarray(getattr(self, field.name), dtype=_DTYPES[str(field.type)])
            if length is None:
                length = len(values)
            if values.ndim != 1 or len(values) != length:
                raise InputError(
                    f"{type(self).__name__}: column {field.name} has shape {values.shape}, "
                    f"expected ({length},)"
                )
            if values.flags.writeable:
                values = values.view()
                values.flags.writeable = False
            object.__setattr__(self, field.name, values)

    def __len__(self) -> int:
        return len(self.time)

    @property
    def time(self) -> Ints:
        """The ordering column, UTC milliseconds."""
        column: Ints = getattr(self, self.TIME)
        return column

    @classmethod
    def column_names(cls) -> tuple[str, ...]:
        """Names of the columns in their fixed order."""
        return tuple(field.name for field in fields(cls))

    @classmethod
    def of_checked(cls, columns: dict[str, npt.NDArray[Any]]) -> Self:
        """A frame of read-only columns that another frame has checked already."""
        frame = cls.__new__(cls)
        frame.__dict__.update(columns)
        return frame

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Name to array, in the fixed order."""
        return dict(self.__dict__)

    @classmethod
    def empty(cls) -> Self:
        """A frame of no rows."""
        return cls(**{f.name: np.empty(0, _DTYPES[str(f.type)]) for f in fields(cls)})

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[Any, ...]]) -> Self:
        """Build from tuples in column order; no rows give an empty frame."""
        transposed = list(zip(*rows, strict=True))
        if not transposed:
            return cls.empty()
        return cls(**dict(zip(cls.column_names(), map(np.asarray, transposed), strict=True)))

    @classmethod
    def concat(cls, frames: Iterable[Self]) -> Self:
        """Join frames in the order given."""
        parts = [frame for frame in frames if len(frame)]
        if not parts:
            return cls.empty()
        if len(parts) == 1:
            return parts[0]
        return cls(
            **{
                name: np.concatenate([getattr(part, name) for part in parts])
                for name in cls.column_names()
            }
        )

    def rows(self, start: int, stop: int) -> Self:
        """Rows by position, as views."""
        return self.of_checked(
            {name: column[start:stop] for name, column in self.columns().items()}
        )

    def where(self, mask: Bools) -> Self:
        """Rows for which the mask is true."""
        return type(self)(**{name: column[mask] for name, column in self.columns().items()})

    def between(self, start: int, end: int) -> Self:
        """Rows with start <= time < end, as views."""
        first, last = np.searchsorted(self.time, (start, end), side="left")
        return self.rows(int(first), int(last))

    def equals(self, other: Self) -> bool:
        """Whether both hold the same bytes in every column."""
        return type(self) is type(other) and self.to_bytes() == other.to_bytes()

    def to_bytes(self) -> bytes:
        """Canonical bytes: each column little-endian, one after the other."""
        return b"".join(
            np.ascontiguousarray(column, column.dtype.newbyteorder("<")).tobytes()
            for column in self.columns().values()
        )

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read what ``to_bytes`` wrote.

        Raises:
            InputError: The payload's length does not fit the columns.
        """
        dtypes = [np.dtype(_DTYPES[str(field.type)]).newbyteorder("<") for field in fields(cls)]
        length, rest = divmod(len(payload), sum(dtype.itemsize for dtype in dtypes))
        if rest:
            raise InputError(f"{cls.__name__}: {len(payload)} bytes do not hold whole rows")
        columns, offset = {}, 0
        for name, dtype in zip(cls.column_names(), dtypes, strict=True):
            columns[name] = np.frombuffer(payload, dtype, length, offset)
            offset += length * dtype.itemsize
        return cls(**columns)


@dataclass(frozen=True, eq=False)
class Candles(Frame):
    """Closed candles of one instrument and one interval.

    Shape: n rows, strictly ascending ``open_time`` on the interval's UTC grid; holes are missing
    rows, never filled ones.
    Units: prices in quote currency; base volumes in base units; quote volume in quote currency.
    """

    TIME: ClassVar[str] = "open_time"

    open_time: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    base_volume: Floats
    quote_volume: Floats
    trade_count: Floats
    taker_buy_base_volume: Floats
    """Volume in which the buyer was the aggressor, base units; NaN where never recorded."""


@dataclass(frozen=True, eq=False)
class Trades(Frame):
    """Aggregate trades: fills of one taker order at one price.

    Shape: n rows, ascending ``trade_id``; ``event_time`` may repeat.
    """

    TIME: ClassVar[str] = "event_time"

    trade_id: Ints
    event_time: Ints
    price: Floats
    quantity: Floats
    is_buyer_maker: Bools
    """True when the seller was the aggressor."""


@dataclass(frozen=True, eq=False)
class Quotes(Frame):
    """Best bid and ask after each change, in the order of the exchange's update id."""

    TIME: ClassVar[str] = "event_time"

    update_id: Ints
    event_time: Ints
    bid_price: Floats
    bid_size: Floats
    ask_price: Floats
    ask_size: Floats


@dataclass(frozen=True, eq=False)
class FundingRates(Frame):
    """Settled funding rates.

    Units: ``funding_rate`` is a fraction per ``interval_hours``; positive means longs pay shorts.
    """

    TIME: ClassVar[str] = "funding_time"

    funding_time: Ints
    funding_rate: Floats
    interval_hours: Floats
    derived: Bools
    """True where the rate was read off the mark price stream instead of the settlement list."""


@dataclass(frozen=True, eq=False)
class OpenInterest(Frame):
    """Contracts that are open, one side of each counted, as the exchange states them.

    Units: ``open_interest`` in base units; ``notional`` in quote currency, NaN where not told.
    """

    TIME: ClassVar[str] = "event_time"

    event_time: Ints
    open_interest: Floats
    notional: Floats


@dataclass(frozen=True, eq=False)
class BookLevels(Frame):
    """One side-by-side snapshot of the order book's best levels.

    Shape: k rows, best level first; ``level`` counts from 0. A missing level holds NaN.
    """

    TIME: ClassVar[str] = "level"

    level: Ints
    bid_price: Floats
    bid_size: Floats
    ask_price: Floats
    ask_size: Floats
