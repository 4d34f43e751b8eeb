"""``babingepet parity``: a day's live cycles made again from what was captured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Console

from babingepet_delivery.cli import output
from babingepet_delivery.cli.format import plain_table, section
from babingepet_delivery.cli.parameters import Book, Json, Source, Symbol, Warehouse

if TYPE_CHECKING:
    from babingepet_services.replay.live_parity import CycleParity, DayParity

SHOWN = 10
"""Differences printed for people; --json has all of them."""


def parity(
    *,
    day: Annotated[
        str | None,
        Parameter(
            name="--day", help="The UTC day, such as 2025-05-10. Without it: the last one decided."
        ),
    ] = None,
    book: Book = "paper",
    symbol: Symbol = None,
    source: Source = None,
    warehouse: Warehouse = None,
    json: Json = False,
) -> int:
    """Make every decision of a day again from what was captured and compare every byte.

    Ends with exit code 1 when one is not identical.
    """
    from babingepet_resources.settings import load_settings
    from babingepet_services.replay.parity_lookup import find_parity

    settings = load_settings(symbol=symbol.upper() if symbol else None)
    where, found = find_parity(settings, book, day, warehouse=warehouse, source=source)
    if json:
        output.print_json({"warehouse": where, **found.document()})
    else:
        _print(output.console(), where, found)
    return output.OK if found.is_complete else output.FAILED


def _print(console: Console, where: str, found: DayParity) -> None:
    console.print(f"{found.day}, book {found.book}, {found.symbol} from {found.source} ({where})")
    if not found.total:
        console.print(found.sentence)
        return
    share = f"{found.identical / found.total:.2%}"
    console.print(f"{found.identical} of {found.total} cycles identical, {share}")
    if found.undecidable:
        console.print(f"{found.undecidable} cannot be made again: what they read is not stored")
    if found.other_engine:
        console.print(f"{found.other_engine} were decided by another engine version")
    if found.first_difference is not None:
        _print_first(console, found.first_difference)
        _print_hours(console, found)


def _print_first(console: Console, first: CycleParity) -> None:
    section(console, f"The first that is not identical: {first.cycle_id}")
    for line in first.explanation[:SHOWN]:
        console.print(f"  {line}", markup=False)
    more = len(first.explanation) - SHOWN
    if more > 0:
        console.print(f"  and {more} more; --json has all of them")


def _print_hours(console: Console, found: DayParity) -> None:
    section(console, "Hours that are not whole")
    table = plain_table("hour", right=("cycles", "identical", "undecidable"))
    for hour in found.hours:
        if hour.identical < hour.total:
            cells = (hour.total, hour.identical, hour.undecidable)
            table.add_row(hour.hour, *map(str, cells))
    console.print(table)
