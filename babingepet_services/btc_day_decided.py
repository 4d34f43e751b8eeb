"""What was decided on one day and what came of it: signals, decisions, positions, portfolio.

Belongs here: reading one day of one book and summing it up. Does not belong here: drawing
(``btc_plots``), deciding, and any write: the paper ledger is only looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from babingepet.market.intervals import MINUTE, iso
from babingepet.signals.registry import NAMES, SIGNALS
from babingepet_resources.warehouse import candles, history
from babingepet_resources.warehouse.records import DecisionRecord, PortfolioRecord, PositionRecord
from babingepet_services import btc_plots
from babingepet_services.btc_day import (
    AssetReport,
    Cell,
    DayScope,
    Times,
    Values,
    hours,
    known,
    label,
    table,
)
from babingepet_services.btc_plots import Band

FOR_EVER = 1 << 62
"""Later than any exit."""

Payload = Mapping[str, Any]


def describe_signals(scope: DayScope) -> AssetReport:
    """Thirteen scores a minute, and which of them were unavailable and why."""
    rows, source = _decisions(scope)
    if not rows:
        return AssetReport(0, None, source, table((), ()))
    payloads = [orjson.loads(row.payload) for row in rows]
    scores = {name: np.array([_score(payload, name) for payload in payloads]) for name in NAMES}
    absent = sum(int(np.isnan(values).sum()) for values in scores.values())
    numbers: dict[str, Cell] = {
        "unavailable": absent,
        "available_share": round(1.0 - absent / (len(NAMES) * len(rows)), 4),
        "coverage": known(float(np.mean([row.coverage for row in rows])), 4),
        "engine_version": rows[-1].engine_version,
    }
    return AssetReport(
        len(rows) * len(NAMES),
        _window(rows),
        source,
        _signal_table(scores, payloads[-1]),
        btc_plots.signals(scope.start, _times(rows), scores),
        numbers,
    )


def _score(payload: Payload, name: str) -> float:
    value = payload["scores"][name]
    return float("nan") if value is None else value


def _signal_table(scores: Mapping[str, Values], last: Payload) -> str:
    rows = [
        (
            spec.name, spec.weight, f"{1.0 - np.isnan(scores[spec.name]).mean():.0%}",
            known(_score(last, spec.name), 4), last["reasons"].get(spec.name, ""),
        )
        for spec in SIGNALS
    ]  # fmt: skip
    return table(("signal", "weight", "available", "last score", "why not"), rows)


def describe_decisions(scope: DayScope) -> AssetReport:
    """A decision a minute: score, verdict, and every gate that forbade an entry."""
    rows, source = _decisions(scope)
    if not rows:
        return AssetReport(0, None, source, table((), ()))
    payloads = [orjson.loads(row.payload) for row in rows]
    filled = [row.as_of for row, payload in zip(rows, payloads, strict=True) if payload["fill"]]
    verdicts = Counter(row.verdict for row in rows)
    last = rows[-1]
    numbers: dict[str, Cell] = {
        "score": round(last.score, 4),
        "verdict": last.verdict,
        "entries": len(filled),
        "verdicts_other_than_hold": len(rows) - verdicts["HOLD"],
        "minutes_not_decided": (last.as_of - rows[0].as_of) // MINUTE + 1 - len(rows),
        "engine_version": last.engine_version,
        "weights_version": last.weights_version,
        "code_version": last.code_version,
    }
    plot = btc_plots.decisions(
        scope.start,
        _times(rows),
        np.array([row.score for row in rows]),
        np.array([payload["thresholds"]["buy"] for payload in payloads]),
        np.array([payload["thresholds"]["strong"] for payload in payloads]),
        np.array(filled, np.int64),
    )
    return AssetReport(len(rows), _window(rows), source, _gate_table(rows), plot, numbers)


def _gate_table(rows: Sequence[DecisionRecord]) -> str:
    verdicts = Counter(row.verdict for row in rows).most_common()
    gates = Counter(gate for row in rows for gate in row.blocked_by).most_common()
    cells = [
        (kind, name, count, f"{count / len(rows):.1%}")
        for kind, counted in (("verdict", verdicts), ("blocked by", gates))
        for name, count in counted
    ]
    return table(("", "", "minutes", "share"), cells)


def describe_positions(scope: DayScope) -> AssetReport:
    """Positions that were open at some time of the day, and what closed them."""
    with scope.database.reading() as connection:
        closed = history.closed_positions(connection, scope.book, scope.start, FOR_EVER)
        still_open = history.open_positions(connection, scope.book)
        bars = candles.read(connection, scope.symbol, "1m", scope.source, scope.start, scope.end)
        source = label(connection, scope)
    held = [row for row in (*closed, *still_open) if _is_of_day(row, scope)]
    held.sort(key=lambda row: (row.shadow, row.entry_time))
    traded = [row for row in held if not row.shadow]
    numbers: dict[str, Cell] = {
        "traded": len(traded),
        "shadow": len(held) - len(traded),
        "open_now": sum(row.status == "OPEN" for row in traded),
        "net_pnl": float(sum(row.net_pnl or 0 for row in traded)),
    }
    known_until = int(bars.open_time[-1]) + MINUTE if len(bars) else scope.end
    bands = [_band(row, known_until) for row in held]
    plot = btc_plots.positions(scope.start, bars.open_time, bars.close, bands)
    window = (held[0].entry_time, max(band.until for band in bands)) if held else None
    return AssetReport(
        len(held), window, source, _trade_table(held), plot if len(bars) else None, numbers
    )


def _is_of_day(row: PositionRecord, scope: DayScope) -> bool:
    ours = row.symbol == scope.symbol and row.source == scope.source
    return ours and row.entry_time < scope.end


def _band(row: PositionRecord, known_until: int) -> Band:
    return Band(
        side=row.side,
        shadow=row.shadow,
        entry_time=row.entry_time,
        entry_price=row.entry_price,
        until=row.exit_time or known_until,
        exit_price=row.exit_price,
        stop_price=row.stop_price,
        target_price=row.target_price,
    )


def _trade_table(rows: Sequence[PositionRecord]) -> str:
    cells: list[tuple[Cell, ...]] = [
        (
            iso(row.entry_time), "shadow" if row.shadow else "trade", row.side, row.grade,
            row.quantity, row.entry_price, row.stop_price,
            iso(row.exit_time) if row.exit_time else "open", row.exit_price, row.exit_reason,
            None if row.net_pnl is None else float(row.net_pnl),
            None if row.r_multiple is None else round(row.r_multiple, 3),
        )
        for row in rows
    ]  # fmt: skip
    return table(
        ("entry", "kind", "side", "grade", "quantity", "entry price", "stop", "exit", "exit price",
         "reason", "net P&L", "R"), cells,
    )  # fmt: skip


def describe_portfolio(scope: DayScope) -> AssetReport:
    """The account after every decision of the day."""
    with scope.database.reading() as connection:
        rows = history.portfolio(
            connection, scope.book, scope.symbol, scope.start + 1, scope.end + 1
        )
        source = label(connection, scope)
    if not rows:
        return AssetReport(0, None, source, table((), ()))
    times = np.array([row.as_of for row in rows])
    last = rows[-1]
    numbers: dict[str, Cell] = {
        "equity": float(last.equity),
        "cash": float(last.cash),
        "realized_pnl": float(last.realized_pnl),
        "fees_paid": float(last.fees_paid),
        "funding_paid": float(last.funding_paid),
        "exposure": round(last.exposure, 4),
        "max_drawdown_pct": round(min(row.drawdown for row in rows) * 100, 4),
    }
    plot = btc_plots.portfolio(
        scope.start,
        times,
        np.array([float(row.equity) for row in rows]),
        np.array([row.drawdown for row in rows]),
    )
    window = (int(times[0]) - MINUTE, int(times[-1]))
    return AssetReport(len(rows), window, source, _account_table(rows, times), plot, numbers)


def _account_table(rows: Sequence[PortfolioRecord], times: Times) -> str:
    cells = [
        (
            hour, float(rows[at[-1]].equity), float(rows[at[-1]].cash),
            float(rows[at[-1]].unrealized_pnl), f"{rows[at[-1]].exposure:.1%}",
            f"{min(rows[row].drawdown for row in at):.3%}",
        )
        for hour, at in hours(times - MINUTE)
    ]  # fmt: skip
    return table(("hour", "equity", "cash", "unrealized", "exposure", "lowest drawdown"), cells)


def _decisions(scope: DayScope) -> tuple[list[DecisionRecord], str]:
    with scope.database.reading() as connection:
        rows = history.decisions(
            connection, scope.book, scope.symbol, scope.start + 1, scope.end + 1
        )
        return [row for row in rows if row.source == scope.source], label(connection, scope)


def _times(rows: Sequence[DecisionRecord]) -> Times:
    return np.array([row.as_of for row in rows], np.int64)


def _window(rows: Sequence[DecisionRecord]) -> tuple[int, int]:
    return rows[0].as_of - MINUTE, rows[-1].as_of
