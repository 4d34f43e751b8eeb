"""Whether the exchange answers, and how far its clock is from this machine's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from babingepet.cycles.settings import BtcSettings
from babingepet.errors import BabingepetError
from babingepet.market.intervals import SECOND
from babingepet_resources.addresses import place_of
from babingepet_resources.clients.binance.connection import open_connection
from babingepet_resources.clients.binance.options import FeedOptions
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_services.doctor.findings import Finding, ok, warn

HASTY = FeedOptions(deadline_s=4.0, attempt_s=3.0, retries=0)
"""A doctor's patience: one attempt."""
NAME = "exchange"

Probe = Callable[[str, str | None, Clock], int | None]
"""(symbol, address or None for Binance, clock) to how far the exchange's clock is from ours, ms;
None when the exchange has a clock of its own. Raises BabingepetError when it does not answer."""


def measure_skew(symbol: str, base_url: str | None, clock: Clock) -> int | None:
    """Greet the exchange and compare clocks; see ``Probe``."""

    async def greet() -> int | None:
        connection = await open_connection(symbol, base_url, clock, HASTY)
        await connection.close()
        return connection.time.skew_ms if base_url is None else None

    return asyncio.run(greet())


def examine_exchange(settings: Settings, clock: Clock, probe: Probe) -> Finding:
    """Ask the exchange that the settings mean; one that does not answer is never a failure."""
    if settings.market in {"recorded", "simulated"} and not settings.exchange_url:
        return ok(NAME, "exchange", f"not needed: the market is {settings.market}")
    where = place_of(settings.exchange_url) if settings.exchange_url else "Binance"
    try:
        skew = probe(settings.symbol, settings.exchange_url, clock)
    except BabingepetError as error:
        return warn(NAME, where, f"unreachable: {error}", _without_exchange(settings))
    if skew is None:
        return ok(NAME, where, f"answers, {settings.symbol} is listed; it has its own clock")
    text = f"answers, {settings.symbol} is listed, clocks differ by {abs(skew) / SECOND:.1f} s"
    if abs(skew) > BtcSettings().voting.max_clock_skew:
        return warn(NAME, where, text, "set this machine's clock: the gate CLOCK_SKEW is closed")
    return ok(NAME, where, text)


def _without_exchange(settings: Settings) -> str:
    if settings.exchange_url:
        return "start the loopback exchange, or unset BABINGEPET_EXCHANGE_URL"
    if settings.market == "auto":
        return "the market will be simulated, and say so; check the network for the real one"
    return "check the network, or set BABINGEPET_MARKET=simulated or recorded"
