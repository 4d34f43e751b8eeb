"""What a backfill would do: which files of the archive, and what is left to the exchange.

Belongs here: from holes to files. Does not belong here: finding holes (``backfill.series``) and
fetching (``backfill``).

A month that is over and lacks more than a few days is one file; other days are a file each. A file
that was read before is not read again: what it lacked, it lacks. What no file covers is asked of
the exchange.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, day_start, month_start
from babingepet_resources.clients.archive.files import ArchiveFile, DataSet, Period, month_of
from babingepet_services.market.gap_ledger import Market, Span

Only = Literal["archive", "rest"]

MONTH_WORTH = 3 * DAY
"""Missing time of a month from which its one file is less work than its days."""
SETTLED = 45 * DAY
"""Age of a month's end from which its file is certain to be published: it comes within a week."""


@dataclass(frozen=True)
class Request:
    """What is wanted.

    Attributes:
        market: Whose facts.
        start: 00:00 UTC of the first day.
        end: 00:00 UTC after the last day.
        only: One of the two sources; None for the archive first, then the exchange.
    """

    market: Market
    start: int
    end: int
    only: Only | None = None

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise InputError("--from must be before --to")


@dataclass(frozen=True)
class Plan:
    """What there is to do.

    Attributes:
        start: UTC ms.
        end: Not later than what can be known by now.
        holes: What is missing, ascending.
        files: Of the archive, ascending; days stand in for a month that is not published.
        asked: What no file covers, and the exchange is asked for.
    """

    start: int
    end: int
    holes: tuple[Span, ...]
    files: tuple[ArchiveFile, ...]
    asked: tuple[Span, ...]

    def document(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return {
            "from": self.start,
            "to": self.end,
            "holes": len(self.holes),
            "missing_hours": round(sum(end - start for start, end in self.holes) / 3_600_000, 2),
            "files": [file.name for file in self.files],
            "rest_spans": [list(span) for span in self.asked],
        }


def months(start: int, end: int) -> list[int]:
    """00:00 UTC on the first of each month that meets [start, end)."""
    found = [month_start(start)]
    while (following := month_start(found[-1], -1)) < end:
        found.append(following)
    return found


def archive_files(
    holes: Sequence[Span],
    request: Request,
    data_set: DataSet,
    periods: Collection[Period],
    known: Collection[str],
    now: int,
) -> list[ArchiveFile]:
    """The files that hold what is missing, ascending, each once.

    Args:
        holes: Ascending.
        request: Whose facts, and from when to when.
        data_set: Which of the archive's.
        periods: Of its files.
        known: Names of files that were read before.
        now: UTC ms; nothing is published of a day or month that is not over.
    """
    if not holes:
        return []
    files: list[ArchiveFile] = []
    for month in months(holes[0][0], holes[-1][1]):
        whole = month_of(data_set, request.market.symbol, month)
        lacks = sum(
            min(e, whole.end) - max(s, month) for s, e in holes if s < whole.end and e > month
        )
        if "daily" not in periods or _is_worth(whole, lacks, request, periods, known, now):
            files.append(whole)
        else:
            files += missing_days(whole, holes)
    return [file for file in files if file.end <= now and file.name not in known]


def missing_days(month: ArchiveFile, holes: Sequence[Span]) -> list[ArchiveFile]:
    """The daily files of a month in which something is missing."""
    wanted = {
        day
        for start, end in holes
        for day in range(day_start(max(start, month.start)), min(end, month.end), DAY)
    }
    return [file for file in month.days() if file.start in wanted]


def _is_worth(
    month: ArchiveFile,
    lacks: int,
    request: Request,
    periods: Collection[Period],
    known: Collection[str],
    now: int,
) -> bool:
    """Whether a month is had in one file: days are better where few are missing or it is read."""
    inside = request.start <= month.start and month.end <= request.end
    is_new = "monthly" in periods and month.end <= now and month.name not in known
    return inside and is_new and lacks > MONTH_WORTH
