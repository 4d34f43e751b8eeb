"""What a day of decisions looks like, of whichever book it is: table, picture, numbers.

Belongs here: from the columns of a day to a report. Does not belong here: where they come from
(``btc_day.decided`` reads the paper book, ``btc_day.replayed`` a run of the replay book) and drawing
(``btc_day.plots``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from babingepet.market.intervals import DAY, MINUTE, iso
from babingepet.signals.registry import NAMES, SIGNALS
from babingepet_resources.warehouse.records import PositionRecord, ReplayTradeRecord
from babingepet_services.btc_day import plots as btc_plots
from babingepet_services.btc_day.day import AssetReport, Cell, Times, Values, hours, known, table
from babingepet_services.btc_day.plots import Band


@dataclass(frozen=True, eq=False)
class ScoredDay:
    """Scores of the decided minutes.

    Attributes:
        as_of: End of each minute, UTC ms, ascending.
        scores: By signal, in registry order; NaN where unavailable.
        reasons: Why a signal has no score in the last minute.
        coverage: Measured weight over the weight that the source can supply.
    """

    as_of: Times
    scores: Mapping[str, Values]
    reasons: Mapping[str, str]
    coverage: Values


@dataclass(frozen=True, eq=False)
class DecidedDay:
    """Decisions of the minutes.

    Attributes:
        as_of: End of each minute, UTC ms, ascending.
        score: Weighted.
        buy: Threshold in force.
        strong: Threshold in force.
        verdicts: Name of each verdict.
        gates: Name of a gate to the minutes in which it forbade an entry.
        entries: When positions were entered, UTC ms.
    """

    as_of: Times
    score: Values
    buy: Values
    strong: Values
    verdicts: Sequence[str]
    gates: Mapping[str, int]
    entries: Times


@dataclass(frozen=True)
class Held:
    """A position that was open at some time of the day; the fields of its exit are None until then.

    ``shadow`` tells one that was never traded. Prices and P&L in USDT, quantity in BTC.
    """

    shadow: bool
    side: str
    grade: str
    quantity: float
    entry_time: int
    entry_price: float
    stop_price: float
    target_price: float
    exit_time: int | None = None
    exit_price: float | None = None
    exit_reason: str | None = None
    net_pnl: float | None = None
    r_multiple: float | None = None

    @classmethod
    def of(cls, row: PositionRecord | ReplayTradeRecord) -> Held:
        """What the paper book and the replay book say of a position under the same names."""
        values = {field.name: getattr(row, field.name) for field in fields(cls)}
        return cls(**values | {"net_pnl": None if row.net_pnl is None else float(row.net_pnl)})


@dataclass(frozen=True, eq=False)
class AccountDay:
    """The account after each minute, USDT; ``drawdown`` is a fraction, never positive.

    Cash and unrealized P&L are None where the book does not keep them minute by minute.
    """

    as_of: Times
    equity: Values
    exposure: Values
    drawdown: Values
    cash: Values | None = None
    unrealized: Values | None = None


def nothing(source: str) -> AssetReport:
    """The report of a day in which nothing was decided."""
    return AssetReport(0, None, source, table((), ()))


def signals_report(start: int, source: str, day: ScoredDay) -> AssetReport:
    """Thirteen scores a minute, and which of them were unavailable and why."""
    absent = sum(int(np.isnan(values).sum()) for values in day.scores.values())
    count = len(NAMES) * len(day.as_of)
    numbers: dict[str, Cell] = {
        "unavailable": absent,
        "available_share": round(1.0 - absent / count, 4),
        "coverage": known(float(np.mean(day.coverage)), 4),
    }
    plot = btc_plots.signals(start, day.as_of, day.scores)
    return AssetReport(count, _window(day.as_of), source, _signal_table(day), plot, numbers)


def _signal_table(day: ScoredDay) -> str:
    rows = []
    for spec in SIGNALS:
        values = day.scores[spec.name]
        there = values[~np.isnan(values)]
        low, mean, high = (there.min(), there.mean(), there.max()) if len(there) else (np.nan,) * 3
        rows.append(
            (
                spec.name, spec.weight, f"{len(there) / len(values):.0%}",
                known(low, 4), known(mean, 4), known(high, 4), known(values[-1], 4),
                day.reasons.get(spec.name, ""),
            )
        )  # fmt: skip
    return table(
        ("signal", "weight", "available", "lowest", "mean", "highest", "last score", "why not"),
        rows,
    )


def decisions_report(start: int, source: str, day: DecidedDay) -> AssetReport:
    """A decision a minute: score, verdict, and every gate that forbade an entry."""
    count, verdicts = len(day.as_of), Counter(day.verdicts)
    numbers: dict[str, Cell] = {
        "score": known(day.score[-1], 4),
        "verdict": day.verdicts[-1],
        "entries": len(day.entries),
        "verdicts_other_than_hold": count - verdicts["HOLD"],
        "minutes_not_decided": int(day.as_of[-1] - day.as_of[0]) // MINUTE + 1 - count,
    }
    plot = btc_plots.decisions(start, day.as_of, day.score, day.buy, day.strong, day.entries)
    cells = [
        (kind, name, minutes, f"{minutes / count:.1%}")
        for kind, counted in (("verdict", verdicts), ("blocked by", Counter(day.gates)))
        for name, minutes in counted.most_common()
    ]
    shown = table(("", "", "minutes", "share"), cells)
    return AssetReport(count, _window(day.as_of), source, shown, plot, numbers)


def positions_report(
    start: int, source: str, held: Sequence[Held], times: Times, close: Values
) -> AssetReport:
    """Positions that were open at some time of the day, and what closed them.

    Args:
        start: 00:00 UTC of the day.
        source: Where the facts come from.
        held: The positions.
        times: Open time of the day's minutes; what is open is drawn to the last one.
        close: Their closes; no picture is drawn without any.
    """
    ordered = sorted(held, key=lambda one: (one.shadow, one.entry_time))
    traded = [one for one in ordered if not one.shadow]
    numbers: dict[str, Cell] = {
        "traded": len(traded),
        "shadow": len(ordered) - len(traded),
        "open_now": sum(one.exit_time is None for one in traded),
        "net_pnl": round(sum(one.net_pnl or 0.0 for one in traded), 8),
    }
    known_until = int(times[-1]) + MINUTE if len(times) else start + DAY
    bands = [_band(one, known_until) for one in ordered]
    plot = btc_plots.positions(start, times, close, bands) if len(times) else None
    window = (ordered[0].entry_time, max(band.until for band in bands)) if ordered else None
    return AssetReport(len(ordered), window, source, _trade_table(ordered), plot, numbers)


def _band(one: Held, known_until: int) -> Band:
    return Band(
        side=one.side,
        shadow=one.shadow,
        entry_time=one.entry_time,
        entry_price=one.entry_price,
        until=one.exit_time or known_until,
        exit_price=one.exit_price,
        stop_price=one.stop_price,
        target_price=one.target_price,
    )


def _trade_table(held: Sequence[Held]) -> str:
    cells: list[tuple[Cell, ...]] = [
        (
            iso(one.entry_time), "shadow" if one.shadow else "trade", one.side, one.grade,
            one.quantity, one.entry_price, one.stop_price,
            iso(one.exit_time) if one.exit_time else "open", one.exit_price, one.exit_reason,
            one.net_pnl, None if one.r_multiple is None else round(one.r_multiple, 3),
        )
        for one in held
    ]  # fmt: skip
    return table(
        ("entry", "kind", "side", "grade", "quantity", "entry price", "stop", "exit", "exit price",
         "reason", "net P&L", "R"), cells,
    )  # fmt: skip


def portfolio_report(start: int, source: str, day: AccountDay) -> AssetReport:
    """The account after every decision of the day."""
    numbers: dict[str, Cell] = {
        "equity": float(day.equity[-1]),
        "exposure": round(float(day.exposure[-1]), 4),
        "max_drawdown_pct": round(float(day.drawdown.min()) * 100, 4),
    }
    plot = btc_plots.portfolio(start, day.as_of, day.equity, day.drawdown)
    shown = _account_table(day)
    return AssetReport(len(day.as_of), _window(day.as_of), source, shown, plot, numbers)


def _account_table(day: AccountDay) -> str:
    cells = [
        (
            hour, day.equity[at[-1]], _at(day.cash, at[-1]), _at(day.unrealized, at[-1]),
            f"{day.exposure[at[-1]]:.1%}", f"{day.drawdown[at].min():.3%}",
        )
        for hour, at in hours(day.as_of - MINUTE)
    ]  # fmt: skip
    return table(("hour", "equity", "cash", "unrealized", "exposure", "lowest drawdown"), cells)


def _at(values: Values | None, row: int) -> float | None:
    return None if values is None else float(values[row])


def _window(as_of: Times) -> tuple[int, int]:
    return int(as_of[0]) - MINUTE, int(as_of[-1])
