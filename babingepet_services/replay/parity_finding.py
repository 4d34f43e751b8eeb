"""What a day's proof found, kept with the data checks under the name of its asset and its check.

Does not belong here: the proof (``replay.live_parity``).
"""

from __future__ import annotations

from dataclasses import replace

from babingepet_resources.warehouse import checks
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import CheckRecord
from babingepet_services.replay.live_parity import DayParity

ASSET = "learning/live_replay_parity"
CHECK = "live_replay_parity_is_complete"
NEVER = "this day was never made again: materialize the asset first"


def file_finding(database: Database, parity: DayParity, now: int) -> None:
    """Keep what was found of a day with the data checks; it stops no entry.

    Args:
        database: The warehouse.
        parity: Of a day.
        now: This machine's clock, UTC ms.
    """
    found = _finding(parity.day, parity.source, now)
    record = replace(found, passed=parity.is_complete, severity="ERROR", detail=parity.sentence)
    with database.writing() as connection:
        checks.put(connection, [record])


def latest_finding(database: Database, day: str, source: str, now: int) -> CheckRecord:
    """What was found last of a day; a warning about one that was never made again."""
    with database.reading() as connection:
        filed = checks.latest(connection, ASSET, CHECK, day, source)
    return filed or _finding(day, source, now)


def _finding(day: str, source: str, now: int) -> CheckRecord:
    """What is known of a day before it is made again."""
    return CheckRecord(
        name=CHECK,
        asset=ASSET,
        partition=day,
        source=source,
        passed=False,
        blocking=False,
        severity="WARN",
        detail=NEVER,
        evaluated_at=now,
    )
