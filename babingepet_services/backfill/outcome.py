"""What a backfill came to, as counted while it runs and as told at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from babingepet.market.frames import Ints
from babingepet.market.intervals import DAY, day_key
from babingepet_resources.market_files.rows import FileRows
from babingepet_services.backfill.plan import Plan
from babingepet_services.backfill.series import LISTED, Conflict, Written
from babingepet_services.market.gap_ledger import Span

ARCHIVE, REST = "archive", "rest"
LEFT_LISTED = 100
"""Holes left and refused files listed one by one; all are counted."""


@dataclass
class Outcome:
    """What a backfill came to.

    Attributes:
        plan: What it set out to do.
        rows: New rows by origin.
        rows_read: Rows of files and answers, refused ones included.
        rows_rejected: Rows of files that could not be used.
        rejects: The first of them: file, row, column, reason.
        conflicts: Rows that are stored with other values; the stored ones stay.
        conflicting: Their first values.
        files: Files by what became of them: read, unpublished, refused.
        refusals: Files that could not be had or read, with the reason.
        gaps: Holes by what became of them: repaired, left.
        left: Holes that nobody could fill, with the reason.
        note: Why nothing was done at all; None when something was.
        seconds: Altogether.
        rows_by_day: New rows of each UTC day by origin.
        conflicts_by_day: Conflicting rows of each UTC day.
    """

    plan: Plan
    rows: Counter[str] = field(default_factory=Counter)
    rows_read: int = 0
    rows_rejected: int = 0
    rejects: list[dict[str, Any]] = field(default_factory=list)
    conflicts: int = 0
    conflicting: list[Conflict] = field(default_factory=list)
    files: Counter[str] = field(default_factory=Counter)
    refusals: list[tuple[str, str]] = field(default_factory=list)
    gaps: Counter[str] = field(default_factory=Counter)
    left: list[tuple[Span, str]] = field(default_factory=list)
    note: str | None = None
    seconds: float = 0.0
    rows_by_day: dict[str, Counter[str]] = field(default_factory=dict)
    conflicts_by_day: Counter[str] = field(default_factory=Counter)

    @property
    def written(self) -> int:
        """New rows of any origin."""
        return self.rows.total()

    def add(self, written: Written, origin: str) -> None:
        """Count what became of the rows of a file or an answer."""
        self.rows[origin] += len(written.times)
        self.conflicts += len(written.conflicting)
        self.conflicting += written.conflicts[: LISTED - len(self.conflicting)]
        for day, count in _by_day(written.times):
            self.rows_by_day.setdefault(day, Counter())[origin] += count
        for day, count in _by_day(written.conflicting):
            self.conflicts_by_day[day] += count

    def read(self, name: str, rows: FileRows[Any]) -> None:
        """Count what reading a file came to."""
        self.files["read"] += 1
        self.rows_read += rows.rows_read
        self.rows_rejected += rows.rows_rejected
        room = LISTED - len(self.rejects)
        self.rejects += [{"file": name, **asdict(one)} for one in rows.rejects[:room]]

    def refuse(self, name: str, reason: str) -> None:
        """Note a file that could not be had or read."""
        self.files["refused"] += 1
        self.refusals.append((name, reason))

    def document(self) -> dict[str, Any]:
        """The outcome as JSON values; times are UTC ms."""
        rate = self.written / self.seconds if self.seconds else 0.0
        return {
            "plan": self.plan.document(),
            "note": self.note,
            "rows": {origin: self.rows[origin] for origin in (ARCHIVE, REST)},
            "rows_written": self.written,
            "rows_read": self.rows_read,
            "rows_rejected": self.rows_rejected,
            "rejects": self.rejects,
            "conflicts": self.conflicts,
            "conflicting": [asdict(one) for one in self.conflicting],
            "files": {what: self.files[what] for what in ("read", "unpublished", "refused")},
            "refusals": [
                {"file": name, "reason": reason} for name, reason in self.refusals[:LEFT_LISTED]
            ],
            "gaps": {
                "seen": self.gaps["repaired"] + len(self.left),
                "repaired": self.gaps["repaired"],
                "left": len(self.left),
            },
            "left": [
                {"start": start, "end": end, "reason": reason}
                for (start, end), reason in self.left[:LEFT_LISTED]
            ],
            "seconds": round(self.seconds, 3),
            "rows_per_second": round(rate),
        }


def _by_day(times: Ints) -> Iterable[tuple[str, int]]:
    days, counts = np.unique(times // DAY, return_counts=True)
    return [(day_key(int(day) * DAY), int(n)) for day, n in zip(days, counts, strict=True)]


def told_day(outcome: Outcome, day: str) -> str:
    """What was new on a UTC day, for people."""
    new = outcome.rows_by_day.get(day, Counter())
    parts = [f"{count:,} rows from {origin}" for origin, count in sorted(new.items())]
    if outcome.conflicts_by_day[day]:
        parts.append(f"{outcome.conflicts_by_day[day]} differ from what is stored, which stays")
    return ", ".join(parts) or outcome.note or "nothing was missing that could be had"
