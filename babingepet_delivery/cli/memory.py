"""``babingepet memory``: what is remembered, found by words, and how the file is."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import App, Parameter

from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import Json

MemorySource = Annotated[
    Literal["binance", "recorded", "simulated"] | None,
    Parameter(
        name="--source",
        help="Whose facts; each has a memory of its own. Without it: the configured one, or the "
        "first that there is.",
    ),
]


def memory_commands() -> App:
    """The commands below ``babingepet memory``."""
    app = App(name="memory", help="Look into what is remembered (Hippocampus).", sort_key=80)
    app.command(search)
    app.command(stats)
    return app


def search(
    query: Annotated[str, Parameter(help='Words; "" for the newest memories.')],
    /,
    *,
    market: Annotated[
        str | None, Parameter(name="--market", help="Only of btc, altcoin or ihsg.")
    ] = None,
    kind: Annotated[
        str | None, Parameter(name="--kind", help="Only decision, trade, pick or note.")
    ] = None,
    limit: Annotated[int, Parameter(name="--limit", help="At most so many, 5 by default.")] = 5,
    as_of: Annotated[
        str | None,
        Parameter(name="--as-of", help="What was known then, in UTC, such as 2025-05-10T12:00."),
    ] = None,
    source: MemorySource = None,
    json: Json = False,
) -> int:
    """Find memories by words: the best fit times strength first. Finding changes nothing."""
    from babingepet_delivery.cli import memory_view
    from babingepet_resources.clients.clock import SystemClock
    from babingepet_resources.settings import load_settings
    from babingepet_services.memory.report import search_report

    document = search_report(
        load_settings(),
        SystemClock(),
        query,
        market=market,
        kind=kind,
        limit=limit,
        as_of=as_of,
        source=source,
    )
    return output.show(document, memory_view.print_found, as_json=json)


def stats(*, source: MemorySource = None, json: Json = False) -> int:
    """Tell what a memory holds, and check its index of words."""
    from babingepet_delivery.cli import memory_view
    from babingepet_resources.settings import load_settings
    from babingepet_services.memory.report import stats_report

    document = stats_report(load_settings(), source)
    output.show(document, memory_view.print_stats, as_json=json)
    return output.OK if document["ok"] is not False else output.FAILED
