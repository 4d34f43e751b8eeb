"""What analysts are worth, on the terminal: money first, then whether they were right, then models.

Belongs here: how it looks. What is told is decided by the service.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from babingepet_delivery.cli import swarm_value_text as text
from babingepet_delivery.cli.format import plain_table, section
from babingepet_delivery.cli.metric_text import Document


def print_value(console: Console, document: Document) -> None:
    """Print everything that fits people; --json has the same, with calibration by bins."""
    title = Text(text.title(document), style="bold cyan")
    title.append(f"\n{text.scope(document)}", style="none")
    for note in document["notes"]:
        title.append(f"\n{note}", style="bold red" if text.is_loud(note) else "yellow")
    console.print(title)
    section(console, "Net P&L of the period, an open position marked")
    _print(console, text.MONEY, text.money_rows(document))
    console.print(text.SUM, style="dim")
    section(console, "Whether they were right, an hour later")
    _print(console, text.RIGHT, text.right_rows(document), words=1)
    section(console, "What became of each question")
    _print(console, *text.state_table(document))
    section(console, "Models, and the end of their training")
    _print(console, text.MODELS, text.model_rows(document), words=2)


def _print(
    console: Console, headings: text.Row, rows: Iterable[text.Row], *, words: int = 0
) -> None:
    """A table whose last columns are words."""
    stop = len(headings) - words
    table = plain_table(headings[0], right=headings[1:stop], left=headings[stop:])
    for row in rows:
        table.add_row(*row)
    console.print(table)
