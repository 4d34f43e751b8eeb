"""``babingepet swarm``: the analysts."""

from __future__ import annotations

from cyclopts import App

from babingepet_delivery.cli.swarm_value import value


def swarm_commands() -> App:
    """The commands below ``babingepet swarm``."""
    app = App(name="swarm", help="Look into the analysts and what they are worth.", sort_key=82)
    app.command(value)
    return app
