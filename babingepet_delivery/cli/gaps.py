"""``babingepet gaps``: what was missing of the market, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from babingepet_delivery.cli import output
from babingepet_delivery.cli.format import moment, plain_table
from babingepet_delivery.cli.parameters import DayAfter, Json, Symbol, Warehouse

SHOWN = 40
"""Gaps printed for people, the newest; --json has up to 1,000 of each warehouse."""


def gaps(
    *,
    first: Annotated[
        str | None, Parameter(name="--from", help="First UTC day, such as 2024-01-01.")
    ] = None,
    last: DayAfter = None,
    symbol: Symbol = None,
    warehouse: Warehouse = None,
    json: Json = False,
) -> int:
    """List the gaps: seen when and why, repaired when and from where, decisions affected."""
    from babingepet_resources.settings import load_settings
    from babingepet_services.market.gap_report import gap_report

    settings = load_settings(symbol=symbol.upper() if symbol else None)
    document = gap_report(settings, first, last, warehouse)
    return output.show(document, _print, as_json=json)


def _print(console: Console, document: Mapping[str, Any]) -> None:
    counts = document["counts"]
    console.print(
        f"{document['symbol']}: {counts['seen']} gaps, {counts['repaired']} repaired, "
        f"{counts['open']} open"
    )
    if document["gaps"]:
        table = plain_table(
            "feed", right=("decisions",), left=("from", "to", "seen", "repaired", "reason")
        )
        for gap in document["gaps"][-SHOWN:]:
            repaired = f"{moment(gap['repaired'])} from {gap['repaired_from']}"
            table.add_row(
                f"{gap['feed']} ({gap['warehouse']})",
                str(gap["decisions_affected"]),
                moment(gap["start"]),
                moment(gap["end"]),
                moment(gap["seen"]),
                repaired if gap["repaired"] else "open",
                gap["reason"],
            )
        console.print(table)
