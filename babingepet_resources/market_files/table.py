"""A table of a file's rows: what its columns are, which rows are refused, and their order.

Belongs here: what every kind of file shares once its cells are numbers. Does not belong here:
reading (``reading``), and what a row of one kind must be (the module of the kind).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from babingepet.market.frames import Bools, Floats, Ints
from babingepet_resources.market_files.cells import CellKind
from babingepet_resources.market_files.refusals import Refusals
from babingepet_resources.market_files.rows import FileRows, SomeFrame


class Column(NamedTuple):
    """A column that a kind of file may have.

    Attributes:
        name: As the documentation names it.
        kind: What its cells are.
        others: Its other names among vendors; capitals do not count.
        required: Whether no row can do without it.
    """

    name: str
    kind: CellKind
    others: tuple[str, ...] = ()
    required: bool = True


@dataclass(frozen=True)
class Layout:
    """The columns of a kind of file.

    Attributes:
        what: What the rows are, for people: ``candles``.
        columns: In the order of the documentation.
        headerless: Names of the columns of files without a header, by their number.
    """

    what: str
    columns: tuple[Column, ...]
    headerless: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


SYMBOL = Column("symbol", "whole", required=False)
"""May stand in files of every kind; compared as text, never converted."""


@dataclass(eq=False)
class Table:
    """The rows of a file, before and while they are judged.

    Attributes:
        name: The file, in errors.
        rows: Number of each row in the file, from 1. Shape (n,).
        columns: By their documented name, each of shape (n,); only those the file has.
        labels: The documented name to the file's own.
        refusals: Rows that cannot be used.
        rows_read: Rows that the file holds.
        symbol: The one that the rows name; None when there is no such column.
        notes: What else became of rows.
    """

    name: str
    rows: Ints
    columns: dict[str, NDArray[Any]]
    labels: dict[str, str]
    refusals: Refusals
    rows_read: int
    symbol: str | None = None
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def numbers(self, column: str) -> Floats:
        """A column of numbers; NaN throughout where the file lacks it."""
        if column in self.columns:
            return self.columns[column]
        return np.full(len(self), np.nan)

    def refuse(
        self, wrong: Bools, column: str, reason: str, values: Sequence[object] | None = None
    ) -> None:
        """Refuse the rows of a mask; values, one a row of the table, are quoted before the reason."""
        if wrong.any():
            chosen = None if values is None else np.asarray(values)[wrong].tolist()
            self.refusals.add(self.rows[wrong], self.labels.get(column, column), reason, chosen)

    def refuse_numbers(self, wrong: Bools, column: str, reason: str) -> None:
        """Refuse the rows of a mask and quote the column's number."""
        if wrong.any():
            self.refuse(wrong, column, reason, self.columns[column].tolist())

    def usable(self) -> Bools:
        """Rows that are not refused so far. Shape (n,)."""
        return ~np.isin(self.rows, self.refusals.rows(), assume_unique=True)

    def ordered(self, key: str) -> Ints:
        """Positions of the usable rows, ascending in a column and each of its values once.

        A row that repeats another in every column is left out with a note; one that repeats only
        its key is refused: which of the two is true nobody knows, so the first stays.
        """
        usable = np.flatnonzero(self.usable())
        keys = self.columns[key][usable]
        if (np.diff(keys) > 0).all():
            return usable
        displaced = int((keys < np.maximum.accumulate(keys)).sum())
        if displaced:
            self.notes.append(f"{displaced:,} rows stood out of order and were sorted")
        order = usable[np.argsort(keys, kind="stable")]
        is_first = np.diff(self.columns[key][order], prepend=np.int64(-1)) > 0
        if is_first.all():
            return order
        self._refuse_repeated(key, order, is_first)
        return order[is_first]

    def result(
        self, frame: SomeFrame, absent: Mapping[str, str] | None = None
    ) -> FileRows[SomeFrame]:
        """The usable rows as a frame, and all that is told beside it.

        Args:
            frame: Made of the rows that ``ordered`` gave.
            absent: Names of the frame's columns by the documented name of the file's.
        """
        lacking = {own for name, own in (absent or {}).items() if name not in self.columns}
        return FileRows(
            frame=frame,
            rows_read=self.rows_read,
            rejects=self.refusals.listed(),
            absent=frozenset(lacking),
            rows_rejected=len(self.refusals.rows()),
            symbol=self.symbol,
            notes=tuple(self.notes),
        )

    def _refuse_repeated(self, key: str, order: Ints, is_first: Bools) -> None:
        first = order[np.maximum.accumulate(np.where(is_first, np.arange(len(order)), 0))]
        again, first = order[~is_first], first[~is_first]
        same: Bools = np.ones(len(again), np.bool_)
        for values in self.columns.values():
            one, other = values[again], values[first]
            same &= (one == other) | ((one != one) & (other != other))  # noqa: PLR0124 (both NaN)
        if same.any():
            self.notes.append(f"{int(same.sum()):,} rows repeat another one and were left out")
        label = self.labels[key]
        for at, before in zip(again[~same].tolist(), self.rows[first[~same]].tolist(), strict=True):
            reason = f"repeats row {before} with other values"
            self.refusals.add(self.rows[at : at + 1], label, reason)
