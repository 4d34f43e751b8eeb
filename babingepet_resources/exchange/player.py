"""Plays a market's events through the hub at the clock's pace.

Belongs here: the order of events, markers and holds. Does not belong here: HTTP, or where the
events come from.

The steps:
1. wait for the first subscriber (in lock-step for one that follows the clock);
2. before each event, cross the minute boundaries that lie before it: marker, then hold;
3. wait until the event is due and send it;
4. at the last boundary of a recording, stand still.
"""

import asyncio

from babingepet_resources.exchange import wire
from babingepet_resources.exchange.candles import MINUTE_MS
from babingepet_resources.exchange.clock import ExchangeClock
from babingepet_resources.exchange.hub import CLOCK_STREAM, StreamHub
from babingepet_resources.exchange.source import Event, MarketSource

_EVENTS_PER_TURN = 64
"""Events sent at full speed before other tasks, such as REST answers, get their turn."""


class Player:
    """Plays `source` from `start`.

    Args:
        source: What to play.
        clock: The exchange's clock, standing at `start`.
        hub: Where messages go.
        start: First exchange time to play.
        lockstep: Whether the clock is held at each minute boundary until it is released.
    """

    def __init__(
        self,
        source: MarketSource,
        clock: ExchangeClock,
        hub: StreamHub,
        *,
        start: int,
        lockstep: bool,
    ) -> None:
        self._source = source
        self._clock = clock
        self._hub = hub
        self._start = start
        self._lockstep = lockstep
        self._symbol = source.info.symbol.lower()
        self._end = source.info.end

    async def play(self) -> None:
        """Play until the end of the recording, or for ever."""
        await self._hub.wait_for_listener(CLOCK_STREAM if self._lockstep else None)
        self._clock.run()
        boundary = -(-self._start // MINUTE_MS) * MINUTE_MS
        for count, event in enumerate(self._source.events(self._start)):
            while boundary <= event.time:
                await self._cross(boundary)
                boundary += MINUTE_MS
            if count % _EVENTS_PER_TURN == 0:
                await asyncio.sleep(0)
            await self._send(event)
        while self._end is not None and boundary <= self._end:
            await self._cross(boundary)
            boundary += MINUTE_MS

    async def _send(self, event: Event) -> None:
        await self._wait_for_client()
        await self._clock.reach(event.time)
        stream = f"{self._symbol}@{event.channel}"
        if not self._hub.is_heard(stream):
            return
        data = event.payload if isinstance(event.payload, bytes) else event.payload()
        if data is not None:
            await self._hub.send(stream, data)

    async def _cross(self, boundary: int) -> None:
        await self._wait_for_client()
        await self._clock.reach(boundary)
        if boundary == self._end:
            self._clock.end(boundary)
        elif self._lockstep:
            self._clock.hold(boundary)
        await self._hub.send(CLOCK_STREAM, wire.marker(boundary))
        if self._lockstep and not self._clock.ended:
            await self._clock.released()

    async def _wait_for_client(self) -> None:
        if self._lockstep and not self._hub.is_heard(CLOCK_STREAM):
            await self._hub.wait_for_listener(CLOCK_STREAM)
            self._clock.run()
