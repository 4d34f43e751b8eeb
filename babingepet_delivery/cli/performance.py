"""``babingepet performance``: what an account came to, every number with n and its interval."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import Book, Json, Source, Symbol, Warehouse


def performance(
    *,
    book: Book = "paper",
    symbol: Symbol = None,
    start: Annotated[
        str | None, Parameter(name="--from", help="Where to begin, in UTC, such as 2025-05-10.")
    ] = None,
    end: Annotated[str | None, Parameter(name="--to", help="Where to end, in UTC.")] = None,
    source: Source = None,
    warehouse: Warehouse = None,
    json: Json = False,
) -> int:
    """Measure an account: returns, drawdown, trades, costs; shadow trades apart.

    The configured warehouse is asked first, then the other embedded ones of the data folder.
    """
    from babingepet_delivery.cli.performance_view import print_performance
    from babingepet_resources.exchange.moments import parse_moment
    from babingepet_resources.settings import load_settings
    from babingepet_services.performance.lookup import find_performance

    document = find_performance(
        load_settings(symbol=symbol.upper() if symbol else None),
        book,
        None if start is None else parse_moment(start),
        None if end is None else parse_moment(end, "--to"),
        warehouse=warehouse,
        source=source,
    )
    return output.show(document, print_performance, as_json=json)
