"""What a decision read, in a form that can be found again: content hashes and stored bytes.

Candles stay in their table and are named by range and hash; the tape of the minute and the state
are stored as they were. The reduced tape has one spelling as JSON, given here.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from babingepet.domain.decision import canonical_json, sha256
from babingepet.market.frames import BookLevels, Candles, Frame, Trades
from babingepet.market.intervals import DAY
from babingepet.market.tape import Book, Quote, TapeMinute
from babingepet.market.volume_clock import VolumeClock


def row_bytes(frame: Frame) -> bytes:
    """The rows one after the other, little-endian: appending rows appends bytes."""
    columns = frame.columns()
    layout = np.dtype([(name, column.dtype.newbyteorder("<")) for name, column in columns.items()])
    rows = np.empty(len(frame), layout)
    for name, column in columns.items():
        rows[name] = column
    return rows.tobytes()


class DayDigests:
    """Content hash of growing candles, one a UTC day, so that a minute costs one row."""

    def __init__(self, candles: Candles) -> None:
        self._closed: dict[int, str] = {}
        self._day = -1
        self._hasher = hashlib.sha256()
        self.append(candles)

    def append(self, candles: Candles) -> None:
        """Add rows that follow."""
        if not len(candles):
            return
        days = candles.open_time // DAY
        for day in np.unique(days).tolist():
            if day != self._day:
                self._close_day()
                self._day, self._hasher = day, hashlib.sha256()
            self._hasher.update(row_bytes(candles.between(day * DAY, (day + 1) * DAY)))

    def _close_day(self) -> None:
        if self._day >= 0:
            self._closed[self._day] = self._hasher.hexdigest()

    def digest(self, since: int) -> str:
        """Hash of all rows from the day of ``since`` on."""
        closed = [value for day, value in self._closed.items() if day >= since // DAY]
        return sha256("".join([*closed, self._hasher.copy().hexdigest()]).encode())


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _rows(frame: Frame) -> list[list[Any]]:
    columns = [column.tolist() for column in frame.columns().values()]
    return [
        [_number(value) if isinstance(value, float) else value for value in row]
        for row in zip(*columns, strict=True)
    ]


def tape_summary(minute: TapeMinute) -> dict[str, Any]:
    """A reduced minute as JSON values.

    What is None since before it was stored at all is left out: the summary of an older version,
    read and written again, keeps its bytes.
    """
    clock = minute.volume_clock
    later = {
        "last_trade_id": minute.last_trade_id,
        "volume_clock": clock and {**clock._asdict(), "recent": clock.recent.tolist()},
    }
    return {
        "trades_from": minute.trades_from,
        "quotes_from": minute.quotes_from,
        "prints": _rows(minute.prints),
        "trade_count": minute.trade_count,
        "last_trade_time": minute.last_trade_time,
        "order_flow_imbalance": minute.order_flow_imbalance,
        "quote_count": minute.quote_count,
        "mids": [_number(mid) for mid in minute.mids.tolist()],
        "first_quote": minute.first_quote and list(minute.first_quote),
        "last_quote": minute.last_quote and list(minute.last_quote),
        "is_two_sided": minute.is_two_sided,
        "book": None
        if minute.book is None
        else {"event_time": minute.book.event_time, "levels": _rows(minute.book.levels)},
        **{name: value for name, value in later.items() if value is not None},
    }


def tape_minute(open_time: int, summary: Mapping[str, Any]) -> TapeMinute:
    """Read what ``tape_summary`` wrote, in this version or an older one."""
    book = summary["book"]
    return TapeMinute(
        open_time=open_time,
        trades_from=summary["trades_from"],
        quotes_from=summary["quotes_from"],
        prints=Trades.from_rows(map(tuple, summary["prints"])),
        trade_count=summary["trade_count"],
        last_trade_time=summary["last_trade_time"],
        order_flow_imbalance=summary["order_flow_imbalance"],
        quote_count=summary["quote_count"],
        mids=np.array(summary["mids"], dtype=np.float64),
        first_quote=_quote(summary["first_quote"]),
        last_quote=_quote(summary["last_quote"]),
        is_two_sided=summary["is_two_sided"],
        book=None if book is None else Book(book["event_time"], _levels(book["levels"])),
        last_trade_id=summary.get("last_trade_id"),
        volume_clock=_clock(summary.get("volume_clock")),
    )


def _clock(values: Mapping[str, Any] | None) -> VolumeClock | None:
    if values is None:
        return None
    return VolumeClock(**{**values, "recent": np.array(values["recent"], dtype=np.float64)})


def _quote(values: Sequence[Any] | None) -> Quote | None:
    return None if values is None else Quote(*values)


def _levels(rows: Sequence[Sequence[Any]]) -> BookLevels:
    return BookLevels.from_rows(
        tuple(math.nan if value is None else value for value in row) for row in rows
    )


def summary_digest(summary: Mapping[str, Any]) -> str:
    """Content hash of one reduced minute."""
    return sha256(canonical_json(summary))


def tape_digest(digests: Iterable[str]) -> str:
    """Content hash of a run of reduced minutes, from the hash of each."""
    return sha256("".join(digests).encode())
