"""``babingepet backfill``: the past of a market, from Binance's public archive and the exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from rich.console import Console

from babingepet_delivery.cli import output
from babingepet_delivery.cli.format import moment, money, plain_table, section, size
from babingepet_delivery.cli.parameters import DayAfter, Json, Symbol

if TYPE_CHECKING:
    from babingepet_resources.settings import Settings
    from babingepet_services.backfill.command import Wanted

SHOWN = 10
"""Conflicts, holes and refused files printed for people; --json has more of them."""


def backfill(
    kind: Annotated[
        Literal["candles", "trades", "funding", "open-interest"],
        Parameter(name="KIND", help="candles, trades, funding or open-interest."),
    ],
    /,
    *,
    first: Annotated[
        str | None,
        Parameter(
            name="--from",
            help="First UTC day, such as 2024-01-01. Without it: two years ago; of trades 3 days.",
        ),
    ] = None,
    last: DayAfter = None,
    symbol: Symbol = None,
    only: Annotated[
        Literal["archive", "rest"] | None,
        Parameter(name="--only", help="Ask only the archive, or only the exchange (rest)."),
    ] = None,
    dry_run: Annotated[
        bool, Parameter(name="--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    json: Json = False,
) -> int:
    """Fill what the warehouse lacks of the past; what is stored never changes.

    Months and days come from Binance's public archive, checked and kept in the data folder; what it
    lacks is asked of the exchange. A recorded or simulated market is asked itself. Run it again
    after an interruption: it goes on where it ended.
    """
    from babingepet_resources.settings import load_settings
    from babingepet_services.backfill.command import Wanted

    settings = load_settings(symbol=symbol.upper() if symbol else None)
    wanted = Wanted(kind, first, last, only)
    document = _planned(settings, wanted) if dry_run else _done(settings, wanted, quiet=json)
    return output.show(document, _print_plan if dry_run else _print, as_json=json)


def _planned(settings: Settings, wanted: Wanted) -> dict[str, Any]:
    from babingepet_resources.clients.clock import SystemClock
    from babingepet_services.backfill.command import plan_backfill

    return plan_backfill(settings, SystemClock(), wanted)


def _done(settings: Settings, wanted: Wanted, *, quiet: bool) -> dict[str, Any]:
    from babingepet_delivery.cli.progress import progress_bar
    from babingepet_resources.clients.clock import SystemClock
    from babingepet_services.backfill.command import backfill as fill
    from babingepet_services.backfill.watch import Watcher

    if wanted.kind == "trades" and not quiet:
        _print_plan(output.console(), _planned(settings, wanted))
    with progress_bar(shown=not quiet) as tell:
        return fill(settings, SystemClock(), wanted, Watcher(tell, lambda _: None))


def _print_plan(console: Console, document: dict[str, Any]) -> None:
    plan = document["plan"]
    console.print(
        f"{_title(document)}: {plan['missing_hours']:,} hours missing in {plan['holes']} holes; "
        f"{len(plan['files'])} files of the archive, {len(plan['rest_spans'])} stretches for the "
        "exchange"
    )
    if plan.get("bytes") is not None:
        console.print(f"to download: {size(plan['bytes'])}")


def _print(console: Console, document: dict[str, Any]) -> None:
    console.print(_title(document))
    if document["note"]:
        console.print(document["note"])
        return
    rows, gaps = document["rows"], document["gaps"]
    console.print(
        f"{document['rows_written']:,} rows new ({rows['archive']:,} from the archive, "
        f"{rows['rest']:,} from the exchange) in {document['seconds']:.1f} s, "
        f"{document['rows_per_second']:,} rows/s"
    )
    console.print(
        f"gaps: {gaps['seen']} seen, {gaps['repaired']} repaired, {gaps['left']} left; conflicts: "
        f"{document['conflicts']}; rows refused: {document['rows_rejected']}"
    )
    _print_conflicts(console, document)
    _print_left(console, document)


def _print_conflicts(console: Console, document: dict[str, Any]) -> None:
    if not document["conflicting"]:
        return
    section(console, "Told differently than it is stored; what is stored stays")
    table = plain_table("time", right=("stored", "told"), left=("value",))
    for one in document["conflicting"][:SHOWN]:
        stored, told = money(one["stored"], 4), money(one["told"], 4)
        table.add_row(moment(one["time"]), stored, told, one["column"])
    console.print(table)


def _print_left(console: Console, document: dict[str, Any]) -> None:
    for refused in document["refusals"][:SHOWN]:
        console.print(f"{refused['file']}: {refused['reason']}", markup=False)
    if not document["left"]:
        return
    section(console, "Still missing")
    table = plain_table("from", left=("to", "why"))
    for hole in document["left"][:SHOWN]:
        table.add_row(moment(hole["start"]), moment(hole["end"]), hole["reason"])
    console.print(table)
    more = document["gaps"]["left"] - SHOWN
    if more > 0:
        console.print(f"and {more} more; babingepet gaps lists them")


def _title(document: dict[str, Any]) -> str:
    plan = document["plan"]
    return (
        f"{document['kind']} of {document['symbol']} ({document['source']}), "
        f"{moment(plan['from'])} to {moment(plan['to'])}"
    )
