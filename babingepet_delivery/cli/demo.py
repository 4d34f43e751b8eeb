"""``babingepet demo``: the loop on a market of its own, a rehearsal that ends by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import NO_OPTIONS, Json, MarketOptions, choose_market

if TYPE_CHECKING:
    from babingepet_resources.settings import Settings
    from babingepet_services.demo.run import Demo


def demo(
    *,
    market: Annotated[
        Literal["recorded", "simulated"] | None,
        Parameter(name="--market", help="recorded (implied by --data) or simulated."),
    ] = None,
    options: MarketOptions = NO_OPTIONS,
    cycles: Annotated[
        int | None, Parameter(name="--cycles", help="Decisions after which it ends (default 300).")
    ] = None,
    json: Json = False,
) -> int:
    """Rehearse: the real loop on a recorded or simulated market, without Dagster.

    Everything is written to demo.sqlite in the data folder, which is made anew each time; no other
    database is touched. Speed is 60 (a minute a second), or max with --cycles or --json. A
    simulated market begins at a lively hour unless --from says where.
    """
    from babingepet_resources.clients.clock import SystemClock
    from babingepet_services.demo.run import Demo

    settings = _settings(market, options, hurried=json or cycles is not None)
    rehearsal = Demo(settings, SystemClock(), max_cycles=cycles)
    if json:
        _exhaust(rehearsal.run())
        output.print_json(rehearsal.report())
    else:
        _show(rehearsal)
    return output.OK


def _settings(market: str | None, options: MarketOptions, *, hurried: bool) -> Settings:
    from babingepet_resources.settings import load_settings

    settings = load_settings(**options.as_settings())
    default = settings.market if settings.market == "recorded" else "simulated"
    given: dict[str, object] = {"market": choose_market(market, options, default)}
    if "speed" not in settings.model_fields_set:
        given["speed"] = "max" if hurried else "60"
    return load_settings(**options.as_settings() | given)


def _exhaust(reports: Iterable[object]) -> None:
    for _ in reports:
        pass


def _show(rehearsal: Demo) -> None:
    from babingepet_delivery.cli.demo_view import DemoView

    view = DemoView(output.console(), rehearsal)
    try:
        view.follow()
    finally:
        view.summarise()
