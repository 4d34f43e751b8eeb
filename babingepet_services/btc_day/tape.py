"""A day of the event tape: laid down, pruned by age, and reported.

Belongs here: what became of the day, in a report. Does not belong here: laying down and pruning
(``market.tape_store``).
"""

from __future__ import annotations

from babingepet.market.intervals import HOUR, iso
from babingepet_resources.event_tape.tape import EventTape, StoredHour
from babingepet_services.btc_day.day import AssetReport, Cell, DayScope, table
from babingepet_services.market.tape_store import PrunedTape, prune_tape, store_tape

KINDS = ("trades", "quotes")


def describe_tape(
    scope: DayScope, tape: EventTape, now: int, kept_days: int, *, prunes: bool = True
) -> AssetReport:
    """Lay a day down, remove what is old, and say what the tape holds of the day.

    Args:
        scope: The day.
        tape: The event tape.
        now: UTC ms.
        kept_days: Days for which the tape is kept.
        prunes: Whether to remove what is old; once is enough for several days.

    Raises:
        TapeUnavailable: The tape cannot be reached or written.
        WarehouseUnavailable: The database.
    """
    market = (scope.symbol, scope.source)
    stored = store_tape(scope.database, tape, *market, scope.partition, now)
    pruned = prune_tape(scope.database, tape, *market, kept_days) if prunes else PrunedTape()
    hours = [
        entry
        for entry in tape.stored()
        if (entry.symbol, entry.source) == market and scope.start <= entry.hour < scope.end
    ]
    numbers: dict[str, Cell] = {
        "hours_written": stored.written,
        "hours_conflicting": stored.conflicts,
        "hours_open": stored.open,
        "hours_uncaptured": stored.uncaptured,
        "bytes": sum(entry.size for entry in hours),
        "removed_hours": pruned.hours,
        "removed_raw_tapes": pruned.raw,
        "removed_bytes": pruned.hour_bytes + pruned.raw_bytes,
        "kept_raw_tapes": pruned.kept_raw,
        "where": tape.where,
    }
    times = sorted(entry.hour for entry in hours)
    span = (times[0], times[-1] + HOUR) if times else None
    return AssetReport(stored.rows, span, scope.source, _table(hours), None, numbers)


def _table(hours: list[StoredHour]) -> str:
    sizes = {(entry.hour, entry.kind): entry.size / 1_000 for entry in hours}
    times = sorted({entry.hour for entry in hours})
    rows = [(iso(time)[11:16], *(sizes.get((time, kind)) for kind in KINDS)) for time in times]
    return table(("hour", "trades, kB", "quotes, kB"), rows)
