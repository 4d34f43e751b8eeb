"""``babingepet swarm``: who the analysts are, what they said last, and what asking models cost."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import DayAfter, Json, Symbol, Warehouse
from babingepet_delivery.cli.swarm_value import value


def swarm_commands() -> App:
    """The commands below ``babingepet swarm``."""
    app = App(
        name="swarm", help="Look at the analysts: who, what they said, the cost.", sort_key=81
    )
    app.command(agents)
    app.command(copy)
    app.command(spend)
    app.command(last_round, name="round")
    app.command(value)
    return app


def agents(*, json: Json = False) -> int:
    """List the analysts of the three markets, their models and prompts, and where those come from."""
    from babingepet_delivery.cli import swarm_view
    from babingepet_resources.settings import load_settings
    from babingepet_services.swarm.report import agents_report

    document = agents_report(load_settings())
    return output.show(document, swarm_view.print_agents, as_json=json)


def copy(*, json: Json = False) -> int:
    """Copy models and prompts into the data folder, to be edited there; what is there stays."""
    from babingepet_delivery.cli import swarm_view
    from babingepet_resources.settings import load_settings
    from babingepet_services.swarm.report import copy_report

    document = copy_report(load_settings())
    return output.show(document, swarm_view.print_copied, as_json=json)


def spend(
    *,
    first: Annotated[
        str | None,
        Parameter(name="--from", help="First UTC day; the first of this month by default."),
    ] = None,
    last: DayAfter = None,
    warehouse: Warehouse = None,
    json: Json = False,
) -> int:
    """Tell what asking models cost, by agent and model, beside the budgets."""
    from babingepet_delivery.cli import swarm_view
    from babingepet_resources.clients.clock import SystemClock
    from babingepet_resources.settings import load_settings
    from babingepet_services.swarm.report import spend_report

    document = spend_report(load_settings(), SystemClock(), first, last, warehouse)
    return output.show(document, swarm_view.print_spend, as_json=json)


def last_round(
    *,
    as_of: Annotated[
        str | None,
        Parameter(name="--as-of", help="The newest round then, in UTC, such as 2025-05-10T12:00."),
    ] = None,
    symbol: Symbol = None,
    warehouse: Warehouse = None,
    json: Json = False,
) -> int:
    """Show the newest round: what each analyst answered, and what they agree on. Asks nobody."""
    from babingepet_delivery.cli import swarm_view
    from babingepet_resources.settings import load_settings
    from babingepet_services.swarm.report import round_report

    settings = load_settings(symbol=symbol.upper() if symbol else None)
    document = round_report(settings, as_of, warehouse)
    return output.show(document, swarm_view.print_round, as_json=json)
