"""``babingepet replay-cycle``: a stored decision made again from its stored inputs."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import Json, Warehouse

SHOWN = 10
"""Differences printed for people; --json has all of them."""


def replay_cycle(
    identifier: Annotated[str, Parameter(name="ID", help="A cycle, such as btc-20250510T0001Z.")],
    /,
    *,
    warehouse: Warehouse = None,
    json: Json = False,
) -> int:
    """Make a decision again from what was captured and compare every byte.

    Ends with exit code 1 when the decision is not identical.
    """
    from babingepet_resources.event_tape.tape import EventTape
    from babingepet_resources.settings import load_settings
    from babingepet_services.replay.cycle import replay_cycle as replay
    from babingepet_services.warehouse_lookup import find

    settings = load_settings()
    event_tape = EventTape.open(settings.tape_address())
    with find(settings, identifier, warehouse, kind="cycle") as found:
        replayed = replay(found.database, found.book, found.cycle_id, event_tape)
        where = found.place.name
    if json:
        output.print_json(
            {
                "cycle_id": replayed.cycle_id,
                "warehouse": where,
                "identical": replayed.identical,
                "engine_version": replayed.engine_version,
                "stored_engine_version": replayed.stored_engine_version,
                "differences": list(replayed.differences),
                "gone": replayed.gone,
            }
        )
    elif replayed.identical:
        output.console().print(
            f"{replayed.cycle_id} ({where}): identical, {len(replayed.stored)} bytes"
        )
    else:
        _print_differences(replayed.cycle_id, where, replayed.differences)
    if replayed.gone and not json:
        output.console().print(f"  {replayed.gone}", markup=False)
    return output.OK if replayed.identical else output.FAILED


def _print_differences(cycle_id: str, where: str, differences: tuple[str, ...]) -> None:
    console = output.console()
    console.print(f"{cycle_id} ({where}): NOT identical, {len(differences)} values differ")
    for line in differences[:SHOWN]:
        console.print(f"  {line}", markup=False)
    if len(differences) > SHOWN:
        console.print(f"  and {len(differences) - SHOWN} more; --json has all of them")
