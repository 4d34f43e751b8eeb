"""The embedded warehouse: which SQLite file a URL names.

What belongs here: what is wrong with such a URL. What does not: how SQLite is opened
(``sqlite_files``), transactions, SQL about our tables.
"""

from __future__ import annotations

from sqlalchemy import URL, Engine

from babingepet.errors import ConfigurationError, WarehouseUnavailable
from babingepet_resources import sqlite_files
from babingepet_resources.warehouse.limits import Limits


def make_engine(url: URL, limits: Limits) -> Engine:
    """An engine over a file; no connection is made yet.

    Raises:
        ConfigurationError: The address names no file.
        WarehouseUnavailable: The folder of the file cannot be made.
    """
    if url.database in {None, "", ":memory:"}:
        raise ConfigurationError("BABINGEPET_DATABASE_URL must name a file: sqlite:///path/to/file")
    try:
        return sqlite_files.make_engine(url, limits.lock)
    except OSError as error:
        where = f"The database {url.database}"
        raise sqlite_files.from_os(error, where, WarehouseUnavailable) from error
