"""Recording a market: raw stream messages into files that the loopback exchange plays.

Belongs here: which market, for how long, and what came of it. Does not belong here: sockets and
files (``clients.binance.recorder``), and showing it.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from babingepet.errors import InputError
from babingepet.market.intervals import MINUTE, iso
from babingepet_resources.clients.binance.connection import Connection, open_connection
from babingepet_resources.clients.binance.options import FeedOptions
from babingepet_resources.clients.binance.recorder import InstrumentRecorder
from babingepet_resources.clients.binance.recorder_files import DayFiles
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_services.market.source import OpenExchange, open_exchange

Ended = Literal["minutes", "market", "stopped"]

_LOOK_S = 0.1
"""Seconds between two looks whether it is over."""

_QUIET_LOOKS = 3
"""Looks without a message after which nothing of a market that stands still is on its way."""


@dataclass(frozen=True)
class InstrumentReport:
    """What was recorded of an instrument; times are ISO 8601 in UTC, sizes in bytes."""

    symbol: str
    messages: int
    snapshots: int
    rejected: int
    reconnects: int
    book_resyncs: int
    first_time: str | None
    last_time: str | None
    files: dict[str, int]


@dataclass(frozen=True)
class RecordReport:
    """What came of a recording, so far or at its end.

    Attributes:
        source: Binance, recorded or simulated.
        folder: Where the files are.
        ended: After the minutes asked for, with the market, or by Ctrl-C; None while it runs.
        seconds: For how long, of this machine's time.
        instruments: One report each.
    """

    source: str
    folder: str
    ended: Ended | None
    seconds: float
    instruments: tuple[InstrumentReport, ...]

    @property
    def messages(self) -> int:
        """Of all instruments."""
        return sum(one.messages for one in self.instruments)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for one in self.instruments for size in one.files.values())

    def document(self) -> dict[str, Any]:
        """As JSON values, under the names of the fields; with ``messages`` and ``bytes``."""
        return asdict(self) | {"messages": self.messages, "bytes": self.size}


class Recording:
    """One recording; ``run`` it once.

    Args:
        settings: Which market.
        clock: This machine's.
        symbols: The instruments; the settings' one when none is named.
        folder: Where the files go.
        minutes: Of the market's time; None for until Ctrl-C or the market's end.
        options: How patient to be with the market.

    Raises:
        InputError: No minutes, or an instrument twice.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        symbols: Sequence[str],
        folder: Path,
        minutes: int | None = None,
        options: FeedOptions | None = None,
    ) -> None:
        self._symbols = [symbol.upper() for symbol in symbols] or [settings.symbol]
        if len(set(self._symbols)) < len(self._symbols):
            raise InputError(f"--symbol {' '.join(self._symbols)}: an instrument is named twice")
        if minutes is not None and minutes < 1:
            raise InputError(f"--minutes {minutes}: at least one minute")
        self._settings = settings.model_copy(update={"symbol": self._symbols[0]})
        self._clock = clock
        self._folder = folder
        self._minutes = minutes
        self._options = options or FeedOptions()
        self._recorders: list[InstrumentRecorder] = []
        self._marker = 0
        self._source = ""
        self._began = 0.0
        self._ended: Ended | None = None

    def run(self, tell: Callable[[RecordReport], None] = lambda _: None) -> RecordReport:
        """Record until it is over; Ctrl-C ends it as it should be ended.

        Args:
            tell: Called about ten times a second with what was recorded so far.

        Raises:
            ExchangeUnavailable: The market does not answer.
            InputError: It does not list an instrument, or a file of a recorded one is wrong.
            RecordingStopped: The folder cannot be written; what was recorded until then is whole.
        """
        with open_exchange(self._settings, self._clock, self._symbols) as exchange:
            self._source = exchange.source
            try:
                asyncio.run(self._record(exchange, tell))
            except BaseExceptionGroup as group:
                raise _first_of(group) from group
        return self.report()

    def report(self) -> RecordReport:
        """What was recorded so far."""
        return RecordReport(
            source=self._source,
            folder=str(self._folder.absolute()),
            ended=self._ended,
            seconds=round(self._clock.monotonic() - self._began, 3),
            instruments=tuple(
                _report(symbol, recorder)
                for symbol, recorder in zip(self._symbols, self._recorders, strict=False)
            ),
        )

    async def _record(self, exchange: OpenExchange, tell: Callable[[RecordReport], None]) -> None:
        stop = asyncio.Event()
        self._began = self._clock.monotonic()
        async with AsyncExitStack() as stack:
            stack.enter_context(_stopped_by_signals(stop))
            connections = [await self._connect(symbol, exchange, stack) for symbol in self._symbols]
            for connection in connections:
                files = DayFiles(self._folder, connection.market.info.symbol, self._clock)
                recorder = InstrumentRecorder(
                    connection, files, self._clock, self._options, self._note_marker
                )
                self._recorders.append(recorder)
            try:
                await self._run_all(connections[0], stop, tell)
            finally:
                for recorder in self._recorders:
                    recorder.close()

    async def _connect(
        self, symbol: str, exchange: OpenExchange, stack: AsyncExitStack
    ) -> Connection:
        connection = await open_connection(symbol, exchange.url, self._clock, self._options)
        stack.push_async_callback(connection.close)
        return connection

    async def _run_all(
        self, primary: Connection, stop: asyncio.Event, tell: Callable[[RecordReport], None]
    ) -> None:
        async with asyncio.TaskGroup() as tasks:
            running = []
            for recorder in self._recorders:
                opened = asyncio.Event()
                is_last = recorder is self._recorders[-1]
                running.append(tasks.create_task(recorder.run(opened, follows_clock=is_last)))
                await opened.wait()
            await self._until_over(primary, stop, tell)
            for task in running:
                task.cancel()

    async def _until_over(
        self, primary: Connection, stop: asyncio.Event, tell: Callable[[RecordReport], None]
    ) -> None:
        released = 0
        while self._ended is None:
            if primary.control is not None and self._marker > released:
                released = self._marker
                await self._go_on(primary, released)
            else:
                await _wait(stop, _LOOK_S)
            tell(self.report())
            if stop.is_set():
                self._ended = "stopped"
            elif self._is_long_enough():
                self._ended = "minutes"
        await self._until_quiet()

    async def _go_on(self, primary: Connection, marker: int) -> None:
        """Let a loopback exchange pass a minute boundary, once every book is known."""
        if primary.control is None:
            return
        for recorder in self._recorders:
            await recorder.joined()
        if self._is_long_enough():
            return
        status = await primary.control.release(marker)
        if status.get("ended") is True:
            self._ended = "market"

    def _is_long_enough(self) -> bool:
        begins = [r.recorded.first_time for r in self._recorders if r.recorded.first_time]
        if self._minutes is None or not begins:
            return False
        ends = min(begins) + self._minutes * MINUTE
        newest = max(recorder.recorded.last_time or 0 for recorder in self._recorders)
        return max(newest, self._marker) >= ends

    async def _until_quiet(self) -> None:
        """What a market that stands still has sent is still on its way for a moment."""
        looks, seen = 0, -1
        while self._marker and self._ended != "stopped" and looks < _QUIET_LOOKS:
            messages = self.report().messages
            looks, seen = (looks + 1, seen) if messages == seen else (0, messages)
            await asyncio.sleep(_LOOK_S)

    def _note_marker(self, time: int) -> None:
        self._marker = max(self._marker, time)


def _report(symbol: str, recorder: InstrumentRecorder) -> InstrumentReport:
    recorded, counts = recorder.recorded, recorder.counts
    return InstrumentReport(
        symbol=symbol,
        messages=recorded.messages,
        snapshots=recorded.snapshots,
        rejected=recorded.rejected,
        reconnects=counts["reconnects"],
        book_resyncs=counts["book_resyncs"],
        first_time=None if recorded.first_time is None else iso(recorded.first_time),
        last_time=None if recorded.last_time is None else iso(recorded.last_time),
        files=dict(recorder.files),
    )


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


@contextmanager
def _stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the recording in order; signals reach the main thread only."""
    loop = asyncio.get_running_loop()
    is_main = threading.current_thread() is threading.main_thread()
    signals = (signal.SIGINT, signal.SIGTERM) if is_main else ()
    for each in signals:
        loop.add_signal_handler(each, stop.set)
    try:
        yield
    finally:
        for each in signals:
            loop.remove_signal_handler(each)


def _first_of(error: BaseException) -> BaseException:
    """The error a task group is about; the others follow from it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
