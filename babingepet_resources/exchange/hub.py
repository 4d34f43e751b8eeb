"""The sockets of the exchange: who listens to which stream, and sending to them.

Belongs here: subscriptions and delivery with back-pressure. Does not belong here: what a message
says, when it is due, or what goes wrong with it on purpose (faults.py).
"""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from babingepet_resources.exchange import wire
from babingepet_resources.exchange.faults import Faults

CLOCK_STREAM = "!clock"
"""Our one addition to the exchange's streams: a marker at every minute boundary."""


@dataclass(frozen=True, slots=True, eq=False)
class Subscriber:
    """One socket.

    Attributes:
        socket: Where messages go.
        transport: What to cut when the connection is to be lost.
        streams: Full names, such as `btcusdt@aggTrade` or `!clock`.
        is_combined: Whether messages travel in the `{"stream":...,"data":...}` envelope.
    """

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    streams: frozenset[str]
    is_combined: bool

    async def send(self, stream: bytes, data: bytes) -> None:
        """Send one message and wait while the reader is slow; a lost reader is no error here."""
        frame = wire.envelope(stream, data) if self.is_combined else data
        try:
            await self.socket.send_frame(frame, WSMsgType.TEXT)
        except ConnectionError:
            self.cut()

    def cut(self) -> None:
        """Lose the connection without a closing handshake."""
        if self.transport is not None:
            self.transport.abort()


@dataclass(slots=True)
class StreamHub:
    """All subscribers by stream. Messages are awaited one by one: nothing is ever dropped.

    Attributes:
        faults: What goes wrong with messages on purpose; never with the clock's markers.
        changes: How often a socket came or went.
    """

    faults: Faults = field(default_factory=Faults)
    _by_stream: dict[str, list[Subscriber]] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    changes: int = 0

    @property
    def streams(self) -> Collection[str]:
        """Every stream that somebody listens to."""
        return self._by_stream.keys()

    def add(self, subscriber: Subscriber) -> None:
        """Deliver to this socket from now on."""
        for stream in subscriber.streams:
            self._by_stream.setdefault(stream, []).append(subscriber)
        self._note_change()

    def remove(self, subscriber: Subscriber) -> None:
        """Deliver nothing more to this socket; once it is removed, this does nothing."""
        for stream in subscriber.streams:
            listeners = self._by_stream.get(stream, [])
            if subscriber in listeners:
                listeners.remove(subscriber)
                if not listeners:
                    del self._by_stream[stream]
        self._note_change()

    def is_heard(self, stream: str) -> bool:
        """Whether anybody subscribed to `stream`."""
        return stream in self._by_stream

    async def wait_for_listener(self, stream: str | None) -> None:
        """Wait until somebody listens to `stream`, or to anything when it is None."""
        while not (self.is_heard(stream) if stream else self._by_stream):
            self._changed.clear()
            await self._changed.wait()

    async def changes_within(self, seconds: float) -> bool:
        """Wait that long, but only until a socket comes or goes; whether one did."""
        self._changed.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def send(self, stream: str, data: bytes) -> None:
        """Send to all who subscribed to `stream`."""
        if self.faults.is_quiet or stream == CLOCK_STREAM:
            await self._deliver(stream, data)
            return
        messages = self.faults.send_instead(stream, data)
        if messages is None:
            self._cut(tuple(self._by_stream.get(stream, ())))
            return
        for message in messages:
            await self._deliver(stream, message)

    async def _deliver(self, stream: str, data: bytes) -> None:
        name = stream.encode()
        for subscriber in tuple(self._by_stream.get(stream, ())):
            await subscriber.send(name, data)

    def subscribers(self) -> Iterable[Subscriber]:
        """Every socket once."""
        return {s for listeners in self._by_stream.values() for s in listeners}

    def cut_all(self) -> None:
        """Lose every connection at once."""
        self._cut(self.subscribers())

    def _cut(self, subscribers: Iterable[Subscriber]) -> None:
        for subscriber in subscribers:
            subscriber.cut()
            self.remove(subscriber)

    def _note_change(self) -> None:
        self.changes += 1
        self._changed.set()
