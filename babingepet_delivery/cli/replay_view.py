"""A replay's report on the terminal: how much of the vote was there, then what came of it.

Belongs here: how it looks. What stands in it is decided by the service and ``replay_text``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from babingepet.market.frames import Floats
from babingepet.performance.equity import drawdowns
from babingepet_delivery.cli import replay_text
from babingepet_delivery.cli.chart import dotted
from babingepet_delivery.cli.format import WIDE, moment, money, plain_table, section, side_text
from babingepet_delivery.cli.metric_text import Document
from babingepet_delivery.cli.performance_view import print_drawdown, print_months, print_trades
from babingepet_services.replay.report import ReplayReport

LAST_TRADES = 10
SCALE = 12
"""Columns of the numbers at the left of a plot."""
PLOT_WIDTH = 100
NARROW_TRADE = {"side", "entry", "exit", "exit reason", "net", "R"}
"""What is told of a trade where there is less room."""
TRADE_WORDS = {"side", "entry", "exit", "grade", "exit reason"}
EQUITY_LINES, DRAWDOWN_LINES = 8, 4


def print_replay(console: Console, report: ReplayReport) -> None:
    """Print everything that fits people; --json has the same under stable keys."""
    document = report.document()
    _print_head(console, document)
    _print_signals(console, document)
    _print_numbers(console, document)
    _print_plots(console, report)
    print_drawdown(console, document["drawdown"])
    section(console, "Months")
    print_months(console, document["months"])
    section(console, "Costs of closed trades (positive was paid)")
    _print_rows(console, ("", "USDT", ""), replay_text.cost_rows(document))
    _print_refusals(console, document)
    _print_trades(console, report, document)
    print_trades(console, "Shadow trades (not entered: no money)", document["shadows"])
    _print_end(console, document)


def _print_head(console: Console, document: Document) -> None:
    title = Text(f"{document['symbol']} from {document['source']}, replayed", style="bold cyan")
    title.append(f"\n{replay_text.title_of(document)}", style="none")
    title.append(f"\n{replay_text.weight_sentence(document)}", style="bold")
    for note in document["notes"]:
        title.append(f"\n{note}", style="yellow")
    console.print(title)


def _print_signals(console: Console, document: Document) -> None:
    section(console, "Signals of the vote")
    table = plain_table("", right=("weight", "minutes with a score"), left=("",))
    for row in replay_text.signal_rows(document):
        table.add_row(*row, style="dim" if row[-1] else None)
    console.print(table)


def _print_numbers(console: Console, document: Document) -> None:
    section(console, f"What it came to (ratios of UTC days, {document['periods_per_year']} a year)")
    headings, rows = replay_text.key_table(document)
    everything = list(range(len(headings)))
    parts = [everything]
    if console.width < WIDE and document["buy_and_hold"]:
        beside = replay_text.BESIDE_COLUMNS
        rest = [place for place in everything if place not in beside]
        parts = [rest, [0, 1, *beside]]
    for places in parts:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for place in places:
            left = headings[place] in {"", "note"}
            table.add_column(headings[place], justify="left" if left else "right")
        for row in rows:
            table.add_row(*(row[place] for place in places))
        console.print(table)
    if document["coin_flips"]:
        console.print(
            "as good: the share of coin-flip accounts, with the same exits and costs, that did at "
            "least as well",
            style="dim",
        )


def _print_plots(console: Console, report: ReplayReport) -> None:
    width = min(console.width - SCALE - 1, PLOT_WIDTH)
    curve = report.curve
    section(console, "Equity, USDT")
    _print_plot(console, curve.equity, width, EQUITY_LINES, "green", "{:,.2f}")
    section(console, "Drawdown, %")
    depths = 100.0 * drawdowns(curve.equity)
    _print_plot(console, depths, width, DRAWDOWN_LINES, "red", "{:.2f}")
    left, right = (moment(int(curve.as_of[row])) for row in (0, -1))
    console.print(" " * (SCALE + 1) + left + right.rjust(width - len(left)), style="dim")


def _print_plot(
    console: Console, values: Floats, width: int, lines: int, style: str, form: str
) -> None:
    ends = {0: form.format(float(np.max(values))), lines - 1: form.format(float(np.min(values)))}
    for number, line in enumerate(dotted(values, width, lines)):
        label = ends.get(number, "").rjust(SCALE)
        console.print(Text.assemble((label, "dim"), " ", (line, style)))


def _print_refusals(console: Console, document: Document) -> None:
    section(console, f"Why not: what each gate said; {document['entries']:,} entries were ordered")
    _print_rows(
        console, ("gate", "minutes", "of all", "the only one"), replay_text.veto_rows(document)
    )


def _print_trades(console: Console, report: ReplayReport, document: Document) -> None:
    section(console, "Exits by reason")
    _print_rows(console, ("", "trades", "net USDT", "average R"), replay_text.exit_rows(document))
    newest = report.trade_rows(last=LAST_TRADES)
    section(console, f"Last {len(newest)} of {document['trades']:,} closed trades")
    headings = replay_text.TRADE_HEADINGS
    shown = [
        place
        for place, heading in enumerate(headings)
        if console.width >= WIDE or heading in NARROW_TRADE
    ]
    table = Table(box=None, header_style="bold", pad_edge=False)
    for place in shown:
        table.add_column(
            headings[place], justify="left" if headings[place] in TRADE_WORDS else "right"
        )
    for row in replay_text.trade_rows(newest):
        table.add_row(*(side_text(row[0]) if place == 0 else row[place] for place in shown))
    console.print(table)


def _print_end(console: Console, document: Document) -> None:
    holes = replay_text.hole_rows(document)
    if holes:
        section(console, f"Missing minutes: the longest of {document['gaps']['count']:,} holes")
        _print_rows(console, ("from", "to", "minutes"), holes)
    kept = f"kept as {document['run_id']}" if document["run_id"] else "not kept"
    console.print()
    console.print(
        f"{kept}; capital {money(document['capital'])} USDT; ledger {document['ledger_sha256']}",
        style="dim",
    )


def _print_rows(console: Console, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table: Table = plain_table(headings[0], right=headings[1:])
    for row in rows:
        table.add_row(*row)
    console.print(table)
