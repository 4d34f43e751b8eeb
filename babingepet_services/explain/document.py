"""From a trade or a decision back to everything that made it, as one document of JSON values.

1. the identifier is found in a warehouse (``warehouse_lookup``)
2. of a trade: order, fill, the stop minute by minute, exit (``explain.trade``)
3. of the decision: numbers, gates, market, gaps, rules and versions (``explain.decision``)

Only stored facts are told; nothing is computed again (``replay.cycle`` does that).
"""

from __future__ import annotations

from typing import Any

from babingepet_resources.settings import Settings
from babingepet_services.explain.decision import decision_story
from babingepet_services.explain.trade import trade_story
from babingepet_services.warehouse_lookup import Found, find


def explain(settings: Settings, identifier: str, warehouse: str | None = None) -> dict[str, Any]:
    """Tell a decision or a trade.

    Args:
        settings: Where warehouses are.
        identifier: A cycle id or a position id.
        warehouse: Name of the one warehouse to look at; None for all.

    Returns:
        id, kind (decision or trade), found_in, trade (None for a decision), decision (of a trade
        the one that ordered it). Times are UTC milliseconds.

    Raises:
        InputError: No warehouse has it.
        WarehouseUnavailable: The warehouse does not answer.
    """
    with (
        find(settings, identifier, warehouse) as found,
        found.database.reading() as connection,
    ):
        trade = None
        if found.position_id is not None:
            trade = trade_story(connection, found.book, found.position_id)
        return {
            "id": identifier,
            "kind": "decision" if trade is None else "trade",
            "found_in": _found_in(found),
            "trade": trade,
            "decision": decision_story(connection, found.book, found.cycle_id),
        }


def _found_in(found: Found) -> dict[str, Any]:
    return {
        "warehouse": found.place.name,
        "database": found.database.where,
        "book": found.book,
        "also_in": list(found.also_in),
    }
