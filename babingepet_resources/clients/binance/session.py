"""One connection's life inside one event loop: everything of the feed but the thread.

The steps:
1. ``run``: keep both sockets open and the clock measured, until told to stop;
2. ``next_minute``: wait until a minute is complete, have it collected;
3. ``release``: let a lock-stepped market go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from babingepet.errors import ExchangeUnavailable, InputError
from babingepet.market.frames import Candles, FundingRates, OpenInterest
from babingepet.market.instruments import ExchangeFilters
from babingepet.market.intervals import INTERVALS
from babingepet_resources.clients.binance.collector import Coverages, MinuteCollector
from babingepet_resources.clients.binance.completeness import Completeness
from babingepet_resources.clients.binance.connection import Connection
from babingepet_resources.clients.binance.inbox import Inbox
from babingepet_resources.clients.binance.markets import MARKET_STREAMS, PUBLIC_STREAMS
from babingepet_resources.clients.binance.open_interest import OpenInterestPoll
from babingepet_resources.clients.binance.options import FeedOptions
from babingepet_resources.clients.binance.settlements import SettlementWatch, settled
from babingepet_resources.clients.binance.streams import StreamSupervisor
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.feed import CollectedMinute, FeedHealth, MarketEnded

_POLL_S = 0.1
"""Seconds between two looks at a free-running clock; candles and markers wake at once."""

_QUIET_S = 0.5
"""Seconds without a marker before a loopback exchange is asked whether it is still there."""


class BinanceSession:
    """The parts of a feed, put together over one connection."""

    def __init__(self, connection: Connection, clock: Clock, options: FeedOptions) -> None:
        market, counts = connection.market, connection.counts
        self._connection = connection
        self._market = market
        self._options = options
        self._ended = False
        self._watch = SettlementWatch()
        self._poll = OpenInterestPoll(connection.history, connection.time)
        self._inbox = Inbox(
            market.info.symbol,
            buffer_minutes=options.buffer_minutes,
            buffer_rows=options.buffer_rows,
            absent=market.absent,
            settlements=self._watch,
            counts=counts,
        )
        self._sockets = {
            category: StreamSupervisor(
                category,
                streams,
                connection.sockets,
                self._inbox,
                clock=clock,
                options=options,
                watch_silence=not market.info.lockstep,
                counts=counts,
            )
            # Public first: a waiting market begins with the first socket, and while trades and
            # candles that came before the second one can be fetched, quotes cannot.
            for category, names in (("public", PUBLIC_STREAMS), ("market", MARKET_STREAMS))
            if (streams := market.streams(names))
        }
        coverages = {category: socket.coverage for category, socket in self._sockets.items()}
        self._completeness = Completeness(
            market, self._inbox, tuple(coverages.values()), connection.time, options
        )
        self._collector = MinuteCollector(
            market.info,
            self._inbox,
            connection.history,
            self._watch,
            self._poll,
            Coverages(coverages.get("public"), coverages.get("market")),
            options=options,
            counts=counts,
        )

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Open the sockets, say so, and keep everything going until told to stop.

        Raises:
            ExchangeUnavailable: A socket could not be opened in time, as a group's only member.
        """
        self._completeness.begin()
        async with asyncio.TaskGroup() as tasks:
            running: list[asyncio.Task[None]] = []
            for socket in self._sockets.values():
                if self._market.began_at is not None and not running:
                    socket.coverage.begin(self._market.began_at)
                running.append(tasks.create_task(socket.run()))
                await self._opened(socket)
            if not self._market.info.lockstep:
                await self._compare_clocks()
                measuring = self._connection.time.keep_measured(
                    self._connection.rest, self._options.clock_every_s
                )
                running.append(tasks.create_task(measuring))
                if "open_interest" in self._market.info.feeds:
                    running.append(tasks.create_task(self._poll.keep_asking()))
            ready()
            await stop.wait()
            for task in running:
                task.cancel()

    async def _opened(self, socket: StreamSupervisor) -> None:
        try:
            async with asyncio.timeout(self._options.deadline_s):
                await socket.opened.wait()
        except TimeoutError as error:
            raise ExchangeUnavailable(
                f"The exchange opened no socket within {self._options.deadline_s:g} s."
            ) from error

    async def _compare_clocks(self) -> None:
        """Compare once more, with a loopback exchange's own word: its clock began with the sockets."""
        if self._connection.control is not None:
            self._connection.time.expect(int((await self._connection.control.status())["now"]))
            await self._connection.time.measure_if_told(self._connection.rest)

    async def next_minute(self, after: int | None, timeout_s: float) -> CollectedMinute | None:
        """See ``MarketFeed.next_minute``."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while True:
            self._inbox.changed.clear()
            target = self._completeness.target(after, self._collector.previous)
            if target is not None:
                if self._market.info.lockstep:  # the market waits, and its clock with it
                    await self._connection.time.measure_if_told(self._connection.rest)
                return await self._collector.collect(
                    target, now=self._connection.time.now, health=self.health
                )
            await self._pass_decided(after)
            if self._ended:
                raise MarketEnded(f"{self._market.info.description}: played to the end.")
            remaining = deadline - loop.time()
            if remaining <= 0:
                return None
            await self._wait(remaining)

    async def _pass_decided(self, after: int | None) -> None:
        """Let a market go on that stands at a minute decided in an earlier life."""
        marker = self._completeness.marker
        if after is not None and 0 < marker <= after and marker != self._collector.previous:
            await self.release(marker)

    async def _wait(self, remaining: float) -> None:
        quiet = _QUIET_S if self._market.has_markers else _POLL_S
        try:
            async with asyncio.timeout(min(remaining, quiet)):
                await self._inbox.changed.wait()
        except TimeoutError:
            if self._connection.control is not None:
                self._note_end(await self._connection.control.status())

    async def release(self, as_of: int) -> None:
        """See ``MarketFeed.release``."""
        if self._connection.control is not None and self._market.info.lockstep:
            self._note_end(await self._connection.control.release(as_of))

    def _note_end(self, status: dict[str, object]) -> None:
        last = status.get("held_at")
        if status.get("ended") is True and isinstance(last, int):
            self._ended = self._completeness.marker >= last

    def now(self) -> int:
        """The exchange's clock."""
        return self._connection.time.now()

    def health(self) -> FeedHealth:
        """Counters so far."""
        return FeedHealth(
            counters={name: count for name, count in self._connection.counts.items() if count},
            clock_skew_ms=self._connection.time.skew_ms,
            used_weight=self._connection.limits.used_weight,
            message_ages_ms=self._inbox.ages(self.now()),
        )

    async def candles(self, interval: str, start: int, end: int) -> Candles:
        """See ``MarketFeed.candles``."""
        if interval not in INTERVALS:
            raise InputError(f"interval {interval!r} is not one of {', '.join(INTERVALS)}.")
        closed_before = self.now() - self.now() % INTERVALS[interval]
        rows = await self._connection.history.candles(
            interval, start, min(end, closed_before), patient=True
        )
        return Candles.from_rows(rows)

    async def funding_rates(self, start: int, end: int) -> FundingRates:
        """See ``MarketFeed.funding_rates``."""
        if "funding" not in self._market.info.feeds:
            return FundingRates.empty()
        return await settled(
            self._connection.history, self._watch, start, end, as_of=self.now() + 1, patient=True
        )

    async def open_interest(self, start: int, end: int) -> OpenInterest:
        """See ``MarketFeed.open_interest``."""
        if "open_interest" not in self._market.info.feeds:
            return OpenInterest.empty()
        now = self.now()
        rows = await self._connection.history.past_open_interest(
            start, min(end, now + 1), now=now, patient=True
        )
        return OpenInterest.from_rows(rows)

    async def filters(self) -> ExchangeFilters:
        """See ``MarketFeed.filters``."""
        return await self._connection.history.filters()
