"""What streams brought and nobody has collected yet: bounded, in minutes and in rows.

Belongs here: keeping rows by minute, and for which time a socket was listening. What a row means
belongs to ``payloads``, what a minute consists of to ``collector``.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from babingepet.market.intervals import MINUTE

Row = TypeVar("Row")
TimedRow = TypeVar("TimedRow", bound=tuple[int, int, *tuple[Any, ...]])
"""A row whose second value is when it happened."""

_PERIODS = 64
"""Earlier connections remembered; more reconnects than that in a buffer's half hour are forgotten."""


@dataclass(frozen=True)
class Dropped:
    """Rows of one minute that nobody collected in time.

    Attributes:
        start: When that minute began.
        end: First moment of which no row is missing any more.
        rows: How many were dropped.
    """

    start: int
    end: int
    rows: int


class MinuteBuffer(Generic[TimedRow]):
    """Rows by the minute they happened in, their second value; when full, the oldest go.

    Args:
        minutes: Most minutes kept.
        rows: Most rows kept, so that memory is bounded however busy a minute is.
    """

    def __init__(self, minutes: int, rows: int) -> None:
        self._most_minutes = minutes
        self._most_rows = rows
        self._minutes: dict[int, deque[TimedRow]] = {}
        self._dropped: dict[int, tuple[int, int]] = {}
        self._count = 0

    def add(self, row: TimedRow) -> None:
        """Keep a row."""
        end = row[1] - row[1] % MINUTE + MINUTE
        rows = self._minutes.get(end)
        if rows is None:
            rows = self._minutes[end] = deque()
        rows.append(row)
        self._count += 1
        if len(self._minutes) > self._most_minutes:
            self._drop_minute()
        if self._count > self._most_rows:
            self._drop_row()

    def take(self, as_of: int) -> list[TimedRow]:
        """Remove and return the rows of all minutes that end at or before ``as_of``, in order."""
        taken: list[TimedRow] = []
        for end in sorted(end for end in self._minutes if end <= as_of):
            taken += self._minutes.pop(end)
        self._count -= len(taken)
        return taken

    def dropped(self, as_of: int) -> list[Dropped]:
        """Forget and return what was dropped of the minutes up to ``as_of``; ask before ``take``."""
        return [
            Dropped(end - MINUTE, until if end in self._minutes else end, rows)
            for end in sorted(end for end in self._dropped if end <= as_of)
            for rows, until in (self._dropped.pop(end),)
        ]

    def _drop_minute(self) -> None:
        oldest = min(self._minutes)
        gone = len(self._minutes.pop(oldest))
        self._count -= gone
        self._note(oldest, gone, oldest)

    def _drop_row(self) -> None:
        oldest = min(self._minutes)
        rows = self._minutes[oldest]
        row = rows.popleft()
        self._count -= 1
        self._note(oldest, 1, row[1] + 1)
        if not rows:
            del self._minutes[oldest]

    def _note(self, end: int, rows: int, until: int) -> None:
        before, furthest = self._dropped.get(end, (0, 0))
        self._dropped[end] = (before + rows, max(furthest, until))


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
        last: Exchange time of the newest message; zero before the first.
    """

    def __init__(self) -> None:
        self._since: int | None = None
        self.last = 0
        self._past: deque[tuple[int, int]] = deque(maxlen=_PERIODS)
        self.marker = 0

    def begin(self, since: int) -> None:
        """Say that the socket listens from a known moment on, before any message came."""
        self._since = since

    def heard(self, time: int) -> None:
        """Note a message sent at ``time``; the first one after a break begins a new stretch."""
        if self._since is None:
            self._since = time
        self.last = time

    def broke(self, *, after: int | None = None) -> None:
        """Note that messages were lost since the last one heard, or before ``after``."""
        if after is not None:
            if self._since is not None:
                self._since = max(self._since, after)
            past = ((max(since, after), last) for since, last in self._past)
            self._past = deque(past, maxlen=_PERIODS)
            return
        if self._since is not None:
            self._past.append((self._since, self.last))
        self._since = None

    def reaching(self, as_of: int) -> int | None:
        """Start of the unbroken stretch that reaches ``as_of``; None when there is none."""
        if self._since is not None and self._since <= as_of:
            return self._since
        return next((since for since, last in self._past if since <= as_of <= last), None)
