"""Records one instrument's streams as they come, in the form that the loopback exchange plays.

Belongs here: which streams are recorded, what is written of them, and the snapshots of the book
between them. Does not belong here: files (``recorder_files``), keeping sockets open (``streams``),
and for how long (``babingepet_services.market.record``).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from babingepet.errors import ExchangeUnavailable, RecordingStopped
from babingepet.market.intervals import HOUR, MINUTE
from babingepet_resources.clients.binance.book import SNAPSHOT_LEVELS, BookFollower
from babingepet_resources.clients.binance.buffers import Coverage
from babingepet_resources.clients.binance.connection import Connection
from babingepet_resources.clients.binance.markets import CLOCK_STREAM
from babingepet_resources.clients.binance.options import FeedOptions
from babingepet_resources.clients.binance.payloads import BAD_ROW
from babingepet_resources.clients.binance.recorder_files import DayFiles
from babingepet_resources.clients.binance.streams import (
    DirectSocket,
    DirectSocketManager,
    Message,
    StreamSupervisor,
)
from babingepet_resources.clients.clock import Clock

DIFFERENCES = ("depth@100ms", "depth@0ms")
"""Channels of book differences: the exchange's, and the one of old recordings."""

QUOTES = ("bookTicker",)
MARKET_CHANNELS = ("aggTrade", "markPrice@1s", "forceOrder")
"""What is recorded, by category. Candles follow from the trades."""

_SNAPSHOT_WEIGHT = 20
_JOINED_S = 5.0
"""Seconds for which a lock-stepped market waits for the book; one that offers none goes on."""

OPEN_INTEREST, SETTLEMENTS = "futures_open_interest", "futures_funding_rate"
"""The library's names of what is asked for besides the streams."""

_SETTLEMENTS = 100
"""Settlements asked for each hour: a month of them."""

_LOOK_S = 0.2
"""Seconds between two looks at what is held."""


class RawSocket(DirectSocket):
    """Delivers each message unread: it is recorded as it came, to the byte."""

    def _handle_message(self, evt: str | bytes) -> None:
        self.is_our_fault = True
        self._deliver({"raw": evt.encode() if isinstance(evt, str) else evt})
        self.is_our_fault = False


class RawSocketManager(DirectSocketManager):
    """Opens sockets that deliver messages unread."""

    SOCKET = RawSocket


@dataclass
class Recorded:
    """What was recorded of an instrument so far.

    Attributes:
        messages: Stream messages written.
        snapshots: Books written.
        rejected: What came and is no message of the instrument.
        first_time: The exchange's time of the first message, UTC ms; None before it.
        last_time: The same of the last one.
    """

    messages: int = 0
    snapshots: int = 0
    rejected: int = 0
    first_time: int | None = None
    last_time: int | None = None


class InstrumentRecorder:
    """One instrument's recorder; belongs to one event loop.

    Args:
        connection: To the market, for this instrument.
        files: Where lines go.
        clock: This machine's.
        options: How patient to be.
        on_marker: Called with each minute boundary that a loopback exchange announces.

    Attributes:
        recorded: What was written so far.
    """

    def __init__(
        self,
        connection: Connection,
        files: DayFiles,
        clock: Clock,
        options: FeedOptions,
        on_marker: Callable[[int], None],
    ) -> None:
        self._connection = connection
        self._symbol = connection.market.info.symbol
        self._sockets = RawSocketManager(connection.client, connection.sockets.stream_url)
        self._files = files
        self._clock = clock
        self._options = options
        self._on_marker = on_marker
        self._differences = ""
        self._follower = BookFollower(
            self._snapshot, pause_s=options.backoff_s, counts=connection.counts
        )
        self._read_minute = -1
        self._failure: RecordingStopped | None = None
        self.recorded = Recorded()

    @property
    def counts(self) -> Counter[str]:
        """``book_resyncs``, ``reconnects`` and what else the connection counts."""
        return self._connection.counts

    @property
    def files(self) -> Mapping[str, int]:
        """Bytes of each file that was written to, by name."""
        return self._files.sizes

    async def run(self, opened: asyncio.Event, *, follows_clock: bool) -> None:
        """Keep both sockets open and the book known; ends by being cancelled.

        Args:
            opened: Set once both sockets stand.
            follows_clock: Whether the market may begin once they do. A lock-stepped market waits
                for the socket that follows its clock: it is the last one to be opened.

        Raises:
            RecordingStopped: The files cannot be written.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follower.keep())
            tasks.create_task(self._keep_flushing())
            tasks.create_task(self._keep_reading())
            for socket in (self._public(), self._market(follows_clock=follows_clock)):
                tasks.create_task(socket.run())
                await socket.opened.wait()
            opened.set()

    async def joined(self) -> None:
        """Wait a moment for the book and the readings of the minute, where they are offered."""
        await self._read()
        if "depth" in self._connection.market.info.feeds and self._differences:
            try:
                async with asyncio.timeout(_JOINED_S):
                    await self._follower.known()
            except TimeoutError:
                return

    def close(self) -> None:
        """Write what is held.

        Raises:
            RecordingStopped: The files cannot be written.
        """
        self._files.flush()

    def receive(self, coverage: Coverage, message: Message) -> None:
        """Take one message, unread; see ``Receiver``."""
        raw: bytes = message["raw"]
        try:
            parsed = orjson.loads(raw)
            stream, data = parsed["stream"], parsed["data"]
            time = int(data["E"])
            coverage.heard(time)
            if stream == CLOCK_STREAM:
                self._on_marker(time)
                return
            symbol, _, channel = stream.partition("@")
            if symbol != self._symbol.lower():
                raise ValueError(f"{stream} was not asked for")
            self._follow(channel, data)
        except BAD_ROW:
            self.recorded.rejected += 1
            return
        self._write(time, raw)

    def _write(self, time: int, raw: bytes) -> None:
        """A failure is raised by the task that flushes: the socket's library would hide it."""
        if self._failure is not None:
            return
        try:
            self._files.write(time, raw)
        except RecordingStopped as error:
            self._failure = error
        else:
            self._count(time)

    def _follow(self, channel: str, data: Mapping[str, Any]) -> None:
        """Keep the book; a loopback exchange may offer its differences twice over."""
        if channel in DIFFERENCES:
            self._differences = self._differences or channel
            if channel == self._differences:
                self._follower.receive(data)

    def _count(self, time: int) -> None:
        recorded = self.recorded
        recorded.messages += 1
        recorded.first_time = time if recorded.first_time is None else recorded.first_time
        recorded.last_time = max(time, recorded.last_time or 0)

    async def _snapshot(self) -> Mapping[str, Any]:
        params = {"symbol": self._symbol, "limit": SNAPSHOT_LEVELS}
        body = await self._connection.rest.call(
            "futures_order_book", params, weight=_SNAPSHOT_WEIGHT
        )
        snapshot = {key: body[key] for key in ("lastUpdateId", "E", "T", "bids", "asks")}
        self._files.write(int(snapshot["E"]), orjson.dumps(snapshot))
        self.recorded.snapshots += 1
        return snapshot

    async def _keep_reading(self) -> None:
        """Read what no stream tells, once in a minute of the market."""
        while True:
            await asyncio.sleep(_LOOK_S)
            if not self._connection.market.info.lockstep:
                await self._read()

    async def _read(self) -> None:
        """Open interest each minute, settlements each hour; a failed reading waits for the next."""
        last = self.recorded.last_time
        if last is None or last // MINUTE == self._read_minute:
            return
        is_new_hour = last // HOUR != self._read_minute * MINUTE // HOUR
        self._read_minute = last // MINUTE
        rows: list[Any] = []
        with suppress(ExchangeUnavailable):
            if "open_interest" in self._connection.market.info.feeds:
                symbol = {"symbol": self._symbol}
                rows.append(await self._connection.rest.call(OPEN_INTEREST, symbol, weight=1))
            if "funding" in self._connection.market.info.feeds and is_new_hour:
                page = {"symbol": self._symbol, "limit": _SETTLEMENTS}
                rows += await self._connection.rest.rows(SETTLEMENTS, page, weight=0)
        for row in rows:
            if isinstance(row, dict) and row.get("symbol") == self._symbol:
                self._files.write(last, orjson.dumps(row))

    async def _keep_flushing(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            if self._failure is not None:
                raise self._failure
            self._files.flush_due()

    def _public(self) -> StreamSupervisor:
        is_loopback = self._connection.control is not None
        return self._socket("public", (*QUOTES, *(DIFFERENCES if is_loopback else DIFFERENCES[:1])))

    def _market(self, *, follows_clock: bool) -> StreamSupervisor:
        has_clock = follows_clock and self._connection.market.has_markers
        return self._socket("market", MARKET_CHANNELS, CLOCK_STREAM if has_clock else None)

    def _socket(
        self, category: str, channels: Sequence[str], clock_stream: str | None = None
    ) -> StreamSupervisor:
        streams = [f"{self._symbol.lower()}@{channel}" for channel in channels]
        return StreamSupervisor(
            category,
            [*streams, clock_stream] if clock_stream else streams,
            self._sockets,
            self,
            clock=self._clock,
            options=self._options,
            # Liquidations and a still market are silent for long; mark prices come each second.
            watch_silence=not self._connection.market.info.lockstep,
            counts=self._connection.counts,
        )
