"""``babingepet replays`` and ``babingepet replay compare``: the replay book on the command line."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import Json, Warehouse


def replays(
    *,
    drop: Annotated[
        str | None,
        Parameter(
            name="--drop",
            help="Delete a replay, named by its ID or the beginning of it, instead of listing.",
        ),
    ] = None,
    warehouse: Warehouse = None,
    json: Json = False,
) -> int:
    """List the saved replays of all warehouses, newest first; or delete one.

    The configured warehouse is asked first, then the other embedded ones of the data folder.
    """
    from babingepet_resources.settings import load_settings
    from babingepet_services.replay.book import drop_replay, list_replays

    settings = load_settings()
    if drop is not None:
        document = drop_replay(settings, drop, warehouse)
    else:
        document = list_replays(settings, warehouse)
    if json:
        output.print_json(document)
        return output.OK
    from babingepet_delivery.cli.replays_view import print_replays

    if drop is not None:
        output.console().print(f"{document['dropped']} ({document['warehouse']}): deleted")
    else:
        print_replays(output.console(), document)
    return output.OK


def replay_compare(
    one: Annotated[
        str, Parameter(name="A", help="A saved replay: its ID, or a beginning no other one has.")
    ],
    other: Annotated[str, Parameter(name="B", help="Another one.")],
    /,
    *,
    warehouse: Warehouse = None,
    json: Json = False,
) -> int:
    """Put two saved replays side by side: rules, inputs, numbers, trades, and where they part.

    Differences are B less A. Two replays of the same rules on the same market differ in nothing.
    """
    from babingepet_delivery.cli.replay_compare_view import print_comparison
    from babingepet_resources.settings import load_settings
    from babingepet_services.replay.book import find_replay
    from babingepet_services.replay.compare import compare_replays

    settings = load_settings()
    with (
        find_replay(settings, one, warehouse) as a,
        find_replay(settings, other, warehouse) as b,
    ):
        document = compare_replays(a, b).document()
    return output.show(document, print_comparison, as_json=json)
