"""Numbers, times and verdicts as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from babingepet.market.intervals import SECOND, to_datetime

Number = Any
"""A value of a JSON document: int, float or None."""

COLOURS = {
    "STRONG_BUY": "bold green",
    "BUY": "green",
    "HOLD": "dim",
    "SELL": "red",
    "STRONG_SELL": "bold red",
    "LONG": "green",
    "SHORT": "red",
}
HASH = 12
"""Characters of a hash that tell it apart."""
BYTES_STEP = 1024
WIDE = 110
"""Columns of a terminal that has room for wide tables; narrower ones are told in parts."""


def moment(time: Number) -> str:
    """A time to the minute, in UTC; ``-`` for None."""
    return "-" if time is None else to_datetime(time).strftime("%Y-%m-%d %H:%M")


def instant(time: Number) -> str:
    """A time to the millisecond, in UTC; ``-`` for None."""
    if time is None:
        return "-"
    return f"{to_datetime(time):%Y-%m-%d %H:%M:%S}.{time % SECOND:03d}Z"


def money(value: Number, decimals: int = 2) -> str:
    """An amount or a price with thousands separated; ``-`` for None."""
    return "-" if value is None else f"{value:,.{decimals}f}"


def signed(value: Number, decimals: int = 4) -> str:
    """A number with its sign; ``-`` for None."""
    return "-" if value is None else f"{value:+.{decimals}f}"


def harmless(text: str) -> str:
    r"""Words of strangers with what a terminal obeys or reorders spelled out; ends of lines stay.

    Example:
        >>> harmless("up\x1b[31m\u202e\nnow")
        'up\\x1b[31m\\u202e\nnow'
    """
    if text.isprintable():
        return text
    return "".join(
        c if c == "\n" or c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )


def score_text(value: Number) -> Text:
    """A score in the colour of its side."""
    if value is None:
        return Text("-", style="dim")
    return Text(signed(value), style="green" if value > 0 else "red" if value < 0 else "dim")


def verdict_text(verdict: str) -> Text:
    """A verdict in its colour."""
    return Text(verdict, style=COLOURS.get(verdict, ""))


def side_text(side: str) -> Text:
    """LONG or SHORT in its colour."""
    return Text(side, style=COLOURS.get(side, ""))


def size(count: Number) -> str:
    """Bytes in the largest unit that leaves a whole number of at least one."""
    value, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < BYTES_STEP:
            break
        value, unit = value / BYTES_STEP, larger
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def age(milliseconds: Number) -> str:
    """A span in the unit that suits it."""
    seconds = milliseconds / SECOND
    for limit, unit, divisor in ((120, "s", 1), (7_200, "min", 60), (172_800, "h", 3_600)):
        if seconds < limit:
            return f"{seconds / divisor:.0f} {unit}"
    return f"{seconds / 86_400:.0f} days"


def plain_table(first: str, *, right: Sequence[str] = (), left: Sequence[str] = ()) -> Table:
    """A table without lines: a first column, numbers to the right, then words."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(first)
    for heading in right:
        table.add_column(heading, justify="right")
    for heading in left:
        table.add_column(heading)
    return table


def section(console: Console, title: str) -> None:
    """An empty line and a heading."""
    console.print()
    console.print(Text(title, style="bold cyan"))
