"""``babingepet db``: looking after the warehouse's tables."""

from __future__ import annotations

from cyclopts import App

from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import Json


def database_commands() -> App:
    """The commands below ``babingepet db``."""
    app = App(name="db", help="Look after the database.", sort_key=90)
    app.command(upgrade)
    return app


def upgrade(*, json: Json = False) -> int:
    """Bring the configured database to this version's tables.

    It is the one of BABINGEPET_DATABASE_URL, or the embedded one of BABINGEPET_MARKET in the data
    folder. Tables that Babingepet did not create are never touched.
    """
    from babingepet_resources.settings import load_settings
    from babingepet_services.upgrade import upgrade_warehouse

    done = upgrade_warehouse(load_settings())
    if json:
        output.print_json(done)
    elif done["applied"]:
        steps = ", ".join(done["applied"])
        output.console().print(f"{done['database']}: applied {steps}; now at {done['revision']}")
    else:
        output.console().print(f"{done['database']}: nothing to do, at {done['revision']}")
    return output.OK
