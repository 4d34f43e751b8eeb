"""Data checks of the BTC assets over one UTC day, and how a failing one stops entries.

A check reads what the warehouse holds and says in one sentence what it found. A blocking failure
becomes the gate CHECK_FAILED of the next decision and leaves with the evaluation that passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from sqlalchemy import Connection

from babingepet.cycles.btc import CAPITAL
from babingepet.domain.money import amount
from babingepet.market.frames import Candles
from babingepet.market.history import LONGEST_HOLE, RECENT_BARS
from babingepet.market.intervals import DAY, HOUR, MINUTE, day_key, day_start, iso
from babingepet_resources.warehouse import candles, checks, history
from babingepet_resources.warehouse.records import (
    CheckRecord,
    DecisionOutline,
    PortfolioRecord,
    ReasoningRecord,
)
from babingepet_services.market.feed_watch import read_reports

FRESHNESS = 180_000
"""Age of the newest candle, ms, at which a running market is stale."""
LARGEST_SKEW = 2_000
"""Distance of the exchange's clock, ms, that is worth a warning; at 30 s entries are forbidden."""
LARGEST_MOVE = 0.20
"""A close this far, as a fraction, from the one before is a broken print, not a market."""
LEAP_MINUTES = 15
"""How long one such close forbids entries by itself; the day's check comes as seldom as that."""
FROZEN_MINUTES = 3
"""Minutes in a row at one single price that are a frozen feed: this market trades every second."""


@dataclass(frozen=True)
class Day:
    """What the warehouse holds of one day, up to ``until``."""

    partition: str
    until: int
    candles: Candles
    decisions: Sequence[DecisionOutline]
    portfolio: Sequence[PortfolioRecord]
    feeds: Sequence[ReasoningRecord] = ()
    """How the feeds were, as the loop kept it (``market.feed_watch``)."""


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    passed: bool
    detail: str


@dataclass(frozen=True)
class CheckSpec:
    """One check of one asset."""

    name: str
    asset: str
    blocking: bool
    description: str
    evaluate: Callable[[Day], Finding]


def load_day(connection: Connection, symbol: str, source: str, book: str, until: int) -> Day:
    """Read the day in which the minute before ``until`` lies."""
    start = day_start(until - 1)
    return Day(
        partition=day_key(start),
        until=until,
        candles=candles.read(connection, symbol, "1m", source, start, until),
        decisions=history.outlines(connection, book, symbol, start + 1, until + 1),
        portfolio=history.portfolio(connection, book, symbol, start + 1, until + 1),
        feeds=read_reports(connection, book, start, until),
    )


def no_gaps(day: Day) -> Finding:
    """At most 3 minutes in a row are missing in the last hour; older holes are counted."""
    times = day.candles.open_time
    if not len(times):
        return Finding(passed=False, detail="no candle of this day")
    holes = np.diff(np.append(times, day.until)) // MINUTE - 1
    recent = int(holes[-RECENT_BARS:].max())
    detail = f"{len(times)} minutes, {int(holes.sum())} missing, longest of late {recent} minutes"
    return Finding(recent <= LONGEST_HOLE, detail)


def is_fresh(day: Day) -> Finding:
    """The newest candle closed less than 3 minutes before the end of what was decided."""
    if not len(day.candles):
        return Finding(passed=False, detail="no candle of this day")
    close = int(day.candles.open_time[-1]) + MINUTE
    age = (day.until - close) // 1000
    return Finding(day.until - close <= FRESHNESS, f"newest close {iso(close)}, {age} s old")


def in_range(day: Day) -> Finding:
    """Prices are positive and ordered, volumes not negative, no close leaps by a fifth."""
    bars = day.candles
    low_first = np.minimum(bars.open, bars.close)
    high_last = np.maximum(bars.open, bars.close)
    wrong = (bars.low <= 0) | (bars.low > low_first) | (bars.high < high_last)
    wrong |= (bars.base_volume < 0) | (bars.taker_buy_base_volume > bars.base_volume)
    leap = np.abs(np.diff(bars.close, prepend=bars.close[:1]) / bars.close) > LARGEST_MOVE
    bad = int((wrong | leap).sum())
    return Finding(bad == 0, f"{bad} of {len(bars)} minutes out of range")


def no_duplicates(day: Day) -> Finding:
    """Each minute is stored once and decided once."""
    times = day.candles.open_time
    decided = [decision.as_of for decision in day.decisions]
    twice = len(times) - len(np.unique(times)) + len(decided) - len(set(decided))
    return Finding(twice == 0, f"{twice} minutes stored or decided twice")


def is_conserved(day: Day) -> Finding:
    """Cash is the capital plus realised P&L less fees and funding, to 1e-8, after every minute."""
    off = [row.cycle_id for row in day.portfolio if _imbalance(row) != 0]
    detail = f"{len(day.portfolio)} accounts add up" if not off else f"broken at {off[0]}"
    return Finding(not off, detail)


def _imbalance(row: PortfolioRecord) -> Decimal:
    explained = amount(CAPITAL) + row.realized_pnl - row.fees_paid - row.funding_paid
    return (row.cash - explained) + (row.equity - row.cash - row.unrealized_pnl)


def within_bounds(day: Day) -> Finding:
    """The weighted score lies in [-1, 1] and coverage in [0, 1]."""
    off = [d.cycle_id for d in day.decisions if not (abs(d.score) <= 1 and 0 <= d.coverage <= 1)]
    detail = f"{len(day.decisions)} scores in [-1, 1]" if not off else f"out of bounds: {off[0]}"
    return Finding(not off, detail)


def prices_agree(day: Day) -> Finding:
    """No price of a closed candle heard in the last hour differs from REST's."""
    recent = [one for one in _comparisons(day) if one["end"] > day.until - HOUR]
    off = sum(one["prices"] for one in recent)
    if not off:
        return Finding(passed=True, detail=f"{len(recent)} comparisons in the last hour agree")
    return Finding(passed=False, detail=f"{off} prices differ from REST's, {_first(recent)}")


def feeds_agree(day: Day) -> Finding:
    """Nothing heard on the sockets, volumes and summed trades included, differs from REST's."""
    compared = _comparisons(day)
    off = sum(one["differing"] for one in compared)
    detail = f"{off} of {sum(one['compared'] for one in compared)} numbers differ from REST's"
    return Finding(off == 0, detail if not off else f"{detail}, {_first(compared)}")


def clocks_agree(day: Day) -> Finding:
    """The exchange's clock was at most 2 s off whenever the feeds were reported in the last hour."""
    recent = [report.detail for report in day.feeds if report.as_of > day.until - HOUR]
    skews = [one["clock_skew_ms"] for one in recent if one["clock_skew_ms"] is not None]
    worst = max(skews, default=0)
    return Finding(worst <= LARGEST_SKEW, f"{worst} ms at most in {len(skews)} reports")


def _comparisons(day: Day) -> list[Mapping[str, Any]]:
    return [one for report in day.feeds for one in report.detail["agreements"]]


def _first(comparisons: Sequence[Mapping[str, Any]]) -> str:
    """The first number that differs, in words."""
    number = next(number for one in comparisons for number in one["listed"])
    return (
        f"first {number['column']} of {number['feed']} at {iso(number['open_time'])}: "
        f"heard {number['heard']:.10g}, REST says {number['told']:.10g}"
    )


CHECKS: tuple[CheckSpec, ...] = tuple(
    CheckSpec(name, asset, blocking, (evaluate.__doc__ or "").strip(), evaluate)
    for name, asset, blocking, evaluate in (
        ("no_gaps", "btc/candles", True, no_gaps),
        ("is_fresh", "btc/candles", True, is_fresh),
        ("in_range", "btc/candles", True, in_range),
        ("prices_agree", "btc/candles", True, prices_agree),
        ("clocks_agree", "btc/candles", False, clocks_agree),
        ("feeds_agree", "btc/order_flow", False, feeds_agree),
        ("no_duplicates", "btc/decisions", True, no_duplicates),
        ("within_bounds", "btc/signals", True, within_bounds),
        ("is_conserved", "btc/portfolio", True, is_conserved),
    )
)


def evaluate(day: Day, source: str, now: int) -> list[CheckRecord]:
    """Evaluate every check over a day."""
    return [_record(spec, spec.evaluate(day), day, source, now) for spec in CHECKS]


def _record(spec: CheckSpec, finding: Finding, day: Day, source: str, now: int) -> CheckRecord:
    return CheckRecord(
        name=spec.name,
        asset=spec.asset,
        partition=day.partition,
        source=source,
        passed=finding.passed,
        blocking=spec.blocking,
        severity="ERROR" if spec.blocking else "WARN",
        detail=finding.detail,
        evaluated_at=now,
    )


def doubtful(minutes: Candles) -> tuple[str, ...]:
    """What is wrong with the newest minutes, in words, before any check of the day has seen them."""
    found = []
    recent = minutes.rows(max(0, len(minutes) - FROZEN_MINUTES), len(minutes))
    price = float(recent.close[-1]) if len(recent) else 0.0
    if (
        len(recent) == FROZEN_MINUTES
        and (recent.high == price).all()
        and (recent.low == price).all()
    ):
        found.append(f"btc/candles: frozen at {price:.10g} for {FROZEN_MINUTES} minutes")
    closes = minutes.close[-LEAP_MINUTES - 1 :]
    leaps = np.abs(np.diff(closes) / closes[:-1])
    if len(leaps) and leaps.max() > LARGEST_MOVE:
        found.append(
            f"btc/candles: a close leapt by {leaps.max():.0%} within {LEAP_MINUTES} minutes"
        )
    return tuple(found)


def failing_now(connection: Connection, source: str, as_of: int) -> tuple[str, ...]:
    """Blocking checks of today that fail, in words, for the gate CHECK_FAILED.

    Yesterday's failures stay on record; they say nothing about what is decided today.
    """
    today = day_key(as_of - DAY if as_of % DAY == 0 else as_of)
    rows = checks.blocking_failures(connection, "btc/")
    return tuple(
        f"{row.asset} {row.name}: {row.detail}"
        for row in rows
        if row.source == source and row.partition == today
    )
