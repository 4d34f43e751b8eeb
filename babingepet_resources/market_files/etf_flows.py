"""Files of flows of the exchange-traded funds: tables by fund, or one total a day.

Belongs here: Farside's table (a row a trading day, a column a fund, millions of US dollars), and
tables of two columns. Does not belong here: when a figure became known (whoever stores it).
Source of the table: https://farside.co.uk/bitcoin-etf-flow-all-data
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from babingepet.errors import InputError
from babingepet.market.context import EtfFlows
from babingepet.market.intervals import DAY, to_ms
from babingepet_resources.market_files.cells import FIRST_TIME, LAST_TIME, parse_number, parse_time
from babingepet_resources.market_files.content import FileContent, read_small
from babingepet_resources.market_files.reading import read_header, read_table
from babingepet_resources.market_files.refusals import Refusals
from babingepet_resources.market_files.rows import FileRows
from babingepet_resources.market_files.table import Column, Layout, Table

LAYOUT = Layout(
    "flows of funds",
    (Column("day", "time", ("date",)), Column("flow_usd", "number")),
)

TEXT_LIMIT = 16 * 1024**2
"""Bytes of a table by fund; ten years have 0.3 MB."""

_TOTALS = ("total_musd", "total")
_MILLION = 1e6
_ROUNDING = 0.05
"""Largest error of a printed figure: one decimal of a million."""

_NOT_TOLD = {"", "-", "\u2013", "n/a"}
"""What stands where a fund has not reported."""


def read_etf_flows(
    content: FileContent, name: str, *, until: int | None = None
) -> FileRows[EtfFlows]:
    """Read daily flows: Farside's table as CSV, or any form of table with ``day`` and ``flow_usd``.

    A day on which every fund prints 0 is a holiday, which has no flow; it is left out with a note.

    Args:
        content: The file.
        name: Its name; errors begin with it.
        until: UTC ms; a day that begins later is refused.

    Raises:
        InputError: The file cannot be used as a whole; the message begins with its name.
    """
    header = read_header(content, name)
    names = [one.lower() for one in header.names]
    # Only text separated by commas has a first line: JSON and Parquet are no tables by fund.
    is_listed = bool(header.first_line) and "flow_usd" not in names
    by_fund = is_listed and any(total in names for total in _TOTALS)
    table = _by_fund(content, name) if by_fund else read_table(content, name, LAYOUT)
    days = table.columns["day"]
    table.refuse_numbers(days % DAY != 0, "day", "is not 00:00 UTC of a day")
    if until is not None:
        table.refuse_numbers(days > until, "day", "lies in the future")
    order = table.ordered("day")
    return table.result(EtfFlows(day=days[order], flow_usd=table.columns["flow_usd"][order]))


def _by_fund(content: FileContent, name: str) -> Table:
    lines = _lines(read_small(content, name, TEXT_LIMIT), name)
    header = [cell.strip().lower() for cell in lines[0]]
    total = next(header.index(one) for one in _TOTALS if one in header)
    if "date" not in header:
        raise InputError(f"{name}: column 'date' is missing; flows of funds need date and total.")
    date = header.index("date")
    refusals = Refusals()
    kept: list[tuple[int, int, float]] = []
    holidays = read = 0
    for number, cells in enumerate(lines[1:], start=1):
        if not any(cell.strip() for cell in cells):
            continue
        read += 1
        try:
            day, flow = _row(cells, header, date, total)
        except _Refused as refused:
            refusals.add(np.array([number]), refused.column, refused.reason)
            continue
        if math.isnan(flow):
            holidays += 1
        else:
            kept.append((number, day, flow * _MILLION))
    return _table(name, kept, refusals, read, holidays, (lines[0][date], lines[0][total]))


def _table(
    name: str,
    kept: Sequence[tuple[int, int, float]],
    refusals: Refusals,
    read: int,
    holidays: int,
    labels: tuple[str, str],
) -> Table:
    if not read:
        raise InputError(f"{name}: has no rows.")
    rows, days, flows = zip(*kept, strict=True) if kept else ((), (), ())
    columns = {"day": np.array(days, np.int64), "flow_usd": np.array(flows, np.float64)}
    told = dict(zip(columns, labels, strict=True))
    table = Table(name, np.array(rows, np.int64), columns, told, refusals, read)
    if holidays:
        table.notes.append(f"{holidays:,} days are 0 for every fund: holidays, left out")
    return table


class _Refused(Exception):
    """A row that cannot be used."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


def _lines(text: bytes, name: str) -> list[list[str]]:
    try:
        return list(csv.reader(text.decode("utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{name}: is not a table of text separated by commas.") from error


def _row(cells: Sequence[str], header: Sequence[str], date: int, total: int) -> tuple[int, float]:
    """Day and total in millions; NaN on a holiday."""
    if len(cells) != len(header):
        raise _Refused("", f"the row has {len(cells)} columns, not {len(header)}")
    day = _day(cells[date], header[date])
    figures = {
        place: _millions(cells[place], header[place])
        for place in range(len(header))
        if place != date
    }
    told = figures.pop(total)
    if not any(figures.values()) and not told:
        return day, math.nan
    summed = math.fsum(figures.values())
    if figures and abs(summed - told) > _ROUNDING * (len(figures) + 1) + 1e-9:
        raise _Refused(header[total], f"{told:g} is not the sum of the funds, {summed:.6g}")
    return day, told


def _day(text: str, column: str) -> int:
    time = parse_time(text.strip())
    if time is None:
        try:
            time = to_ms(datetime.strptime(text.strip(), "%d %b %Y").replace(tzinfo=UTC))
        except ValueError:
            raise _Refused(column, f"{text[:40]!r} is not a date") from None
    if not FIRST_TIME <= time < LAST_TIME:
        raise _Refused(column, f"{text[:40]!r} is not a date between 2009 and 2099")
    return time


def _millions(text: str, column: str) -> float:
    """A figure in millions; accountants write negative ones in parentheses."""
    plain = text.strip().replace(",", "")
    if plain.lower() in _NOT_TOLD:
        return 0.0
    if plain.startswith("(") and plain.endswith(")"):
        plain = f"-{plain[1:-1]}"
    value = parse_number(plain)
    if value is None:
        raise _Refused(column, f"{text[:40]!r} is not a number")
    if not math.isfinite(value):
        raise _Refused(column, f"{value} is not a finite number")
    return value
