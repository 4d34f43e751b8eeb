"""In which warehouse an account is: the configured one first, then the others."""

from __future__ import annotations

from typing import Any

from babingepet.errors import InputError
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import accounts
from babingepet_services.btc_records import PAPER
from babingepet_services.performance import performance
from babingepet_services.warehouse_lookup import Place, named_places


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
    places = named_places(settings, warehouse)
    # One that does not answer is never passed over: another account would be taken for its own.
    first = next((place for place in places if _has_account(place, book, settings.symbol)), None)
    if first is None:
        searched = ", ".join(place.name for place in places)
        raise InputError(f"book {book} has no decision about {settings.symbol} in {searched}")
    database = first.open()
    try:
        told = performance(database, book, settings.symbol, since, until, source=source)
    finally:
        database.close()
    found_in = {"warehouse": first.name, "database": database.where}
    return {"found_in": found_in, **told.document()}


def _has_account(place: Place, book: str, symbol: str) -> bool:
    database = place.open()
    try:
        with database.reading() as connection:
            return bool(accounts.accounts(connection, book, symbol))
    finally:
        database.close()
