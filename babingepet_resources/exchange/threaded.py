"""The exchange in a thread of its own, for tests and for programs that bring their market along.

Belongs here: starting and stopping it cleanly. Does not belong here: serving.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from babingepet_resources.exchange.faults import Faults
from babingepet_resources.exchange.markets import Markets
from babingepet_resources.exchange.server import ExchangeServer
from babingepet_resources.exchange.sockets import SocketRules
from babingepet_resources.exchange.source import MarketSource


@dataclass(slots=True)
class ServedExchange:
    """A running exchange.

    Attributes:
        url: Address without a trailing slash, such as `http://127.0.0.1:40001`.
        faults: What it should do wrong; safe to use from any thread.
    """

    url: str
    faults: Faults
    _loop: asyncio.AbstractEventLoop
    _server: ExchangeServer
    _thread: threading.Thread

    def stop(self) -> None:
        """End the exchange and wait until it is gone; once it is, this does nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._server.stop)
            self._thread.join()


@contextmanager
def serve_in_thread(
    market: MarketSource | Markets,
    *,
    speed: float | None = 1.0,
    start: int | None = None,
    port: int = 0,
    socket_rules: SocketRules | None = None,
) -> Iterator[ServedExchange]:
    """Serve instruments in a daemon thread for the length of a `with` block.

    Args:
        market: The instruments, or the only one.
        speed: As for `ExchangeServer`.
        start: First exchange time to play, UTC milliseconds; None for the beginning.
        port: TCP port; 0 for a free one.
        socket_rules: How long sockets live and how often they are pinged.

    Raises:
        InputError: The port is taken.
    """
    ready = threading.Event()
    parts: list[tuple[asyncio.AbstractEventLoop, ExchangeServer]] = []
    failures: list[BaseException] = []

    async def serve() -> None:
        server = ExchangeServer(
            market, speed=speed, start=start, port=port, socket_rules=socket_rules
        )
        parts.append((asyncio.get_running_loop(), server))
        await server.run(ready.set)

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # noqa: BLE001 a thread's end: it is raised by the caller
            failures.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="loopback-exchange", daemon=True)
    thread.start()
    ready.wait()
    if failures:
        raise failures[0]
    loop, server = parts[0]
    served = ServedExchange(server.url, server.faults, loop, server, thread)
    try:
        yield served
    finally:
        served.stop()
        if failures:
            raise failures[0]
