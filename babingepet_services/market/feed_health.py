"""How the feeds did on a day, for people.

Belongs here: a table of the newest report that the loop kept (``market.feed_watch``). The counters count
since the loop was started.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from babingepet.market.intervals import iso
from babingepet_services.btc_day.day import AssetReport, Cell, DayScope, Describe, table
from babingepet_services.market.feed_watch import read_reports

NUMBERS = {"reconnects": "reconnects", "rows_dropped": "dropped", "disagreements": "disagreements"}
"""Counters worth a curve over the days, by their names in metadata."""


def feed_health(scope: DayScope) -> tuple[str, dict[str, Cell]]:
    """How the feeds did on a day, as a table, and the numbers worth following.

    Returns:
        The newest report of the day and some of its counters; nothing for a day without one.
    """
    with scope.database.reading() as connection:
        reports = read_reports(connection, scope.book, scope.start, scope.end)
    if not reports:
        return "", {}
    newest = reports[-1].detail
    counters = newest["counters"]
    numbers: dict[str, Cell] = {name: counters.get(counter, 0) for name, counter in NUMBERS.items()}
    return _table(newest, reports[-1].as_of), numbers


def with_feed_health(describe: Describe) -> Describe:
    """The same report with the health of the feeds beside it."""

    def described(scope: DayScope) -> AssetReport:
        report, (health, numbers) = describe(scope), feed_health(scope)
        return replace(
            report,
            numbers={**report.numbers, **numbers},
            texts={**report.texts, "feed_health": health},
        )

    return described


def _table(report: Mapping[str, Any], as_of: int) -> str:
    hour = f"covered, of {report['minutes']} minutes"
    feeds = [
        (feed, f"{share:.1%}", _seconds(report["ages_ms"].get(feed)))
        for feed, share in report["coverage"].items()
    ]
    skew = report["clock_skew_ms"]
    connection: list[tuple[str, Cell]] = [
        ("clock skew, ms", skew),
        ("used weight", report["used_weight"]),
        *sorted(report["counters"].items()),
    ]
    return "\n\n".join(
        (
            f"As of {iso(as_of)}",
            table(("feed", hour, "newest message, s old"), feeds),
            table(("since the start", "count"), connection),
        )
    )


def _seconds(age_ms: int | None) -> float | None:
    return None if age_ms is None else round(age_ms / 1_000, 3)
