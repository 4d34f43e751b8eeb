"""Files of the index of fear and greed: alternative.me's JSON, and tables of day and value.

Belongs here: what a day of the index in a file must be. Does not belong here: when it became known
(whoever stores it). Source: https://alternative.me/crypto/fear-and-greed-index/#api
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from babingepet.market.frames import Frame, Ints
from babingepet.market.intervals import DAY, SECOND
from babingepet_resources.market_files.cells import FIRST_TIME, LAST_TIME, parse_whole
from babingepet_resources.market_files.content import FileContent, opened
from babingepet_resources.market_files.json_rows import json_entries
from babingepet_resources.market_files.reading import read_table
from babingepet_resources.market_files.refusals import Refusals
from babingepet_resources.market_files.rows import FileRows
from babingepet_resources.market_files.table import Column, Layout, Table

LAYOUT = Layout(
    "days of the index",
    (
        Column("day", "time", ("date",)),
        Column("value", "whole", ("fng_index", "fear_greed", "fear_greed_index")),
    ),
)

HIGHEST = 100


@dataclass(frozen=True, eq=False)
class FearGreed(Frame):
    """The index by day, 0 (extreme fear) to 100 (extreme greed)."""

    TIME: ClassVar[str] = "day"

    day: Ints
    """00:00 UTC of the day."""
    value: Ints


def read_fear_greed(
    content: FileContent, name: str, *, until: int | None = None
) -> FileRows[FearGreed]:
    """Read the index: alternative.me's answer as JSON, or CSV and Parquet with day and value.

    Args:
        content: The file.
        name: Its name; errors begin with it.
        until: UTC ms; a day that begins later is refused.

    Raises:
        InputError: The file cannot be used as a whole; the message begins with its name.
    """
    with opened(content, name) as inside:
        entries = json_entries(inside, name) if inside.is_json else None
    table = read_table(content, name, LAYOUT) if entries is None else _of_json(entries, name)
    days, value = table.columns["day"], table.columns["value"]
    table.refuse_numbers(days % DAY != 0, "day", "is not 00:00 UTC of a day")
    table.refuse_numbers(
        (value < 0) | (value > HIGHEST), "value", f"is not between 0 and {HIGHEST}"
    )
    if until is not None:
        table.refuse_numbers(days > until, "day", "lies in the future")
    order = table.ordered("day")
    return table.result(FearGreed(day=days[order], value=value[order]))


def _of_json(entries: Sequence[Any], name: str) -> Table:
    refusals = Refusals()
    kept: list[tuple[int, int, int]] = []
    for number, entry in enumerate(entries, start=1):
        wrong, day, value = _entry(entry)
        if wrong:
            refusals.add(np.array([number]), *wrong)
        else:
            kept.append((number, day * SECOND, value))
    rows = np.array(kept, np.int64).reshape(-1, 3)
    columns = {"day": rows[:, 1], "value": rows[:, 2]}
    labels = {"day": "timestamp", "value": "value"}
    return Table(name, rows[:, 0], columns, labels, refusals, len(entries))


def _entry(entry: Any) -> tuple[tuple[str, str] | None, int, int]:  # noqa: ANN401 (foreign JSON)
    """What is wrong (column, reason) or None; the day in seconds; the value."""
    if not isinstance(entry, Mapping):
        return ("", "is no object with timestamp and value"), 0, 0
    day, value = (_whole(entry.get(key)) for key in ("timestamp", "value"))
    if day is None or not FIRST_TIME <= day * SECOND < LAST_TIME:
        shown = str(entry.get("timestamp"))[:40]
        return ("timestamp", f"{shown!r} is not a time in seconds"), 0, 0
    if value is None:
        return ("value", f"{str(entry.get('value'))[:40]!r} is not a whole number"), 0, 0
    return None, day, value


def _whole(value: object) -> int | None:
    is_whole = isinstance(value, int | str) and not isinstance(value, bool)
    return parse_whole(str(value)) if is_whole else None
