"""The list of saved replays on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from babingepet_delivery.cli.format import moment, money, plain_table, signed

HASH_DIGITS = 8
"""Of a ledger's 64: enough to see at a glance whether two are the same."""

DATE = len("2025-05-10")


def print_replays(console: Console, document: Mapping[str, Any]) -> None:
    """Print a row a replay, and which warehouses could not be read."""
    rows = document["replays"]
    if rows:
        table = plain_table(
            "id",
            right=("minutes", "trades", "net P&L", "equity", "drawdown"),
            left=("ledger", "market", "period", "created (UTC)"),
        )
        table.padding = (0, 1, 0, 0)
        table.columns[0].min_width = max(len(row["run_id"]) for row in rows)  # to be copied whole
        for row in rows:
            table.add_row(
                row["run_id"],
                f"{row['minutes']:,}",
                "-" if row["trades"] is None else f"{row['trades']:,}",
                signed(row["net_pnl"], 2),
                money(row["final_equity"]),
                "-" if row["max_drawdown"] is None else f"{row['max_drawdown']:+.2%}",
                row["ledger_sha256"][:HASH_DIGITS],
                f"{row['market']} {row['source']}",
                f"{moment(row['start'])[:DATE]}..{moment(row['end'])[:DATE]}",
                moment(row["created_at"]),
            )
        console.print(table)
    else:
        console.print("no replay was saved yet")
    for one in document["unread"]:
        console.print(Text(f"{one['warehouse']} could not be read: {one['error']}", style="yellow"))
