"""The proof on the terminal: the verdict, what was compared, and what was not.

Belongs here: how it looks. What is told is decided by the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from babingepet_delivery.cli.format import moment, plain_table, section

Document = Mapping[str, Any]

COMPARED = (
    "regime, trend shares, chandelier levels, funding, score, verdict, votes, grade, every gate",
    "fills, exits, trades, equity, exposure, and all that the account hands to the next minute",
    "with nothing after the cut, and with other prices, volumes, taker shares and funding after it",
    "every fill against another rest of its minute, every exit at a level against a price that runs on",
)
UNPROVEN = "Not proven here: what no replay reads"


def print_lookahead(console: Console, document: Document) -> None:
    """Print everything that fits people; --json has the same under stable keys."""
    _print_head(console, document)
    if document["dependence"]:
        _print_dependence(console, document["dependence"])
    section(console, "Compared, to the last bit")
    for line in (f"scores of {', '.join(document['signals_checked'])}", *COMPARED):
        console.print(f"  {line}", markup=False)
    section(console, UNPROVEN)
    table = plain_table("signal", left=("why",))
    for name, reason in document["signals_unchecked"].items():
        table.add_row(name, reason)
    console.print(table)


def _print_head(console: Console, document: Document) -> None:
    title = Text(
        f"{document['symbol']} from {document['source']}, looked ahead?", style="bold cyan"
    )
    title.append(
        f"\n{moment(document['start'])} to {moment(document['end'])} UTC: {document['bars']:,} minutes,"
        f" {document['trades']:,} trades; {document['seconds']:.1f} s",
        style="none",
    )
    style = "bold green" if document["clean"] else "bold red"
    title.append(f"\n{document['statement']}", style=style)
    title.append(
        f"\n{document['cuts']:,} cuts, {document['distinct_minutes']:,} minutes told again, "
        f"{document['values']:,} values compared",
        style="none",
    )
    for note in document["notes"]:
        title.append(f"\n{note}", style="yellow")
    console.print(title)


def _print_dependence(console: Console, found: Document) -> None:
    section(console, "The first dependence")
    table = plain_table("what", left=("",))
    table.add_row("part", found["part"])
    table.add_row("minute that ends", f"{moment(found['as_of'])} UTC")
    table.add_row("told", _value(found["told"]))
    table.add_row("told otherwise", _value(found["otherwise"]))
    table.add_row("with", f"{found['future']}, from {moment(found['cut'])} UTC on")
    console.print(table)


def _value(value: float | None) -> str:
    return "nothing" if value is None else repr(value)
