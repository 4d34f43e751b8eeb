"""What was decided on one day and what came of it: signals, decisions, positions, portfolio.

Belongs here: reading one day of the paper book. Does not belong here: summing it up and drawing
(``btc_day.shown``), deciding, and any write: the paper ledger is only looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import orjson

from babingepet.signals.registry import NAMES
from babingepet_resources.warehouse import candles, history
from babingepet_resources.warehouse.records import DecisionRecord, PositionRecord
from babingepet_services.btc_day.day import AssetReport, Cell, DayScope, Times, Values, label
from babingepet_services.btc_day.shown import (
    AccountDay,
    DecidedDay,
    Held,
    ScoredDay,
    decisions_report,
    nothing,
    portfolio_report,
    positions_report,
    signals_report,
)

FOR_EVER = 1 << 62
"""Later than any exit."""

Payload = Mapping[str, Any]


def describe_signals(scope: DayScope) -> AssetReport:
    """Thirteen scores a minute, and which of them were unavailable and why."""
    rows, source = _decisions(scope)
    if not rows:
        return _of_book(nothing(source), scope)
    payloads = [orjson.loads(row.payload) for row in rows]
    day = ScoredDay(
        as_of=_times(rows),
        scores={name: _scores(payloads, name) for name in NAMES},
        reasons=payloads[-1]["reasons"],
        coverage=np.array([row.coverage for row in rows]),
    )
    report = signals_report(scope.start, source, day)
    return _of_book(report, scope, engine_version=rows[-1].engine_version)


def _scores(payloads: Sequence[Payload], name: str) -> Values:
    values = (payload["scores"][name] for payload in payloads)
    return np.array([np.nan if value is None else value for value in values])


def describe_decisions(scope: DayScope) -> AssetReport:
    """A decision a minute: score, verdict, and every gate that forbade an entry."""
    rows, source = _decisions(scope)
    if not rows:
        return _of_book(nothing(source), scope)
    payloads = [orjson.loads(row.payload) for row in rows]
    filled = [row.as_of for row, payload in zip(rows, payloads, strict=True) if payload["fill"]]
    day = DecidedDay(
        as_of=_times(rows),
        score=np.array([row.score for row in rows]),
        buy=np.array([payload["thresholds"]["buy"] for payload in payloads]),
        strong=np.array([payload["thresholds"]["strong"] for payload in payloads]),
        verdicts=[row.verdict for row in rows],
        gates=Counter(gate for row in rows for gate in row.blocked_by),
        entries=np.array(filled, np.int64),
    )
    last = rows[-1]
    return _of_book(
        decisions_report(scope.start, source, day),
        scope,
        engine_version=last.engine_version,
        weights_version=last.weights_version,
        code_version=last.code_version,
    )


def describe_positions(scope: DayScope) -> AssetReport:
    """Positions that were open at some time of the day, and what closed them."""
    with scope.database.reading() as connection:
        closed = history.closed_positions(connection, scope.book, scope.start, FOR_EVER)
        still_open = history.open_positions(connection, scope.book)
        bars = candles.read(connection, scope.symbol, "1m", scope.source, scope.start, scope.end)
        source = label(connection, scope)
    held = [Held.of(row) for row in (*closed, *still_open) if _is_of_day(row, scope)]
    return _of_book(positions_report(scope.start, source, held, bars.open_time, bars.close), scope)


def _is_of_day(row: PositionRecord, scope: DayScope) -> bool:
    ours = row.symbol == scope.symbol and row.source == scope.source
    return ours and row.entry_time < scope.end


def describe_portfolio(scope: DayScope) -> AssetReport:
    """The account after every decision of the day."""
    with scope.database.reading() as connection:
        rows = history.portfolio(
            connection, scope.book, scope.symbol, scope.start + 1, scope.end + 1
        )
        source = label(connection, scope)
    if not rows:
        return _of_book(nothing(source), scope)
    day = AccountDay(
        as_of=np.array([row.as_of for row in rows]),
        equity=np.array([float(row.equity) for row in rows]),
        exposure=np.array([row.exposure for row in rows]),
        drawdown=np.array([row.drawdown for row in rows]),
        cash=np.array([float(row.cash) for row in rows]),
        unrealized=np.array([float(row.unrealized_pnl) for row in rows]),
    )
    last = rows[-1]
    return _of_book(
        portfolio_report(scope.start, source, day),
        scope,
        cash=float(last.cash),
        realized_pnl=float(last.realized_pnl),
        fees_paid=float(last.fees_paid),
        funding_paid=float(last.funding_paid),
    )


def _of_book(report: AssetReport, scope: DayScope, **more: Cell) -> AssetReport:
    return replace(report, numbers={"book": scope.book, **report.numbers, **more})


def _decisions(scope: DayScope) -> tuple[list[DecisionRecord], str]:
    with scope.database.reading() as connection:
        rows = history.decisions(
            connection, scope.book, scope.symbol, scope.start + 1, scope.end + 1
        )
        return [row for row in rows if row.source == scope.source], label(connection, scope)


def _times(rows: Sequence[DecisionRecord]) -> Times:
    return np.array([row.as_of for row in rows], np.int64)
