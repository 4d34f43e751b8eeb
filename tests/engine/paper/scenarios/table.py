"""The table of a story, read into rows: times, prices and phrases such as ``trail to 100.75``.

Here: the grammar. What the phrases mean is in ``story.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from babingepet.market.intervals import DAY, HOUR, MINUTE
from tests import factories as f

LONG, SHORT = 1, -1
SIDES = {LONG: "long", SHORT: "short"}
QUIET, MISSING = "...", "missing"
GIVEN = {"chandelier", "first quote", "last quote", "rate", "order"}
PHRASE = re.compile(r"(?P<words>[A-Za-z_ ]+?)(?P<numbers>( -?\d[\d.]*)*)")

Phrases = Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Row:
    """One minute of a story."""

    label: str
    time: int
    prices: tuple[float, ...]
    """Open, high, low, close for a long; none for a missing minute."""
    given: Phrases = field(default_factory=dict)
    expected: Mapping[int, Phrases] = field(default_factory=lambda: {LONG: {}, SHORT: {}})
    """By side."""


def rows_of(table: str) -> Iterator[Row]:
    """Parse a table; prose above it is for the reader.

    Raises:
        ValueError: A row cannot be understood.
    """
    last: Row | None = None
    quiet = False
    for cells in _cells(table):
        if cells["minute"] == QUIET:
            quiet = True
            continue
        row = _row(cells)
        if quiet and last is not None:
            yield from _quiet_between(last, row.time)
        quiet, last = False, row
        yield row


def _cells(table: str) -> list[dict[str, str]]:
    """The rows by column; a row without a minute continues the one above."""
    header, *lines = [line.split("|") for line in table.splitlines() if "|" in line]
    names = [" ".join(name.split()) for name in header]
    rows: list[dict[str, str]] = []
    for line in lines:
        cells = dict(zip(names, (cell.strip() for cell in line), strict=True))
        if cells["minute"]:
            rows.append(cells)
        else:
            above = rows[-1]
            above |= {name: f"{above[name]}, {more}" for name, more in cells.items() if more}
    return rows


def _row(cells: Mapping[str, str]) -> Row:
    prices = cells["open high low close"]
    given = phrases(cells.get("given", ""))
    if not given.keys() <= GIVEN:
        raise ValueError(f"{cells['minute']}: only {sorted(GIVEN)} can be given")
    return Row(
        cells["minute"],
        _time(cells["minute"]),
        () if prices == MISSING else tuple(float(price) for price in prices.split()),
        given,
        {side: phrases(cells[name]) for side, name in SIDES.items()},
    )


def _quiet_between(last: Row, until: int) -> Iterator[Row]:
    for time in range(last.time + MINUTE, until, MINUTE):
        yield Row(f"{QUIET} after {last.label}", time, last.prices[-1:] * 4)


def _time(label: str) -> int:
    hour, minute = label.removeprefix("Thu ").split(":")
    day = DAY if label.startswith("Thu ") else 0
    return f.WEDNESDAY + day + int(hour) * HOUR + int(minute) * MINUTE


def phrases(cell: str) -> Phrases:
    """Phrases of a cell, each with its numbers.

    Example:
        >>> phrases("enters 100, trail to 100.75")
        {'enters': (100.0,), 'trail to': (100.75,)}
    """
    found: dict[str, tuple[float, ...]] = {}
    for text in filter(None, (part.strip() for part in cell.split(","))):
        phrase = PHRASE.fullmatch(text)
        if phrase is None or phrase["words"] in found:
            raise ValueError(f"cannot be understood: {cell!r}")
        found[phrase["words"]] = tuple(float(number) for number in phrase["numbers"].split())
    return found
