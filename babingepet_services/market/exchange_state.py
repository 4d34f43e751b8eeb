"""Whether the exchange of the settings answers now, and whether a recording is over.

Belongs here: one question, asked once. Does not belong here: what a silent exchange means.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp

from babingepet.errors import BabingepetError, ExchangeUnavailable
from babingepet_resources.addresses import place_of
from babingepet_resources.clients.binance.loopback import LoopbackControl
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_services.doctor.exchange import Probe, measure_skew


@dataclass(frozen=True)
class ExchangeState:
    """What came of asking.

    Attributes:
        silence: Why it does not answer; None when it does.
        over: Whether a recording was played to its end.
    """

    silence: str | None = None
    over: bool = False


def ask_exchange(settings: Settings, clock: Clock, probe: Probe = measure_skew) -> ExchangeState:
    """Ask once, with a doctor's patience; a played market without an address cannot be asked."""
    try:
        if settings.exchange_url is not None:
            return ExchangeState(over=is_over(settings))
        if settings.market == "binance":
            probe(settings.symbol, None, clock)
    except BabingepetError as error:
        return ExchangeState(silence=str(error))
    return ExchangeState()


def is_over(settings: Settings) -> bool:
    """Whether the loopback exchange has played its recording to the end; the real one never ends.

    Raises:
        ExchangeUnavailable: It does not answer.
    """
    if settings.exchange_url is None:
        return False
    return asyncio.run(_is_over(settings.exchange_url))


async def _is_over(url: str) -> bool:
    try:
        async with aiohttp.ClientSession() as session:
            return bool((await LoopbackControl(session, url).status())["ended"])
    except (aiohttp.InvalidURL, KeyError) as error:
        said = f"{place_of(url)} is no loopback exchange ({type(error).__name__})."
        raise ExchangeUnavailable(said) from error
