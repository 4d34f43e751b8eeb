"""One WebSocket of the exchange, kept open for ever.

Belongs here: python-binance's socket, fed straight into the inbox, and its supervision. What the
messages say belongs to ``inbox``.

python-binance gives up after five reconnects and puts messages into a queue that ends the
connection when it is full. Here its socket is used without that queue (its reader hands each
message over at once, so a slow reader slows the sender down by TCP), one socket is one connection,
and the supervisor decides when the next one is opened.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import orjson
from binance.ws.constants import WSListenerState
from binance.ws.reconnecting_websocket import ReconnectingWebsocket
from binance.ws.streams import BinanceSocketManager
from websockets.exceptions import WebSocketException

from babingepet_resources.clients.binance.buffers import Coverage
from babingepet_resources.clients.binance.options import FeedOptions
from babingepet_resources.clients.clock import Clock

_log = logging.getLogger(__name__)

_CLOSE_POLL_S = 0.01

Message = Mapping[str, Any]


class Receiver(Protocol):
    """Takes what a socket brings, some thousand messages a second, without waiting."""

    def receive(self, coverage: Coverage, message: Message) -> None:
        """Take one message.

        Args:
            coverage: Of the socket it came through.
            message: As the socket delivers it.
        """
        ...


class DirectSocket(ReconnectingWebsocket):  # type: ignore[misc]  # the library is untyped
    """python-binance's socket for exactly one connection, without its queue.

    Attributes:
        lost: Set when the connection is over.
        reason: Why it is over.
        is_our_fault: Whether taking a message failed, which no new connection would mend.
    """

    TIMEOUT = None
    """Wait for a message as long as it takes: the supervisor watches the clock. A limit would
    cost a task per message, measured as half of the client's time at full speed."""

    def __init__(self, *, deliver: Callable[[Message], None], **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        # Each normal close is an error in the library's log; the supervisor reports what matters.
        self._log = logging.getLogger(f"{__name__}.library")
        self._log.setLevel(logging.CRITICAL)
        self._deliver = deliver
        self.lost = asyncio.Event()
        self.reason = ""
        self.is_our_fault = False

    def _handle_message(self, evt: str | bytes) -> None:
        try:
            message = orjson.loads(evt)
        except orjson.JSONDecodeError:
            message = {}  # the inbox counts it; a new connection would not make it readable
        self.is_our_fault = True
        self._deliver(message)
        self.is_our_fault = False

    async def _propagate_error(self, error_msg: dict[str, str]) -> None:
        self.reason = f"{error_msg['type']} {error_msg['m']}".strip()
        self.ws_state = WSListenerState.EXITING
        self.lost.set()

    async def close(self) -> None:
        """Close the connection; the library alone would wait for one more message first."""
        self.ws_state = WSListenerState.EXITING
        if self.ws is not None:
            await self.ws.close()
        while self._handle_read_loop is not None:
            await asyncio.sleep(_CLOSE_POLL_S)


class DirectSocketManager(BinanceSocketManager):  # type: ignore[misc]  # the library is untyped
    """python-binance's stream addresses, opening sockets of our kind."""

    SOCKET: type[DirectSocket] = DirectSocket

    def __init__(self, client: Any, stream_url: str | None) -> None:  # noqa: ANN401
        super().__init__(client)
        self.stream_url = stream_url
        # Compression costs more than it saves at thousands of small messages a second.
        self.ws_kwargs = {"compression": None}
        if stream_url is not None:
            self.FSTREAM_URL = stream_url
            self.ws_kwargs["proxy"] = None
        self._deliver: Callable[[Message], None] = lambda _message: None

    def open(
        self, streams: list[str], category: str, deliver: Callable[[Message], None]
    ) -> DirectSocket:
        """A socket, not connected yet, for full stream names of one category."""
        self._deliver = deliver
        socket: DirectSocket = self.futures_multiplex_socket(streams, category=category)
        return socket

    def _get_socket(
        self,
        path: str,
        stream_url: str | None = None,
        prefix: str = "ws/",
        **_unused: Any,  # noqa: ANN401
    ) -> DirectSocket:
        return self.SOCKET(
            deliver=self._deliver,
            url=stream_url or self.FSTREAM_URL,
            path=path,
            prefix=prefix,
            **self.ws_kwargs,
        )


class StreamSupervisor:
    """Keeps one socket open: reconnects with growing pauses, and tells what was not covered.

    Attributes:
        opened: Set once the first connection stands.
        coverage: What the socket covered.
    """

    def __init__(
        self,
        category: str,
        streams: list[str],
        manager: DirectSocketManager,
        inbox: Receiver,
        *,
        clock: Clock,
        options: FeedOptions,
        watch_silence: bool,
        counts: Counter[str],
    ) -> None:
        self._category = category
        self._streams = streams
        self._manager = manager
        self._inbox = inbox
        self._clock = clock
        self._options = options
        self._watch_silence = watch_silence
        self._counts = counts
        self._jitter = random.SystemRandom()
        self._messages = 0
        self.opened = asyncio.Event()
        self.coverage = Coverage()

    async def run(self) -> None:
        """Connect, read, connect again; ends by being cancelled."""
        pause = self._options.reconnect_s
        while True:
            before = self._messages
            reason = await self._one_connection()
            if self._messages > before:
                pause = self._options.reconnect_s
            self._counts["reconnects"] += 1
            wait = pause * self._jitter.uniform(0.5, 1.0)
            _log.warning(
                "The %s socket is down (%s); connecting again in %.1f s.",
                self._category,
                reason,
                wait,
            )
            await asyncio.sleep(wait)
            pause = min(2 * pause, self._options.reconnect_most_s)

    async def _one_connection(self) -> str:
        socket = self._manager.open(self._streams, self._category, self._receive)
        try:
            await socket.connect()
            self.opened.set()
            await self._until_lost(socket)
        except (OSError, TimeoutError, WebSocketException) as error:
            return f"{type(error).__name__} {error}"
        finally:
            await socket.close()
            self.coverage.broke()
        if socket.is_our_fault:
            raise RuntimeError(f"a message could not be taken: {socket.reason}")
        return str(socket.reason)

    async def _until_lost(self, socket: DirectSocket) -> None:
        seen, heard_at = self._messages, self._clock.monotonic()
        while not socket.lost.is_set():
            try:
                async with asyncio.timeout(self._options.silence_s / 3):
                    await socket.lost.wait()
            except TimeoutError:
                if self._messages > seen or not self._watch_silence:
                    seen, heard_at = self._messages, self._clock.monotonic()
                elif self._clock.monotonic() - heard_at >= self._options.silence_s:
                    socket.reason = f"no message for {self._options.silence_s:g} s"
                    return

    def _receive(self, message: Message) -> None:
        self._messages += 1
        self._inbox.receive(self.coverage, message)
