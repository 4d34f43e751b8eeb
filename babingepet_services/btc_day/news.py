"""What one day holds of headlines.

Belongs here: asking for today, reading the day and summing it up. Does not belong here: how
headlines are fetched and read for their tone (``babingepet_services.context``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from babingepet.market.intervals import iso
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import news
from babingepet_resources.warehouse.records import NewsRecord
from babingepet_services.btc_day.context import MARKET, as_code, attempts, is_today, told
from babingepet_services.btc_day.day import AssetReport, Cell, DayScope, span, table
from babingepet_services.context.news import refresh_news
from babingepet_services.context.report import FeedReport
from babingepet_services.context.tone_model import tone_model

NEWEST = 20
"""Headlines that are shown; the warehouse has all of them."""
BUSIEST = 5
"""Outlets that are named with their number of headlines."""


def describe_news(scope: DayScope, settings: Settings, clock: Clock) -> AssetReport:
    """Headlines that became known on the day; for today the feed is asked before.

    Raises:
        ConfigurationError: BABINGEPET_NEWS_URL is no address.
        InputError: A file of the lexicon, or of the model that is to read, is wrong.
        WarehouseUnavailable: The database. A feed that is down does not raise.
    """
    report = _refreshed(scope, settings, clock) if is_today(scope, clock) else None
    with scope.database.reading() as connection:
        rows = news.filed(connection, MARKET, scope.start, scope.end)
        numbers = told(report) | _reading_told(report) | attempts(connection, scope, "news")
    outlets = Counter(row.outlet for row in rows if row.outlet)
    busiest = ", ".join(f"{outlet} {count}" for outlet, count in outlets.most_common(BUSIEST))
    numbers |= {
        "market": scope.source,
        "outlets": len(outlets),
        "busiest_outlets": busiest or None,
        "without_tone": sum(row.polarity is None for row in rows),
    }
    source = " and ".join(sorted({row.source for row in rows})) or "no headline"
    return AssetReport(len(rows), _known_span(rows), source, _news_table(rows), None, numbers)


def _refreshed(scope: DayScope, settings: Settings, clock: Clock) -> FeedReport:
    model = tone_model(settings, scope.database, clock, MARKET, scope.source)
    return refresh_news(settings, scope.database, clock, model=model)


def _reading_told(report: FeedReport | None) -> dict[str, Cell]:
    """Who read the headlines that this asking brought."""
    if report is None or report.reading is None:
        return {}
    reading = report.reading
    return {
        "read_by": ", ".join(f"{count} {name}" for name, count in reading.by.items()) or None,
        "model_did_not_read": reading.why_not or None,
        "tone_prompt_version": reading.prompt_version,
    }


def _known_span(rows: Sequence[NewsRecord]) -> tuple[int, int] | None:
    return span(np.array([row.known_at for row in rows], np.int64), 1)


def _news_table(rows: Sequence[NewsRecord]) -> str:
    newest = sorted(rows, key=lambda row: (row.event_time, row.known_at), reverse=True)[:NEWEST]
    cells = [
        (
            iso(row.event_time), as_code(row.outlet), as_code(row.title),
            _rounded(row.polarity), _rounded(row.relevance), as_code(row.method or ""),
        )
        for row in newest
    ]  # fmt: skip
    return table(("published", "outlet", "title", "polarity", "relevance", "read by"), cells)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
