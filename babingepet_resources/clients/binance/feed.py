"""Binance as a market feed: a session in a thread of its own, called from the consumer's.

Belongs here: threads only. One background thread runs an event loop with everything else in it, so
nothing in this package needs a lock. If that thread dies, every later call says why.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Any, TypeVar

from babingepet.errors import BabingepetError, ExchangeUnavailable
from babingepet.market.frames import Candles, FundingRates, OpenInterest
from babingepet.market.instruments import ExchangeFilters
from babingepet_resources.clients.binance.connection import open_connection
from babingepet_resources.clients.binance.options import FeedOptions
from babingepet_resources.clients.binance.session import BinanceSession
from babingepet_resources.clients.clock import Clock, SystemClock
from babingepet_resources.clients.feed import CollectedMinute, FeedInfo

Result = TypeVar("Result")

_ALIVE_POLL_S = 0.25
"""Seconds between two looks whether the background thread still lives while waiting for it."""

_STOP_S = 10.0
"""Seconds a clean stop may take; closing two sockets takes a fraction of one."""


class BinanceFeed:
    """``MarketFeed`` over python-binance; see there for what each method promises.

    Args:
        symbol: The exchange's name of the instrument, ``BTCUSDT``.
        base_url: Of a loopback exchange, ``http://127.0.0.1:4711``; None for the real exchange.
        clock: This machine's clock.
        options: How patient to be.
    """

    def __init__(
        self,
        symbol: str,
        *,
        base_url: str | None = None,
        clock: Clock | None = None,
        options: FeedOptions | None = None,
    ) -> None:
        self._symbol = symbol.upper()
        self._base_url = base_url.rstrip("/") if base_url else None
        self._clock = clock or SystemClock()
        self._options = options or FeedOptions()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._info: FeedInfo | None = None
        self._session: BinanceSession | None = None
        self._ready: Future[None] = Future()
        self._death: BaseException | None = None

    @property
    def info(self) -> FeedInfo:
        """What this market is; known once ``start`` returned."""
        if self._info is None:
            raise ExchangeUnavailable("The feed was not started.")
        return self._info

    def start(self) -> None:
        """Connect; a feed is started once."""
        if self._thread is not None:
            raise ExchangeUnavailable("The feed was started before; make a new one.")
        self._thread = threading.Thread(
            target=self._live, name=f"binance-{self._symbol}", daemon=True
        )
        self._thread.start()
        try:
            self._ready.result()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Close every socket and session; a second call does nothing."""
        loop, stop = self._loop, self._stop
        if loop is not None and stop is not None and not loop.is_closed():
            with suppress(RuntimeError):  # closed just now: that is what was wanted
                loop.call_soon_threadsafe(stop.set)
        self._join()

    def now(self) -> int:
        """The exchange's clock."""
        return self._live_session().now()

    def next_minute(self, *, after: int | None, timeout: float) -> CollectedMinute | None:
        """Wait until a minute boundary later than ``after`` is complete, and collect it."""
        return self._call(lambda session: session.next_minute(after, timeout))

    def release(self, as_of: int) -> None:
        """Say that the minute was decided."""
        if self.info.lockstep:
            self._call(lambda session: session.release(as_of))

    def candles(self, interval: str, start: int, end: int) -> Candles:
        """Closed candles with ``start <= open_time < end``."""
        return self._call(lambda session: session.candles(interval, start, end))

    def funding_rates(self, start: int, end: int) -> FundingRates:
        """Settlements with ``start <= funding_time < end``."""
        return self._call(lambda session: session.funding_rates(start, end))

    def open_interest(self, start: int, end: int) -> OpenInterest:
        """Readings with ``start <= event_time < end``, on a grid of five minutes."""
        return self._call(lambda session: session.open_interest(start, end))

    def filters(self) -> ExchangeFilters:
        """The limits that an order of the instrument must keep now."""
        return self._call(lambda session: session.filters())

    def _live(self) -> None:
        """Body of the background thread: a process boundary, whatever happens is kept and told."""
        try:
            asyncio.run(self._run())
        except BaseException as error:  # noqa: BLE001
            self._death = _first_of(error)
        finally:
            if not self._ready.done():
                self._ready.set_exception(self._dead())

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        connection = await open_connection(self._symbol, self._base_url, self._clock, self._options)
        try:
            self._info = connection.market.info
            self._session = BinanceSession(connection, self._clock, self._options)
            await self._session.run(lambda: self._ready.set_result(None), self._stop)
        finally:
            await connection.close()

    def _call(self, request: Callable[[BinanceSession], Coroutine[Any, Any, Result]]) -> Result:
        session, loop = self._live_session(), self._loop
        if loop is None or loop.is_closed():
            raise self._dead()
        future = asyncio.run_coroutine_threadsafe(request(session), loop)
        try:
            while True:
                try:
                    return future.result(_ALIVE_POLL_S)
                except TimeoutError:
                    if not self._is_alive():
                        raise self._dead() from None
        except CancelledError:
            self._join()  # The thread is ending; why, is known when it has ended.
            raise self._dead() from None
        finally:
            future.cancel()

    def _live_session(self) -> BinanceSession:
        if self._session is None or not self._is_alive():
            raise self._dead()
        return self._session

    def _join(self) -> None:
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_STOP_S)

    def _is_alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _dead(self) -> BabingepetError:
        if isinstance(self._death, BabingepetError):
            return self._death
        if self._death is not None:
            return ExchangeUnavailable(
                f"The connection broke down: {type(self._death).__name__} {self._death}."
            )
        return ExchangeUnavailable("The feed is not running: it was stopped, or never started.")


def _first_of(error: BaseException) -> BaseException:
    """The error a task group is about; the others follow from it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
