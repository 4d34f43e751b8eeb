"""What an import came to, file by file and as a whole, as people and programs are told.

Belongs here: counts and their JSON. Does not belong here: reading and writing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from babingepet_resources.market_files.refusals import LISTED
from babingepet_resources.market_files.rows import Reject
from babingepet_resources.warehouse.records import InsertOutcome


@dataclass(frozen=True, kw_only=True)
class ImportedFile:
    """One file that was read and stored.

    Attributes:
        name: The file as it was given.
        sha256: Of its bytes as they lie there.
        symbol: Whose rows they are; the asset of fund flows; empty for the index.
        source: Stamped on the rows.
        interval: Of candles; None for other kinds.
        rows_read: Rows the file holds.
        rows_rejected: Rows that cannot be used.
        rejects: The first thousand of these.
        outcome: What became of the rest. Of trades these are minutes of order flow.
        first_time: Of the first usable row, UTC ms; None without one.
        last_time: Of the last usable row.
        notes: What else a reader of the figures must know.
    """

    name: str
    sha256: str
    symbol: str
    source: str
    interval: str | None
    rows_read: int
    rows_rejected: int
    rejects: Sequence[Reject]
    outcome: InsertOutcome
    first_time: int | None
    last_time: int | None
    notes: Sequence[str]

    def document(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "symbol": self.symbol,
            "source": self.source,
            "interval": self.interval,
            "rows_read": self.rows_read,
            "rows_written": self.outcome.written,
            "rows_already_there": self.outcome.already_there,
            "rows_conflicting": self.outcome.conflicts,
            "rows_rejected": self.rows_rejected,
            "first_time": self.first_time,
            "last_time": self.last_time,
            "rejects": [vars(one) for one in self.rejects],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, kw_only=True)
class UnusableFile:
    """A file of which nothing was written."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """All files of one import.

    Attributes:
        kind: What they hold.
        files: Those that could be used, in the order given.
        unusable: Those that could not.
        seconds: From the first file to the last row.
    """

    kind: str
    files: Sequence[ImportedFile]
    unusable: Sequence[UnusableFile]
    seconds: float

    @property
    def outcome(self) -> InsertOutcome:
        """What became of the rows of all files."""
        return sum((one.outcome for one in self.files), InsertOutcome())

    @property
    def complaint(self) -> str:
        """One sentence about the files that could not be used; empty without one."""
        if not self.unusable:
            return ""
        first = self.unusable[0].reason.rstrip(".")
        others = len(self.unusable) - 1
        more = f"; {others:,} more files could not be used" if others else ""
        done = f"; the other {len(self.files):,} were imported" if self.files else ""
        return f"{first}{more}{done}; nothing was written of what could not be used"

    def document(self) -> dict[str, Any]:
        """JSON values; ``symbol`` and ``source`` are null when files differ in them."""
        refused = [{"file": file.name, **vars(one)} for file in self.files for one in file.rejects][
            :LISTED
        ]
        rejected = sum(file.rows_rejected for file in self.files)
        return {
            "kind": self.kind,
            "symbol": _common([file.symbol for file in self.files]),
            "source": _common([file.source for file in self.files]),
            "files": [file.document() for file in self.files],
            "rows_read": sum(file.rows_read for file in self.files),
            "rows_written": self.outcome.written,
            "rows_already_there": self.outcome.already_there,
            "rows_conflicting": self.outcome.conflicts,
            "rows_rejected": rejected,
            "rejects": refused,
            "rejects_not_listed": rejected - len(refused),
            "unusable": [vars(one) for one in self.unusable],
            "seconds": round(self.seconds, 3),
        }


def _common(values: Sequence[str]) -> str | None:
    return values[0] if len(set(values)) == 1 else None
