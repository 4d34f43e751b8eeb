"""What one day holds of the headlines' tone, moment by moment.

Belongs here: scoring today's moment, reading the day and summing it up. Does not belong here: the
score (``babingepet_services.context.sentiment``) and drawing (``btc_day.context_plots``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from babingepet_resources.clients.clock import Clock
from babingepet_resources.warehouse import sentiments
from babingepet_resources.warehouse.records import SentimentRecord
from babingepet_services.btc_day import context_plots
from babingepet_services.btc_day.context import MARKET, as_code, is_today
from babingepet_services.btc_day.day import (
    AssetReport,
    Cell,
    DayScope,
    Times,
    Values,
    hours,
    span,
    table,
)
from babingepet_services.context.sentiment import write_sentiment

CLOSED = "nothing was scored: a day that is over keeps the scores of its own moments"


def describe_sentiment(scope: DayScope, clock: Clock) -> AssetReport:
    """Scores of the day's moments; for today one more is made of the headlines known now.

    Raises:
        WarehouseUnavailable: The database.
    """
    scored = CLOSED
    if is_today(scope, clock):
        scored = _outcome(write_sentiment(scope.database, MARKET, clock.now(), clock))
    with scope.database.reading() as connection:
        rows = sentiments.read(connection, MARKET, scope.start, scope.end)
    numbers: dict[str, Cell] = {
        "market": scope.source,
        "scored": scored,
        "moments_without_score": sum(row.score is None for row in rows),
    }
    if not rows:
        return AssetReport(0, None, "no score", table((), ()), None, numbers)
    newest = rows[-1]
    numbers |= {
        "score": newest.score,
        "weight": newest.weight,
        "stories": newest.headlines,
        "unavailable": newest.reason,
    }
    times = np.array([row.as_of for row in rows], np.int64)
    readers = " and ".join(sorted({row.method for row in rows}))
    return AssetReport(
        len(rows), span(times, 1), readers, _table(rows, times), _plot(scope, rows, times), numbers
    )


def _outcome(record: SentimentRecord) -> str:
    if record.score is None:
        return f"unavailable: {record.reason}"
    return f"{record.score:+.3f} from {record.headlines} stories"


def _plot(scope: DayScope, rows: Sequence[SentimentRecord], times: Times) -> bytes | None:
    score = _column(row.score for row in rows)
    if np.isnan(score).all():
        return None
    stories = _column(row.headlines for row in rows)
    return scope.drawn(context_plots.sentiment, scope.start, times, score, stories)


def _column(values: Iterable[float | None]) -> Values:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _table(rows: Sequence[SentimentRecord], times: Times) -> str:
    """The last moment of each hour."""
    cells = [
        (
            hour, len(at), _rounded(row.score), row.headlines, _rounded(row.weight),
            as_code(row.method), row.reason,
        )
        for hour, at in hours(times)
        for row in [rows[at[-1]]]
    ]  # fmt: skip
    headers = ("hour", "moments", "last score", "stories", "weight", "read by", "unavailable")
    return table(headers, cells)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
