"""The exchange's WebSockets: what a connection may hear, and how long it lives.

Belongs here: names, categories and the life of one socket. Does not belong here: what is sent
(player.py), delivery (hub.py), or other HTTP (server.py).
"""

import asyncio
from dataclasses import dataclass

from aiohttp import WSCloseCode, web

from babingepet_resources.exchange import wire
from babingepet_resources.exchange.clock import ExchangeClock
from babingepet_resources.exchange.hub import CLOCK_STREAM, StreamHub, Subscriber

HOUR_S = 3_600.0

_PUBLIC_CHANNELS = ("bookTicker", "depth")
"""Channels of the `/public` category; `/market` carries all the others."""


@dataclass(frozen=True, slots=True)
class SocketRules:
    """How the exchange treats a connection, in seconds of real time.

    Attributes:
        ping_s: Distance of two pings; a socket that does not answer is closed.
        lifetime_s: After this long the exchange closes the socket, whoever uses it.
    """

    ping_s: float = 180.0
    lifetime_s: float = 24 * HOUR_S


class StreamSockets:
    """Serves sockets for as long as they last.

    Args:
        hub: Where a socket's messages come from.
        clock: A socket that follows the clock is told where it is held.
        rules: How it is treated.
    """

    def __init__(self, hub: StreamHub, clock: ExchangeClock, rules: SocketRules) -> None:
        self._hub = hub
        self._clock = clock
        self._rules = rules

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket until its reader goes or its time is over."""
        if self._hub.faults.refuses(request) and request.transport is not None:
            request.transport.abort()
            return web.Response()
        socket = web.WebSocketResponse(heartbeat=self._rules.ping_s, compress=False)
        await socket.prepare(request)
        subscriber = Subscriber(
            socket=socket,
            transport=request.transport,
            streams=_requested_streams(request),
            is_combined="/ws" not in request.path,
        )
        self._hub.add(subscriber)
        try:
            async with asyncio.timeout(self._rules.lifetime_s):
                await self._listen(subscriber)
        except TimeoutError:
            await self._close(subscriber)
        finally:
            self._hub.remove(subscriber)
        return socket

    async def _close(self, subscriber: Subscriber) -> None:
        """Say goodbye; a reader that does not answer within a moment is cut."""
        await subscriber.socket.close(code=WSCloseCode.GOING_AWAY, message=b"lifetime is over")
        subscriber.cut()

    async def _listen(self, subscriber: Subscriber) -> None:
        """Read until the reader goes; what it says is not answered."""
        held_at = self._clock.held_at
        if held_at is not None and CLOCK_STREAM in subscriber.streams:
            await subscriber.send(CLOCK_STREAM.encode(), wire.marker(held_at))
        async for _ in subscriber.socket:
            pass


def _requested_streams(request: web.Request) -> frozenset[str]:
    """The names asked for that this category carries; the exchange is silent about all others."""
    text = request.match_info.get("name") or request.query.get("streams", "")
    names = [name for name in text.split("/") if name]
    category = request.path.split("/")[1]
    if category in {"public", "market", "private"}:
        names = [name for name in names if _category(name) in {category, "any"}]
    return frozenset(names)


def _category(stream: str) -> str:
    if stream == CLOCK_STREAM:
        return "any"
    channel = stream.partition("@")[2]
    return "public" if channel.startswith(_PUBLIC_CHANNELS) else "market"
