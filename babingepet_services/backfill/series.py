"""What a kind of fact is to a backfill: where it is missing, how it is read, stored and fetched.

Belongs here: what all kinds have in common. Does not belong here: the kinds (``backfill.kinds``,
``backfill.trades``), the plan and its execution.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, TypeVar

import numpy as np
from sqlalchemy import Connection

from babingepet.errors import InputError
from babingepet.market.frames import Bools, Frame, Ints
from babingepet_resources.clients.archive.files import DataSet, Period
from babingepet_resources.clients.feed import FeedName, MarketFeed
from babingepet_resources.market_files.rows import FileRows
from babingepet_services.market.gap_ledger import Market, Span

Kind = Literal["candles", "trades", "funding", "open-interest"]
Payload = TypeVar("Payload")
SomeFrame = TypeVar("SomeFrame", bound=Frame)

LISTED = 100
"""Conflicts listed one by one; all are counted."""


@dataclass(frozen=True)
class Conflict:
    """A stored value that a source tells differently; the stored one stays.

    Attributes:
        time: Of the row, UTC ms.
        column: Which value.
        stored: What is stored.
        told: What the source says.
    """

    time: int
    column: str
    stored: float
    told: float


@dataclass(frozen=True)
class Written:
    """What became of rows that were offered.

    Attributes:
        times: Of the rows that are new.
        conflicting: Times of rows that are stored with other values.
        conflicts: The first of their values.
    """

    times: Ints
    conflicting: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True)
class Parsed(Generic[Payload]):
    """What a file of the archive came to.

    Attributes:
        payload: The usable rows of its days.
        file: How many rows were read and refused.
    """

    payload: Payload
    file: FileRows[Any]


class Series(ABC, Generic[Payload]):
    """One kind of fact of one instrument from one source."""

    kind: ClassVar[Kind]
    feed: ClassVar[FeedName]
    data_set: ClassVar[DataSet]
    periods: ClassVar[tuple[Period, ...]]
    """Files that the archive has of it."""
    rest_span: ClassVar[int]
    """How much is asked of the exchange between two transactions, ms; 0 where it tells nothing."""
    delay: ClassVar[int] = 0
    """Age, ms, from which a row can be expected to be told."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.derived = False
        """Whether the market makes its rows of other data; set when it is asked."""

    @abstractmethod
    def holes(self, connection: Connection, start: int, end: int) -> list[Span]:
        """What is missing of [start, end), ascending."""

    @abstractmethod
    def parse(self, path: Path, span: Span) -> Parsed[Payload]:
        """Read a file of the archive that holds the days of a span.

        Raises:
            InputError: It cannot be used as a whole.
        """

    @abstractmethod
    def fetch(self, feed: MarketFeed, start: int, end: int) -> Payload:
        """Ask the exchange.

        Raises:
            ExchangeUnavailable: It does not answer.
        """

    @abstractmethod
    def write(self, connection: Connection, payload: Payload, known_at: int) -> Written:
        """Store the rows that are not there; compare the others."""


class FrameSeries(Series[SomeFrame]):
    """Facts that are stored as they are told."""

    step: ClassVar[int]
    """Grid of the rows, ms; what lies in one cell of it is the same fact."""
    overlap: ClassVar[int] = 0
    """How far, ms, a file's rows may reach beyond its last day."""

    @abstractmethod
    def read(self, path: Path) -> FileRows[SomeFrame]:
        """Read a file of the archive."""

    @abstractmethod
    def stored(self, connection: Connection, start: int, end: int) -> SomeFrame:
        """What is stored of [start, end)."""

    @abstractmethod
    def insert(self, connection: Connection, rows: SomeFrame, known_at: int) -> None:
        """Store rows that are not there."""

    def parse(self, path: Path, span: Span) -> Parsed[SomeFrame]:
        """Read a file; rows of other days are none of its own."""
        rows = self.read(path)
        return Parsed(rows.frame.between(span[0], span[1] + self.overlap), rows)

    def write(self, connection: Connection, payload: SomeFrame, known_at: int) -> Written:
        """Store the rows whose cell of the grid is empty; compare the others."""
        if not len(payload):
            return Written(payload.time)
        first = int(payload.time[0]) // self.step * self.step
        stored = self.stored(connection, first, int(payload.time[-1]) + self.step)
        taken: Bools = np.isin(payload.time // self.step, stored.time // self.step)
        fresh = payload.where(~taken)
        self.insert(connection, fresh, known_at)
        conflicting, conflicts = self._compared(payload.where(taken), stored)
        return Written(fresh.time, conflicting, conflicts)

    def _compared(self, told: SomeFrame, stored: SomeFrame) -> tuple[Ints, tuple[Conflict, ...]]:
        """Rows of ``told`` with another value than their namesake; what is unknown contradicts not."""
        at = np.searchsorted(stored.time // self.step, told.time // self.step)
        different: Bools = np.zeros(len(told), np.bool_)
        conflicts: list[Conflict] = []
        for name, values in told.columns().items():
            if name == told.TIME or values.dtype != np.float64:
                continue
            kept: Any = getattr(stored, name)[at]
            differs = (values != kept) & ~np.isnan(values) & ~np.isnan(kept)
            different |= differs
            rows = np.flatnonzero(differs)[: LISTED - len(conflicts)]
            conflicts += [
                Conflict(int(told.time[row]), name, float(kept[row]), float(values[row]))
                for row in rows
            ]
        return told.time[different], tuple(conflicts)


def grid_holes(times: Ints | Sequence[int], step: int, start: int, end: int) -> list[Span]:
    """Runs of empty cells of a grid within [start, end), ascending.

    Raises:
        InputError: The grid has no cells.
    """
    if step <= 0:
        raise InputError(f"a grid of {step} ms has no cells")
    first, last = -(-start // step), end // step
    taken = np.unique(np.asarray(times, np.int64) // step)
    edges = np.array([first - 1, *taken[(taken >= first) & (taken < last)], last], np.int64)
    at = np.flatnonzero(np.diff(edges) > 1)
    return [(int(edges[i] + 1) * step, int(edges[i + 1]) * step) for i in at]
