"""Dagster's own settings: one file for the embedded storage, one for PostgreSQL.

They differ in their storage only; a test compares the rest. No address stands in a file: the one
for PostgreSQL names ``VARIABLE``, which whoever starts a Dagster process sets.
"""

from __future__ import annotations

from pathlib import Path

from babingepet.errors import ConfigurationError

VARIABLE = "DAGSTER_STORAGE_URL"
"""Environment variable with the address of Dagster's tables; see ``storage.storage_url``."""

_HERE = Path(__file__).resolve().parent
ROOT = _HERE.parent.parent
EMBEDDED = (_HERE / "embedded.yaml", ROOT / "dagster.yaml")
SERVER = (_HERE / "server.yaml", ROOT / "deploy" / "dagster.yaml")
"""In a wheel beside the code, in a clone where people look for them."""


def instance_text(*, on_server: bool) -> str:
    """The content of dagster.yaml.

    Args:
        on_server: Whether Dagster's tables are on PostgreSQL.

    Raises:
        ConfigurationError: The installation lacks the file.
    """
    files = SERVER if on_server else EMBEDDED
    found = next((path for path in files if path.is_file()), None)
    if found is None:
        raise ConfigurationError(f"{files[-1]} is missing: reinstall Babingepet.")
    return found.read_text()
