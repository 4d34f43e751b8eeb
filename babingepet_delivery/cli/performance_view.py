"""The performance of an account on the terminal, section by section.

Belongs here: how a metric looks. What is told is decided by the service.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from babingepet_delivery.cli.format import WIDE, moment, money, plain_table, section, signed
from babingepet_delivery.cli.metric_text import (
    MONTHS,
    Document,
    interval_text,
    span_text,
    value_text,
    year_rows,
)


def print_performance(console: Console, document: Document) -> None:
    """Print everything that fits people; --json has the same under stable keys."""
    _print_head(console, document)
    section(
        console, f"Returns of UTC days, {document['periods_per_year']} a year; risk-free rate 0"
    )
    print_metrics(console, document["returns"])
    print_drawdown(console, document["drawdown"])
    print_trades(console, "Closed trades", document["trades"])
    section(console, "Costs of closed trades (positive was paid)")
    print_metrics(console, document["costs"])
    print_trades(console, "Shadow trades (not entered: no money)", document["shadows"])
    section(console, "Months")
    print_months(console, document["months"])


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


def print_metrics(console: Console, metrics: Document) -> None:
    """Every metric of a part: value, interval, n, and what is to be known about it."""
    table = plain_table("", right=("value", "95 % interval", "n"), left=("note",))
    for name, metric in metrics.items():
        if isinstance(metric, Mapping):
            table.add_row(
                name.replace("_", " "), value_text(name, metric["value"]),
                interval_text(name, metric), f"{metric['n']:,}", metric["reason"] or "",
                style="dim" if metric["value"] is None else None,
            )  # fmt: skip
    console.print(table)


def print_drawdown(console: Console, drawdown: Document | None) -> None:
    """The deepest fall: from where, to where, for how long."""
    if drawdown is None:
        return
    back = drawdown["recovery"]
    ended = f"recovered {moment(back)}" if back else "not recovered yet"
    console.print(
        f"deepest drawdown: {money(drawdown['peak_equity'], 4)} at {moment(drawdown['start'])} to "
        f"{money(drawdown['valley_equity'], 4)} at {moment(drawdown['valley'])}, {ended}, "
        f"{span_text(drawdown['duration'])}"
    )


def print_trades(console: Console, title: str, trades: Document) -> None:
    """Metrics of closed trades under their numbers."""
    if not trades["count"]:
        section(console, f"{title}: none")
        return
    section(
        console,
        f"{title}: {trades['count']} ({trades['wins']} won, {trades['losses']} lost, "
        f"{trades['breakeven']} breakeven)",
    )
    print_metrics(console, trades)


def print_months(console: Console, months: list[Document]) -> None:
    """Returns of calendar months, a row a year; half years one below the other in little room."""
    rows = year_rows(months)
    half = len(MONTHS) // 2
    parts = [(0, half), (half, len(MONTHS))] if console.width < WIDE else [(0, len(MONTHS))]
    for first, stop in parts:
        ends = stop == len(MONTHS)
        table = plain_table("year", right=(*MONTHS[first:stop], *(["year"] if ends else [])))
        for row in rows:
            table.add_row(row.year, *row.cells[first:stop], *([row.total] if ends else []))
        console.print(table)
    if not all(one["is_whole"] for one in months):
        console.print("* a month of which the period holds a part", style="dim")
