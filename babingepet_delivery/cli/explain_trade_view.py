"""The life of a position on the terminal: order, fill, the moves of the stop, exit."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from babingepet_delivery.cli.format import moment, money, plain_table, section, side_text, signed

Document = dict[str, Any]


def print_trade(console: Console, trade: Document) -> None:
    """Print one position."""
    console.print(_headline(trade))
    section(console, "Order, fill, exit")
    _print_steps(console, trade)
    section(console, "The stop, whenever it moved")
    _print_path(console, trade)


def _headline(trade: Document) -> Text:
    shadow = "shadow " if trade["shadow"] else ""
    text = Text.assemble(
        shadow, side_text(trade["side"]),
        f" {trade['quantity']:g} {trade['symbol']} at {money(trade['entry_price'])}",
    )  # fmt: skip
    if trade["status"] == "OPEN":
        return text.append(", still open")
    colour = "green" if trade["net_pnl"] > 0 else "red"
    text.append(f", left at {money(trade['exit_price'])} by {trade['exit_reason']}: ")
    text.append(f"{signed(trade['net_pnl'])} USDT net", style=colour)
    return text.append(f" ({trade['r_multiple']:+.2f} R, {trade['net_return']:+.3%} of notional)")


def _print_steps(console: Console, trade: Document) -> None:
    table = plain_table("step", left=("when", "what", "in"))
    ordered = trade["ordered"]
    if ordered:
        order = ordered["order"] or {}
        table.add_row(
            "ordered", moment(ordered["as_of"]),
            f"{order.get('side')} {order.get('quantity', 0):g}, grade {trade['grade']}, "
            f"close {money(ordered['close_price'])}", ordered["cycle_id"],
        )  # fmt: skip
    table.add_row(
        "filled", moment(trade["entry_time"]),
        f"{money(trade['entry_price'])}, stop {money(trade['initial_stop_price'])}, "
        f"target {money(trade['target_price'])}", trade["filled_in"] or "-",
    )  # fmt: skip
    if trade["status"] == "CLOSED":
        table.add_row(
            "left", moment(trade["exit_time"]),
            f"{trade['exit_reason']} at {money(trade['exit_price'])}", trade["exit_cycle_id"],
        )  # fmt: skip
    console.print(table)
    gross = "" if trade["gross_pnl"] is None else f"gross {signed(trade['gross_pnl'])}, "
    console.print(
        f"{gross}fees {money(trade['fees_paid'], 4)}, funding {money(trade['funding_paid'], 4)}, "
        f"best price {money(trade['peak_price'])}, trail {'armed' if trade['armed'] else 'not armed'}"
    )


def _print_path(console: Console, trade: Document) -> None:
    path = trade["path"]
    told = [
        row for number, row in enumerate(path) if number in {0, len(path) - 1} or row["stop_moved"]
    ]
    table = plain_table(
        "minute ends", right=("high", "low", "close", "stop", "best", "unrealised"),
        left=("stop set by",),
    )  # fmt: skip
    for row in told:
        left = f"{row['exit_reason']} at {money(row['exit_price'])}" if row["exit_reason"] else None
        table.add_row(
            moment(row["as_of"]), money(row["high"]), money(row["low"]),
            money(row["close_price"]), money(row["stop"]), money(row["peak"]),
            signed(row["unrealized_pnl"]), left or row["stop_reason"] or "-",
        )  # fmt: skip
    console.print(table)
    console.print(f"{len(path)} minutes held; --json has each of them", style="dim")
