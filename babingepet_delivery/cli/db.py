"""``babingepet db``: looking after the database's tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cyclopts import App
from rich.console import Console

from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import Json


def database_commands() -> App:
    """The commands below ``babingepet db``."""
    app = App(name="db", help="Look after the database.", sort_key=90)
    app.command(upgrade)
    return app


def upgrade(*, json: Json = False) -> int:
    """Bring the configured database to this version's tables.

    It is the one of BABINGEPET_DATABASE_URL with all of its schemas and Dagster's tables, or the
    embedded one of BABINGEPET_MARKET in the data folder. Tables that Babingepet did not create are
    never touched.
    """
    from babingepet_resources.settings import load_settings
    from babingepet_services.upgrade import upgrade_database

    done = upgrade_database(load_settings())
    return output.show(done, _print, as_json=json)


def _print(console: Console, done: Mapping[str, Any]) -> None:
    lines = [_told(warehouse) for warehouse in (done, *done["others"])]
    if dagster := done["dagster"]:
        lines.append(_told_of_dagster(dagster))
    for line in lines:
        console.print(line, soft_wrap=True)


def _told(done: dict[str, Any]) -> str:
    if done["applied"]:
        steps = ", ".join(done["applied"])
        return f"{done['database']}: applied {steps}; now at {done['revision']}"
    return f"{done['database']}: nothing to do, at {done['revision']}"


def _told_of_dagster(done: dict[str, Any]) -> str:
    if done["before"] == done["version"]:
        return f"{done['database']}: nothing to do, at Dagster {done['version']}"
    how = f"migrated from Dagster {done['before']}" if done["before"] else "made"
    return f"{done['database']}: {how}; now at Dagster {done['version']}"
