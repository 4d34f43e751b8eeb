"""The REST side of one connection: python-binance's client and what makes it well-behaved.

Belongs here: opening and closing. An address other than the exchange's own must be a loopback
exchange: rows of an unknown place would carry a false source.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from binance.async_client import AsyncClient

from babingepet_resources.clients.binance.exchange_time import ExchangeTime
from babingepet_resources.clients.binance.history import BinanceHistory
from babingepet_resources.clients.binance.limits import RequestLimits
from babingepet_resources.clients.binance.loopback import LoopbackControl
from babingepet_resources.clients.binance.markets import Market, loopback_market, real_market
from babingepet_resources.clients.binance.options import FeedOptions
from babingepet_resources.clients.binance.rest import BinanceRest
from babingepet_resources.clients.binance.streams import DirectSocketManager
from babingepet_resources.clients.clock import Clock


@dataclass(frozen=True)
class Connection:
    """What a session works with.

    Attributes:
        market: What is at the other end.
        control: The loopback exchange's own calls; None for the real exchange.
        counts: Counters of everything that happened; named in ``FeedHealth``.
    """

    market: Market
    client: AsyncClient
    control: LoopbackControl | None
    time: ExchangeTime
    limits: RequestLimits
    rest: BinanceRest
    history: BinanceHistory
    sockets: DirectSocketManager
    counts: Counter[str]

    async def close(self) -> None:
        """Close the HTTP session."""
        await self.client.close_connection()


async def open_connection(
    symbol: str, base_url: str | None, clock: Clock, options: FeedOptions
) -> Connection:
    """Ask the market what it is, require the symbol, and compare clocks.

    Args:
        symbol: The exchange's name, ``BTCUSDT``.
        base_url: Of a loopback exchange, without a trailing slash; None for the real one.
        clock: This machine's.
        options: How patient to be.

    Raises:
        ExchangeUnavailable: It does not answer, or is not an exchange.
        InputError: It does not list the symbol.
    """
    # The environment's proxies lead to the real exchange, never to this machine.
    client = AsyncClient(session_params={"trust_env": base_url is None})
    try:
        return await _greeted(client, symbol, base_url, clock, options)
    except BaseException:
        await client.close_connection()
        raise


async def _greeted(
    client: AsyncClient, symbol: str, base_url: str | None, clock: Clock, options: FeedOptions
) -> Connection:
    counts: Counter[str] = Counter()
    time = ExchangeTime(clock)
    control, market, stream_url = None, real_market(symbol), None
    if base_url is not None:
        client.FUTURES_URL = f"{base_url}/fapi"
        client.FUTURES_DATA_URL = f"{base_url}/futures/data"
        stream_url = f"ws{base_url.removeprefix('http')}/"
        control = LoopbackControl(client.session, base_url)
        market = loopback_market(symbol, await control.status())
    limits = RequestLimits(clock, time.now)
    rest = BinanceRest(client, limits, options, counts)
    history = BinanceHistory(rest, symbol, market.absent, counts)
    if market.began_at is None:
        await time.measure(rest)
    else:
        time.stand(market.began_at)
    await history.require_symbol()
    sockets = DirectSocketManager(client, stream_url)
    return Connection(market, client, control, time, limits, rest, history, sockets, counts)
