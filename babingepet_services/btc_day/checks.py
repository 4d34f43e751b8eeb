"""Evaluate the BTC data checks over one day and keep the outcome where the loop sees it.

Belongs here: up to when a day is judged, and storing what was found. Does not belong here: what a
check looks at (``btc.checks``).
"""

from __future__ import annotations

from babingepet.market.intervals import MINUTE
from babingepet_resources.warehouse import checks, history
from babingepet_resources.warehouse.records import CheckRecord
from babingepet_services.btc import checks as btc_checks
from babingepet_services.btc_day.day import DayScope


def check_day(scope: DayScope, now: int, name: str | None = None) -> list[CheckRecord]:
    """Evaluate the checks of a day and store them; a blocking failure of today stops entries.

    Args:
        scope: The day.
        now: This machine's clock, UTC ms.
        name: Only this check; all of them without.
    """
    with scope.database.reading() as connection:
        last = history.decisions(
            connection, scope.book, scope.symbol, scope.start + 1, scope.end + 1, limit=1
        )
        until = last[0].as_of if last else max(scope.start + 1, min(scope.end, now - now % MINUTE))
        day = btc_checks.load_day(connection, scope.symbol, scope.source, scope.book, until)
    found = [
        record
        for record in btc_checks.evaluate(day, scope.source, now)
        if name in {None, record.name}
    ]
    with scope.database.writing() as connection:
        checks.put(connection, found)
    return found
