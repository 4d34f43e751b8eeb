"""Bringing the configured warehouse to this version's tables."""

from __future__ import annotations

from typing import Any

from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import schema
from babingepet_resources.warehouse.database import open_database


def upgrade_warehouse(settings: Settings) -> dict[str, Any]:
    """Apply the revisions that are missing.

    ``auto`` means the embedded database of the real exchange: asking the exchange first would make
    an upgrade depend on the network.

    Returns:
        database (without its password), before, revision, applied.

    Raises:
        ConfigurationError: The database holds tables that are not ours, or newer ones.
        WarehouseUnavailable: It cannot be reached or written.
    """
    source = "binance" if settings.market == "auto" else settings.market
    database = open_database(settings.warehouse_url(source), settings.database_schema)
    try:
        done = schema.upgrade(database)
        return {
            "database": database.where,
            "before": done.before,
            "revision": done.after,
            "applied": list(done.applied),
        }
    finally:
        database.close()
