"""``babingepet minutes``: what became of every minute of a period."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from babingepet_delivery.cli import output
from babingepet_delivery.cli.format import moment, plain_table
from babingepet_delivery.cli.parameters import Json, Symbol, Warehouse

SHOWN = 40
"""Stretches printed for people, the newest; --json has all."""


def minutes(
    *,
    first: Annotated[
        str | None,
        Parameter(
            name="--from", help="First minute; default the last day, as far as there is a book."
        ),
    ] = None,
    last: Annotated[
        str | None,
        Parameter(name="--to", help="End of the last minute; default the newest that is known."),
    ] = None,
    symbol: Symbol = None,
    warehouse: Warehouse = None,
    json: Json = False,
) -> int:
    """Account for each minute: decided, missed with its reason, or known to nobody."""
    from babingepet_resources.clients.clock import SystemClock
    from babingepet_resources.settings import load_settings
    from babingepet_services.btc.minute_report import minute_report

    settings = load_settings(symbol=symbol.upper() if symbol else None)
    document = minute_report(settings, SystemClock(), first, last, warehouse)
    return output.show(document, _print, as_json=json)


def _print(console: Console, document: Mapping[str, Any]) -> None:
    console.print(
        f"{document['symbol']} on {document['source']} facts ({document['warehouse']}), "
        f"{moment(document['from'])} to {moment(document['to'])}: {document['minutes']:,} minutes, "
        f"{document['decided']:,} decided, {document['missed']:,} missed, "
        f"{document['unknown']:,} known to nobody"
    )
    if document["both"]:
        console.print(f"{document['both']:,} minutes are both decided and noted as missed")
    if document["stretches"]:
        table = plain_table("from", right=("minutes",), left=("reason",))
        for stretch in document["stretches"][-SHOWN:]:
            reason = stretch["reason"] or "nobody knows"
            table.add_row(moment(stretch["start"]), f"{stretch['minutes']:,}", reason)
        console.print(table)
