"""What reading a file of market facts comes to: usable rows as a frame, and each refused row.

Belongs here: the values that readers hand over. Does not belong here: any file format.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from babingepet.market.frames import Frame

SomeFrame = TypeVar("SomeFrame", bound=Frame)


@dataclass(frozen=True)
class Reject:
    """One row that cannot be used.

    Attributes:
        row: Number of the row in the file, from 1; a header line does not count.
        column: Which of its columns, as the file names it.
        reason: Why, for people, with the value where that helps.
    """

    row: int
    column: str
    reason: str


@dataclass(frozen=True)
class FileRows(Generic[SomeFrame]):
    """The rows of one file.

    Attributes:
        frame: Usable rows, ascending in time.
        rows_read: Rows the file holds, refused ones included.
        rejects: Refused rows, in the order of the file; the first thousand.
        absent: Columns of the frame that the file lacks; NaN in its rows.
        rows_rejected: How many rows were refused.
        symbol: The symbol that the rows name; None where they name none.
        notes: What else became of rows, for people: sorted, repeated, left out.
    """

    frame: SomeFrame
    rows_read: int
    rejects: tuple[Reject, ...]
    absent: frozenset[str] = frozenset()
    rows_rejected: int = 0
    symbol: str | None = None
    notes: tuple[str, ...] = ()
