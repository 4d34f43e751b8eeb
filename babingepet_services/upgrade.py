"""Bringing the configured database to this version's tables: the warehouse's, and Dagster's.

Belongs here: which of them there are. Does not belong here: how each is brought up to date
(``warehouse.schema``, ``orchestration.storage``).
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import Any

from babingepet_resources.settings import REAL, Address, Settings
from babingepet_resources.warehouse import schema
from babingepet_resources.warehouse.database import open_database
from babingepet_services.orchestration.storage import prepare_storage
from babingepet_services.warehouse_lookup import all_places


def upgrade_database(settings: Settings) -> dict[str, Any]:
    """Apply the revisions that are missing.

    Embedded, that is the file of the configured market; ``auto`` means the real exchange's, since
    asking the exchange first would make an upgrade depend on the network. On PostgreSQL, it is the
    real market's tables, those of every other source that has some, and Dagster's.

    Returns:
        database (without its password), before, revision, applied of the first warehouse; others[]
        with the same keys; dagster (database, before, version), None for the embedded storage.

    Raises:
        ConfigurationError: The database holds tables that are not ours, or newer ones.
        WarehouseUnavailable: It cannot be reached or written.
    """
    source = settings.source if settings.warehouse(REAL).file else REAL
    first, *others = [_upgrade(address) for address in _addresses(settings, source)]
    dagster = prepare_storage(settings)
    return first | {"others": others, "dagster": asdict(dagster) if dagster else None}


def _addresses(settings: Settings, source: str) -> list[Address]:
    first = settings.warehouse(source)
    on_server = [place.address for place in all_places(settings) if place.address.file is None]
    return [first, *(address for address in on_server if address != first)]


def _upgrade(address: Address) -> dict[str, Any]:
    with closing(open_database(address.url, address.schema)) as database:
        done = schema.upgrade(database)
        return {
            "database": database.where,
            "before": done.before,
            "revision": done.after,
            "applied": list(done.applied),
        }
