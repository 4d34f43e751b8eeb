"""``babingepet run``: everything at once, until Ctrl-C."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from babingepet_delivery.cli.parameters import NO_OPTIONS, MarketOptions, choose_market


def run(
    *,
    market: Annotated[
        Literal["auto", "binance", "recorded", "simulated"] | None,
        Parameter(
            name="--market",
            help="Where the market comes from; auto is Binance when reachable, else simulated.",
        ),
    ] = None,
    options: MarketOptions = NO_OPTIONS,
    port: Annotated[
        int | None, Parameter(name="--port", help="Port of the Dagster pages (default 3000).")
    ] = None,
) -> int:
    """Run the platform: the market, Dagster's pages and daemon, and the BTC loop.

    Stays in the foreground; Ctrl-C ends everything it started.
    """
    from babingepet_resources.settings import load_settings
    from babingepet_services.preflight import check_before_start

    given = options.as_settings() | {"market": market, "dagster_port": port}
    settings = load_settings(**given)
    chosen = choose_market(market, options, settings.market)
    settings = load_settings(**given | {"market": chosen})
    check_before_start(settings)
    from babingepet_delivery.supervisor import run as supervise

    return supervise(settings)
