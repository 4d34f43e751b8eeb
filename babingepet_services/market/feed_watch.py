"""How the feeds are doing: watched by the loop, kept with its decisions, and found again.

Every quarter of an hour the loop says with its decision how the feeds are: counters, ages,
coverage of the last hour, and where sockets and REST disagreed. It is a kind of its own in the
log of what cycles say about themselves. Showing it belongs to ``market.feed_health``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from babingepet.cycles.btc_decision import cycle_id
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.feed import (
    Agreement,
    CollectedMinute,
    Disagreement,
    FeedHealth,
    FeedInfo,
    FeedName,
)
from babingepet_resources.warehouse import history
from babingepet_resources.warehouse.records import ReasoningRecord

KIND = "feeds"
"""Of the log's rows."""
EVERY = 15 * MINUTE
"""Between two of them."""
WATCHED = 60
"""Minutes over which coverage is reckoned."""
LISTED = 20
"""Differing numbers kept of one comparison, prices first; all are counted."""


class FeedWatch:
    """What the minutes since the start told about the feeds."""

    def __init__(self, info: FeedInfo) -> None:
        self._info = info
        self._minutes: deque[Mapping[FeedName, bool]] = deque(maxlen=WATCHED)
        self._health = FeedHealth()
        self._agreements: list[Agreement] = []

    def take_in(self, minute: CollectedMinute) -> None:
        """Look at a collected minute."""
        covered = {feed: ok for feed, ok in _covered(minute) if feed in self._info.feeds}
        self._minutes.append(covered)
        self._health = minute.health
        if minute.agreement is not None:
            self._agreements.append(minute.agreement)

    def report(self, as_of: int) -> dict[str, Any] | None:
        """What is to be kept with the decision of ``as_of``; None when it is not time."""
        if as_of % EVERY and not self._agreements:
            return None
        health = self._health
        return {
            "minutes": len(self._minutes),
            "coverage": self._coverage(),
            "ages_ms": dict(health.message_ages_ms),
            "counters": dict(health.counters),
            "clock_skew_ms": health.clock_skew_ms,
            "used_weight": health.used_weight,
            "agreements": [_agreement(one) for one in self._agreements],
        }

    def written(self) -> None:
        """Forget the comparisons that were kept."""
        self._agreements.clear()

    def _coverage(self) -> dict[str, float]:
        feeds = sorted({feed for minute in self._minutes for feed in minute})
        share = 1.0 / max(1, len(self._minutes))
        return {
            feed: round(share * sum(minute[feed] for minute in self._minutes), 4) for feed in feeds
        }


def _covered(minute: CollectedMinute) -> Iterator[tuple[FeedName, bool]]:
    begin = minute.as_of - MINUTE
    failed = {gap.feed for gap in minute.gaps if gap.repaired_from is None}
    yield "candles", begin in minute.candles.open_time
    yield "trades", minute.trades_from is not None and minute.trades_from <= begin
    yield "quotes", minute.quotes_from is not None and minute.quotes_from <= begin
    yield "depth", minute.depth is not None
    yield "mark_price", minute.mark_price is not None
    yield "funding", "funding" not in failed
    yield "open_interest", "open_interest" not in failed


def _agreement(one: Agreement) -> dict[str, Any]:
    prices = [number for number in one.differing if _is_price(number)]
    others = [number for number in one.differing if not _is_price(number)]
    return {
        "start": one.start,
        "end": one.end,
        "compared": one.compared,
        "differing": len(one.differing),
        "prices": len(prices),
        "listed": [asdict(number) for number in (*prices, *others)[:LISTED]],
    }


def _is_price(number: Disagreement) -> bool:
    return number.column in {"open", "high", "low", "close"}


def report_record(report: Mapping[str, Any], book: str, as_of: int) -> ReasoningRecord:
    """The report as a row of the log."""
    worst = min(report["coverage"].items(), key=lambda item: item[1], default=("no feed", 0.0))
    differing = sum(one["differing"] for one in report["agreements"])
    text = (
        f"{worst[0]} covered {worst[1]:.0%} of {report['minutes']} minutes, other feeds no less; "
        f"{report['counters'].get('reconnects', 0)} reconnects; "
        f"{differing} numbers differ from REST"
    )
    return ReasoningRecord(book, cycle_id(as_of), as_of, KIND, text, report)


def read_reports(
    connection: Connection, book: str, start: int, end: int
) -> Sequence[ReasoningRecord]:
    """Reports kept with the decisions that end in (start, end], in ascending time."""
    first, last = cycle_id(start), cycle_id(end)
    reports = history.reasoning_between(connection, book, KIND, first, last)
    return [report for report in reports if start < report.as_of <= end]
