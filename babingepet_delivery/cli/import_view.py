"""What an import came to, on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from babingepet_delivery.cli.format import moment, plain_table, section

SHOWN = 20
"""Refused rows that a terminal lists; --json lists a thousand."""


def print_import(console: Console, document: Mapping[str, Any]) -> None:
    """Print a row a file, what else is to be known about it, and the first refused rows."""
    counts = ("read", "written", "already_there", "conflicting", "rejected")
    headings = ("read", "written", "there before", "conflicting", "refused")
    table = plain_table("file", right=headings, left=("symbol", "source", "first", "last"))
    table.padding = (0, 1, 0, 0)
    for file in document["files"]:
        table.add_row(
            Text(file["name"].rpartition("/")[2]),
            *(f"{file[f'rows_{name}']:,}" for name in counts),
            f"{file['symbol']} {file['interval'] or ''}".strip() or "-",
            file["source"],
            moment(file["first_time"]),
            moment(file["last_time"]),
        )
    console.print(table)
    for file in document["files"]:
        for note in file["notes"]:
            console.print(Text(f"{file['name'].rpartition('/')[2]}: {note}", style="dim"))
    _print_rejects(console, document)


def _print_rejects(console: Console, document: Mapping[str, Any]) -> None:
    if not document["rejects"]:
        return
    section(console, "refused rows")
    table = plain_table("row", left=("column", "why", "file"))
    for one in document["rejects"][:SHOWN]:
        place = Text(one["file"].rpartition("/")[2])
        table.add_row(f"{one['row']:,}", one["column"], Text(one["reason"]), place)
    console.print(table)
    more = document["rows_rejected"] - min(SHOWN, len(document["rejects"]))
    if more:
        console.print(Text(f"and {more:,} more; --json lists the first thousand", style="dim"))
