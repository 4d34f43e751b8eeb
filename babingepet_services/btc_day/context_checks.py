"""Checks of what lies beside the market: does the feed answer, is the tone current, are flows late.

A failing one is a warning and never stops entries: the signal that reads the feed becomes
unavailable by itself, and the vote goes on without it.

Belongs here: what each check looks at, as it was known at a time. Does not belong here: the checks
of the market (``btc.checks``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection

from babingepet.market.intervals import MINUTE, day_key, iso
from babingepet.signals.etf_flow import PUBLISHED_AFTER
from babingepet.signals.sentiment import MAX_SILENCE
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import context_feeds, etf_flows, sentiments
from babingepet_services.btc.checks import Finding
from babingepet_services.btc.minutes import newest_known
from babingepet_services.btc_day.context import MARKET
from babingepet_services.btc_day.day import DayScope
from babingepet_services.btc_day.warning_checks import Look, WarningCheck
from babingepet_services.market.gap_ledger import Market

FORGIVEN = 1
"""Business days without a flow that are no fault: a holiday of the exchange is one, and so is
yesterday until it is asked about."""


class Moment(NamedTuple):
    """What a check looks at: the warehouse as it was known at ``at``, UTC ms."""

    connection: Connection
    at: int
    settings: Settings


def as_known(check: Callable[[Moment], Finding]) -> Look:
    """Look at today as it is now, at a day that is over as it was known at its end.

    Of a played market now is its newest minute: it stands still, and nothing of it is late.
    """

    def look(scope: DayScope, settings: Settings, now: int) -> Finding:
        with scope.database.reading() as connection:
            seen = newest_known(connection, Market(scope.symbol, scope.source), now)
            return check(Moment(connection, min(scope.end - 1, seen), settings))

    return look


def feed_answers(moment: Moment) -> Finding:
    """The feed of headlines answered within 90 minutes."""
    connection, at, _ = moment
    newest = context_feeds.latest(connection, "news", MARKET, known_until=at)
    if newest is None:
        return Finding(passed=False, detail="the news feed was never asked")
    reason = f"the last attempt, {iso(newest.checked_at)}, said: {newest.detail}"
    answered = context_feeds.last_ok(connection, "news", MARKET, known_until=at)
    if answered is None:
        return Finding(passed=False, detail=f"the news feed never answered; {reason}")
    age = f"the news feed answered {(at - answered) // MINUTE} minutes ago"
    return Finding(at - answered <= MAX_SILENCE, f"{age}; {reason}")


def tone_is_current(moment: Moment) -> Finding:
    """The newest score is at most 90 minutes old, and is a score."""
    connection, at, _ = moment
    newest = sentiments.latest(connection, MARKET, known_until=at)
    if newest is None:
        return Finding(passed=False, detail="no moment was ever scored")
    age = f"scored {(at - newest.as_of) // MINUTE} minutes ago"
    if newest.score is None:
        return Finding(passed=False, detail=f"{age}, unavailable: {newest.reason}")
    return Finding(at - newest.as_of <= MAX_SILENCE, f"{age}: {newest.score:+.3f}")


def flows_are_current(moment: Moment) -> Finding:
    """At most one business day whose flow should be published has none."""
    connection, at, settings = moment
    flows = etf_flows.read(connection, MARKET, until=at, known_until=at, limit_days=1)
    expected = _last_published_day(at)
    if not len(flows):
        if settings.etf_flows_url is None:
            said = "no flow is stored and BABINGEPET_ETF_FLOWS_URL is not set: none is expected"
            return Finding(passed=True, detail=said)
        return Finding(passed=False, detail=f"no flow is stored{_reason(connection, at)}")
    newest = np.datetime64(int(flows.day[-1]), "ms").astype("datetime64[D]")
    late = max(0, int(np.busday_count(newest + 1, expected + 1)))
    detail = f"newest flow {day_key(int(flows.day[-1]))}, expected {expected}: {late} business days"
    return Finding(late <= FORGIVEN, detail + ("" if late <= FORGIVEN else _reason(connection, at)))


def _last_published_day(at: int) -> np.datetime64:
    day = np.datetime64(at - PUBLISHED_AFTER, "ms").astype("datetime64[D]")
    return np.busday_offset(day, 0, roll="backward")


def _reason(connection: Connection, at: int) -> str:
    newest = context_feeds.latest(connection, "etf_flow", MARKET, known_until=at)
    if newest is None:
        return "; the feed of flows was never asked"
    return f"; the last attempt, {iso(newest.checked_at)}, said: {newest.detail}"


CHECKS = (
    WarningCheck(
        "feed_answers",
        "btc/news",
        "The feed of headlines answered within 90 minutes.",
        as_known(feed_answers),
    ),
    WarningCheck(
        "is_current",
        "btc/sentiment",
        "The tone was scored within 90 minutes, and there was one.",
        as_known(tone_is_current),
    ),
    WarningCheck(
        "is_current",
        "btc/etf_flow",
        "At most one business day whose flow should be published has none.",
        as_known(flows_are_current),
    ),
)
"""Each a warning."""
