"""Which market is run, and the loopback exchange that serves a recorded or simulated one.

Belongs here: choosing, and where a market goes on after a restart. Does not belong here: serving
(``babingepet_resources.exchange``).
"""

from __future__ import annotations

import os
import sys
from contextlib import closing
from dataclasses import dataclass

from babingepet.errors import WarehouseUnavailable
from babingepet_delivery.supervision.home import LOCAL, free_port
from babingepet_resources.clients.clock import Clock
from babingepet_resources.exchange.moments import format_moment
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import history
from babingepet_resources.warehouse.records import DecisionRecord
from babingepet_services.btc.records import PAPER
from babingepet_services.market.source import SIMULATED_WARNING, open_existing, resolve_market


@dataclass(frozen=True)
class MarketPlan:
    """What is run.

    Attributes:
        settings: With the market resolved, and the address of the exchange if there is a loopback.
        exchange_port: Where our own exchange listens; None for the real one or somebody else's.
        warning: What the user must not miss.
    """

    settings: Settings
    exchange_port: int | None = None
    warning: str | None = None


def plan_market(settings: Settings, clock: Clock) -> MarketPlan:
    """Resolve ``auto`` and give our own exchange an address.

    A market that is only simulated because the exchange cannot be reached runs at 1x, as the real
    one would.
    """
    market = resolve_market(settings, clock)
    if market == "binance" or settings.exchange_url:
        return MarketPlan(settings.model_copy(update={"market": market}))
    port = free_port()
    given: dict[str, object] = {"market": market, "exchange_url": f"http://{LOCAL}:{port}"}
    if settings.market == "auto":
        return MarketPlan(
            settings.model_copy(update={**given, "speed": "1"}), port, SIMULATED_WARNING
        )
    return MarketPlan(settings.model_copy(update=given), port)


def exchange_command(plan: MarketPlan, clock: Clock) -> list[str]:
    """Command line of our own exchange; made anew for each start, since time has gone on."""
    settings = plan.settings
    command = [
        sys.executable, "-m", "babingepet_resources.exchange", "--market", settings.market,
        "--symbol", settings.symbol, "--speed", settings.speed, "--seed", str(settings.seed),
        "--port", str(plan.exchange_port), "--parent-pid", str(os.getpid()),
    ]  # fmt: skip
    for path in settings.data:
        command += ["--data", str(path.resolve())]
    start = _start(plan, clock)
    return command if start is None else [*command, "--from", start]


def _start(plan: MarketPlan, clock: Clock) -> str | None:
    """Where the exchange begins: now when it stands in for the real one, else after the last decision.

    A millisecond before it, because a recording cannot be opened at its very end.
    """
    if plan.warning:
        return format_moment(clock.now())
    last = last_decision(plan.settings)
    if last is None:
        return plan.settings.start
    before = last.as_of - 1
    return f"{format_moment(before).removesuffix('Z')}.{before % 1000:03d}"


def last_decision(settings: Settings) -> DecisionRecord | None:
    """The newest decision of the market's warehouse; None when there is none, or it does not answer."""
    try:
        database = open_existing(settings, settings.market)
        if database is None:
            return None
        with closing(database), database.reading() as connection:
            return history.last_decision(connection, PAPER, settings.symbol, settings.market)
    except WarehouseUnavailable:
        return None
