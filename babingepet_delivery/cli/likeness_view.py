"""A likeness on the terminal: one row a statistic.

Belongs here: how it looks. What is compared is decided by the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_MANY = 1_000.0
"""From here on decimals say nothing."""


def print_likeness(console: Console, document: Mapping[str, Any]) -> None:
    """Print the comparison; --json has the same under stable keys."""
    rows = document["statistics"]
    title = Text(f"simulated {document['symbol']}, seed {document['seed']}", style="bold cyan")
    title.append(f": {document['alike']} of {len(rows)} statistics are alike\n", style="none")
    for number, name in enumerate(document["recordings"], start=1):
        title.append(f"recording {number}: {name}\n", style="dim")
    console.print(title)
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("statistic")
    for heading in ("recorded", "simulated", "alike from", "to"):
        table.add_column(heading, justify="right")
    table.add_column("")
    table.add_column("what it is", style="dim")
    for row in rows:
        table.add_row(
            row["name"],
            " ".join(_number(value) for value in row["recorded"]),
            _number(row["simulated"]),
            *(_number(bound) for bound in row["band"]),
            Text("alike", style="green") if row["is_alike"] else Text("OUTSIDE", style="yellow"),
            row["meaning"],
        )
    console.print(table)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= _MANY else f"{value:.3f}"
