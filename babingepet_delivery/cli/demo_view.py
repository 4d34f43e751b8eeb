"""A rehearsal on the terminal: a header, a row a minute while it runs, a summary at the end."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from babingepet.domain.decision import Decision
from babingepet.market.intervals import iso
from babingepet.signals.registry import NAMES, SWARM, capability
from babingepet_delivery.cli.format import moment, money, score_text, side_text, verdict_text
from babingepet_delivery.cli.swarm_view import analysts_table
from babingepet_services.demo.run import Demo

LINES_A_MINUTE = 2
"""Lines of a row whose gates do not fit their column."""
HEADER_LINES = 8
"""Lines above the rows while it runs."""
FEWEST_ROWS = 3
MISSED_SHOWN = 15
"""Minutes without a decision named in the summary; --json has all of them."""
FINAL_ROWS = 240
"""Minutes printed at the end; --json has all of them."""
REASONS = 90
"""Characters of a reason in the summary."""


class DemoView:
    """Follows one rehearsal and tells what came of it."""

    def __init__(self, console: Console, demo: Demo) -> None:
        self._console = console
        self._demo = demo

    def follow(self) -> None:
        """Run the rehearsal with its newest minutes on the screen."""
        with Live(
            self._screen(), console=self._console, transient=True, refresh_per_second=8
        ) as live:
            for _ in self._demo.run():
                live.update(self._screen())

    def summarise(self) -> None:
        """Print every minute and what they came to; nothing when there was none."""
        if not self._demo.decisions:
            return
        report = self._demo.report()
        self._console.print(self._header())
        self._console.print(minutes_table(self._demo.decisions[-FINAL_ROWS:]))
        left = len(self._demo.decisions) - FINAL_ROWS
        if left > 0:
            self._console.print(f"({left} minutes before these are not shown)", style="dim")
        if report["trades"]:
            self._console.print(trades_table(report["trades"], "trades"))
        if report["shadow_trades"]:
            self._console.print(trades_table(report["shadow_trades"], "shadow trades (no money)"))
        if report["analysts"]:
            self._console.print(analysts_table(report["analysts"]))
        self._console.print(_unavailable(self._demo.decisions))
        self._console.print(_totals(report))

    def _screen(self) -> RenderableType:
        fit = (self._console.height - HEADER_LINES) // LINES_A_MINUTE
        newest = self._demo.decisions[-max(fit, FEWEST_ROWS) :]
        return Group(self._header(), minutes_table(newest))

    def _header(self) -> Text:
        info = self._demo.info
        if info is None:
            return Text("starting ...", style="dim")
        able = capability(frozenset(info.feeds) | {SWARM})
        can = [name for name, is_able in zip(NAMES, able, strict=True) if is_able]
        header = Text.assemble(
            (f"{info.symbol} ", "bold"), (f"{info.source}, {info.product}", "bold cyan"),
            f"  {info.description}\n",
        )  # fmt: skip
        if info.derived:
            header.append(f"derived here: {', '.join(sorted(info.derived))}\n", style="dim")
        header.append(f"can supply {len(can)} of 13 signals: {', '.join(can)}\n", style="dim")
        header.append(
            f"a rehearsal of {self._demo.max_cycles} decisions at speed "
            f"{self._demo.settings.speed}, written to a database made anew each time",
            style="dim",
        )
        return header


def minutes_table(decisions: list[Decision]) -> Table:
    """One row a minute."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("minute ends")
    for heading in ("close", "score"):
        table.add_column(heading, justify="right")
    table.add_column("verdict")
    table.add_column("votes", justify="right")
    table.add_column("grade", justify="center")
    table.add_column("blocked by", max_width=56)
    table.add_column("position")
    table.add_column("equity", justify="right")
    for decision in decisions:
        table.add_row(
            moment(decision.as_of),
            money(decision.close_price),
            score_text(decision.score),
            verdict_text(decision.verdict),
            str(decision.votes),
            decision.grade,
            ", ".join(refusal.gate for refusal in decision.blocked_by) or "-",
            _position(decision),
            money(decision.account["equity"]),
        )
    return table


def trades_table(trades: list[dict[str, Any]], title: str) -> Table:
    """Closed trades, oldest first."""
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for heading in ("position", "side", "entry", "exit", "at", "reason"):
        table.add_column(heading)
    for heading in ("fees", "funding", "net", "R"):
        table.add_column(heading, justify="right")
    for trade in trades:
        table.add_row(
            str(trade["position_id"]), side_text(trade["side"]),
            money(trade["entry_price"]), money(trade["exit_price"]), moment(trade["exit_time"]),
            str(trade["exit_reason"]), money(trade["fees_paid"], 4),
            money(trade["funding_paid"], 4), money(trade["net_pnl"], 4), money(trade["r_multiple"]),
        )  # fmt: skip
    return table


def _position(decision: Decision) -> Text | str:
    position = decision.position
    if position is None:
        return "-"
    return Text.assemble(side_text(position["side"]), f" {position['quantity']:g}")


def _unavailable(decisions: list[Decision]) -> Table:
    table = Table(
        title="signals without a score in the last minute", title_justify="left",
        box=None, header_style="bold", pad_edge=False,
    )  # fmt: skip
    table.add_column("signal")
    table.add_column("minutes with", justify="right")
    table.add_column("why not")
    with_score = Counter(
        name for d in decisions for name, value in d.scores.items() if value is not None
    )
    for name, reason in decisions[-1].reasons.items():
        table.add_row(name, str(with_score[name]), reason[:REASONS])
    return table


def _totals(report: dict[str, Any]) -> Text:
    cycles, missed, speed = report["cycles"], report["missed"], report["speed_reached"]
    reached = "" if speed is None else f", {speed:,.0f} minutes of market a minute"
    text = Text(f"{len(cycles)} decisions, equity {money(report['equity'])} USDT{reached}\n")
    if report["ended"] == "market":
        text.append("the recording is over\n")
    for one in missed[:MISSED_SHOWN]:
        text.append(f"not decided: {iso(one['as_of'])}, {one['reason']}\n", style="yellow")
    if len(missed) > MISSED_SHOWN:
        text.append(f"and {len(missed) - MISSED_SHOWN} more minutes not decided\n", style="yellow")
    text.append(f"warehouse: {report['warehouse']}", style="dim")
    if cycles:
        text.append(f"; babingepet explain {cycles[-1]['cycle_id']}", style="dim")
    return text
