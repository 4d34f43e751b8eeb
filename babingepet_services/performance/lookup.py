"""In which warehouse an account is: the configured one first, then the others."""

from __future__ import annotations

from typing import Any

from babingepet_resources.settings import Settings
from babingepet_services.btc.records import PAPER
from babingepet_services.performance.measure import performance
from babingepet_services.warehouse_lookup import account_place


def find_performance(
    settings: Settings,
    book: str = PAPER,
    since: int | None = None,
    until: int | None = None,
    *,
    warehouse: str | None = None,
    source: str | None = None,
) -> dict[str, Any]:
    """Measure the account of the settings' instrument in the first warehouse that has it.

    Args:
        settings: Where warehouses are, and the instrument.
        book: The ledger.
        since: UTC ms at which the period begins; None for the account's beginning.
        until: UTC ms at which it ends; None for its last minute.
        warehouse: Name of the one warehouse to look at; None for all.
        source: As for ``performance``.

    Returns:
        The document of ``Performance`` with ``found_in`` (warehouse, database).

    Raises:
        InputError: No warehouse has it, or it has no minute in the period.
        WarehouseUnavailable: One that is asked before it is found does not answer.
    """
    first = account_place(settings, book, warehouse)
    database = first.open()
    try:
        told = performance(database, book, settings.symbol, since, until, source=source)
    finally:
        database.close()
    found_in = {"warehouse": first.name, "database": database.where}
    return {"found_in": found_in, **told.document()}
