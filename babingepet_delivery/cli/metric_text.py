"""Metrics, intervals and months as people read them, on the terminal and on a page.

Belongs here: text of one number or one table's cells. Does not belong here: where it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet_delivery.cli.format import money, signed

Document = Mapping[str, Any]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class YearRow(NamedTuple):
    """One year of monthly returns, in words."""

    year: str
    cells: tuple[str, ...]
    """Twelve months; empty where there was none, a star where the period holds a part."""
    total: str
    """The months compounded."""


def _share(value: float) -> str:
    return f"{value:.2%}"


def _change(value: float) -> str:
    return f"{value:+.2%}"


def _ratio(value: float) -> str:
    return f"{value:.3f}"


def _usdt(value: float) -> str:
    return f"{signed(value)} USDT"


def _balance(value: float) -> str:
    return f"{money(value)} USDT"


def _r(value: float) -> str:
    return f"{value:+.3f} R"


def _count(value: float) -> str:
    return f"{value:,.0f}"


FORMS: Mapping[str, Callable[[float], str]] = {
    **dict.fromkeys(
        ("total_return", "cagr", "max_drawdown", "value_at_risk_95",
         "conditional_value_at_risk_95"),
        _change,
    ),
    **dict.fromkeys(("volatility", "ulcer_index", "exposure_share", "hit_rate", "share"), _share),
    **dict.fromkeys(
        ("expectancy", "average_win", "average_loss", "gross_pnl", "fees_paid", "funding_paid",
         "slippage_paid", "net_pnl"),
        _usdt,
    ),
    **dict.fromkeys(("trades", "longest_losing_streak"), _count),
    "expectancy_r": _r,
    "final_equity": _balance,
}  # fmt: skip
"""How a metric is written; the others are ratios."""


def value_text(name: str, value: float | None) -> str:
    """A value in the form of its metric; ``-`` for None."""
    return "-" if value is None else FORMS.get(name, _ratio)(value)


def interval_text(name: str, metric: Document) -> str:
    """The 95 % interval of a metric, its unit once; nothing without one."""
    if metric["low"] is None:
        return ""
    low, high = value_text(name, metric["low"]), value_text(name, metric["high"])
    return f"{low.partition(' ')[0]} to {high}"


def year_rows(months: Sequence[Document]) -> list[YearRow]:
    """Monthly returns, a row a year."""
    rows = []
    for year, members in groupby(months, key=lambda one: one["month"][:4]):
        cells, growth = [""] * len(MONTHS), 1.0
        for one in members:
            star = "" if one["is_whole"] else "*"
            value = one["value"]
            cells[int(one["month"][5:]) - 1] = "-" if value is None else f"{value:+.2%}{star}"
            growth *= 1.0 + (value or 0.0)
        rows.append(YearRow(year, tuple(cells), f"{growth - 1.0:+.2%}"))
    return rows


def span_text(milliseconds: int) -> str:
    """A duration in days, hours and minutes."""
    days, rest = divmod(milliseconds, DAY)
    return f"{days} d {rest // HOUR} h {rest % HOUR // MINUTE} min"
