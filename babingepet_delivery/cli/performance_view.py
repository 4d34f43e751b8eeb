"""The performance of an account on the terminal, section by section.

Belongs here: how a metric looks. What is told is decided by the service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.text import Text

from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet_delivery.cli.format import moment, money, plain_table, section, signed

Document = Mapping[str, Any]
Show = Callable[[float], str]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _share(value: float) -> str:
    return f"{value:.2%}"


def _change(value: float) -> str:
    return f"{value:+.2%}"


def _ratio(value: float) -> str:
    return f"{value:.3f}"


def _usdt(value: float) -> str:
    return f"{signed(value)} USDT"


def _r(value: float) -> str:
    return f"{value:+.3f} R"


def _count(value: float) -> str:
    return f"{value:.0f}"


FORMS: Mapping[str, Show] = {
    "total_return": _change,
    "cagr": _change,
    "volatility": _share,
    "max_drawdown": _change,
    "value_at_risk_95": _change,
    "conditional_value_at_risk_95": _change,
    "ulcer_index": _share,
    "exposure_share": _share,
    "hit_rate": _share,
    "expectancy": _usdt,
    "expectancy_r": _r,
    "average_win": _usdt,
    "average_loss": _usdt,
    "longest_losing_streak": _count,
    "gross_pnl": _usdt,
    "fees_paid": _usdt,
    "funding_paid": _usdt,
    "slippage_paid": _usdt,
    "net_pnl": _usdt,
}
"""How a metric is written; the others are ratios."""


def print_performance(console: Console, document: Document) -> None:
    """Print everything that fits people; --json has the same under stable keys."""
    _print_head(console, document)
    section(
        console, f"Returns of UTC days, {document['periods_per_year']} a year; risk-free rate 0"
    )
    _print_metrics(console, document["returns"])
    _print_drawdown(console, document["drawdown"])
    _print_trades(console, "Closed trades", document["trades"])
    section(console, "Costs of closed trades (positive was paid)")
    _print_metrics(console, document["costs"])
    _print_trades(console, "Shadow trades (not entered: no money)", document["shadows"])
    section(console, "Months")
    _print_months(console, document["months"])


def _print_head(console: Console, document: Document) -> None:
    account = document["account"]
    title = Text(f"{document['symbol']} from {document['source']}", style="bold cyan")
    title.append(
        f"  {document['found_in']['warehouse']} warehouse, book {document['book']}", style="dim"
    )
    title.append(
        f"\n{moment(document['start'])} to {moment(document['end'])} UTC: "
        f"{document['minutes']:,} minutes, {document['days']} days that are over",
        style="none",
    )
    title.append(
        f"\nequity {money(account['opening_equity'], 4)} to "
        f"{money(account['closing_equity'], 4)} USDT (cash {money(account['cash'], 4)}, "
        f"unrealised {signed(account['unrealized_pnl'])})",
        style="none",
    )
    for note in document["notes"]:
        title.append(f"\n{note}", style="yellow")
    console.print(title)


def _print_metrics(console: Console, metrics: Document) -> None:
    table = plain_table("", right=("value", "95 % interval", "n"), left=("note",))
    for name, metric in metrics.items():
        if isinstance(metric, Mapping):
            form = FORMS.get(name, _ratio)
            value, missing = metric["value"], metric["value"] is None
            table.add_row(
                name.replace("_", " "), "-" if missing else form(value), _interval(metric, form),
                f"{metric['n']:,}", metric["reason"] or "", style="dim" if missing else None,
            )  # fmt: skip
    console.print(table)


def _interval(metric: Document, form: Show) -> str:
    if metric["low"] is None:
        return ""
    return f"{form(metric['low'])} to {form(metric['high'])}"


def _print_drawdown(console: Console, drawdown: Document | None) -> None:
    if drawdown is None:
        return
    back = drawdown["recovery"]
    ended = f"recovered {moment(back)}" if back else "not recovered yet"
    console.print(
        f"deepest drawdown: {money(drawdown['peak_equity'], 4)} at {moment(drawdown['start'])} to "
        f"{money(drawdown['valley_equity'], 4)} at {moment(drawdown['valley'])}, {ended}, "
        f"{_span(drawdown['duration'])}"
    )


def _print_trades(console: Console, title: str, trades: Document) -> None:
    if not trades["count"]:
        section(console, f"{title}: none")
        return
    section(
        console,
        f"{title}: {trades['count']} ({trades['wins']} won, {trades['losses']} lost, "
        f"{trades['breakeven']} breakeven)",
    )
    _print_metrics(console, trades)


def _print_months(console: Console, months: list[Document]) -> None:
    table = plain_table("year", right=(*MONTHS, "year"))
    for year, members in groupby(months, key=lambda one: one["month"][:4]):
        cells, growth = dict.fromkeys(range(12), ""), 1.0
        for one in members:
            whole = "" if one["is_whole"] else "*"
            value = one["value"]
            cells[int(one["month"][5:]) - 1] = "-" if value is None else f"{value:+.2%}{whole}"
            growth *= 1.0 + (value or 0.0)
        table.add_row(year, *cells.values(), f"{growth - 1.0:+.2%}")
    console.print(table)
    if not all(one["is_whole"] for one in months):
        console.print("* a month of which the period holds a part", style="dim")


def _span(milliseconds: int) -> str:
    days, rest = divmod(milliseconds, DAY)
    return f"{days} d {rest // HOUR} h {rest % HOUR // MINUTE} min"
