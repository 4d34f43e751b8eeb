"""What streams brought and nobody has collected yet: bounded, in whole minutes.

Belongs here: keeping rows by minute, and for which time a socket was listening. What a row means
belongs to ``payloads``, what a minute consists of to ``collector``.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from babingepet.market.intervals import MINUTE

Row = TypeVar("Row")

_PERIODS = 64
"""Earlier connections remembered; more reconnects than that in a buffer's half hour are forgotten."""


def minute_end(time: int) -> int:
    """The boundary at which the minute of a moment ends."""
    return time - time % MINUTE + MINUTE


class MinuteBuffer(Generic[Row]):
    """Rows by the minute they happened in; when full, the oldest minute goes as a whole."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._minutes: dict[int, list[Row]] = {}
        self._dropped: dict[int, int] = {}

    def add(self, time: int, row: Row) -> None:
        """Keep a row that happened at ``time``."""
        end = time - time % MINUTE + MINUTE
        rows = self._minutes.get(end)
        if rows is None:
            rows = self._open(end)
        rows.append(row)

    def take(self, as_of: int) -> list[Row]:
        """Remove and return the rows of all minutes that end at or before ``as_of``, in order."""
        taken: list[Row] = []
        for end in sorted(end for end in self._minutes if end <= as_of):
            taken += self._minutes.pop(end)
        return taken

    def dropped(self, as_of: int) -> dict[int, int]:
        """Forget and return which minutes were dropped up to ``as_of``: end to number of rows."""
        ends = [end for end in self._dropped if end <= as_of]
        return {end: self._dropped.pop(end) for end in ends}

    def _open(self, end: int) -> list[Row]:
        rows: list[Row] = []
        self._minutes[end] = rows
        if len(self._minutes) > self._limit:
            oldest = min(self._minutes)
            self._dropped[oldest] = self._dropped.get(oldest, 0) + len(self._minutes.pop(oldest))
        return rows


class NewestByMinute(Generic[Row]):
    """The last row of each minute; when full, the oldest minute goes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rows: dict[int, Row] = {}

    def put(self, time: int, row: Row) -> None:
        """Replace what is known of the minute of ``time``."""
        end = time - time % MINUTE + MINUTE
        self._rows[end] = row
        if len(self._rows) > self._limit:
            del self._rows[min(self._rows)]

    def take(self, as_of: int) -> Row | None:
        """The last row of the minute that ends at ``as_of``; older ones are forgotten."""
        newest = self._rows.get(as_of)
        for end in [end for end in self._rows if end <= as_of]:
            del self._rows[end]
        return newest


class Coverage:
    """For which stretches of exchange time one socket was listening without a break.

    Attributes:
        marker: The last minute boundary announced on this socket; everything before it was sent.
    """

    def __init__(self) -> None:
        self._since: int | None = None
        self._last = 0
        self._past: deque[tuple[int, int]] = deque(maxlen=_PERIODS)
        self.marker = 0

    def begin(self, since: int) -> None:
        """Say that the socket listens from a known moment on, before any message came."""
        self._since = since

    def heard(self, time: int) -> None:
        """Note a message sent at ``time``; the first one after a break begins a new stretch."""
        if self._since is None:
            self._since = time
        self._last = time

    def broke(self, *, after: int | None = None) -> None:
        """Note that messages were lost since the last one heard, or before ``after``."""
        if after is not None:
            if self._since is not None and self._since < after:
                self._since = after
            return
        if self._since is not None:
            self._past.append((self._since, self._last))
        self._since = None

    def reaching(self, as_of: int) -> int | None:
        """Start of the unbroken stretch that reaches ``as_of``; None when there is none."""
        if self._since is not None and self._since <= as_of:
            return self._since
        return next((since for since, last in self._past if since <= as_of <= last), None)
