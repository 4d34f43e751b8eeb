"""Plays the instruments' messages through the hub at the clock's pace.

Belongs here: the order of messages, markers and holds. Does not belong here: HTTP, or where the
messages come from.

The steps:
1. wait for the first subscriber (in lock-step for one that follows the clock);
2. play what is listened to now; whoever comes or goes changes that at once;
3. before each message, cross the minute boundaries that lie before it: marker, then hold;
4. wait until the message is due and send it;
5. at the last boundary of a recording, stand still.
"""

import asyncio

from babingepet_resources.exchange import wire
from babingepet_resources.exchange.candles import MINUTE_MS
from babingepet_resources.exchange.clock import ExchangeClock
from babingepet_resources.exchange.heard_events import LIQUIDATIONS_STREAM, HeardEvents
from babingepet_resources.exchange.hub import CLOCK_STREAM, StreamHub
from babingepet_resources.exchange.markets import Markets

_MESSAGES_PER_TURN = 64
"""Messages sent at full speed before other tasks, such as REST answers, get their turn."""


class Player:
    """Plays `markets` from `start` to the end of the primary one.

    Args:
        markets: What to play.
        clock: The exchange's clock, standing at `start`.
        hub: Where messages go.
        start: First exchange time to play.
        lockstep: Whether the clock is held at each minute boundary until it is released.
    """

    def __init__(
        self,
        markets: Markets,
        clock: ExchangeClock,
        hub: StreamHub,
        *,
        start: int,
        lockstep: bool,
    ) -> None:
        self._events = HeardEvents(markets)
        self._clock = clock
        self._hub = hub
        self._lockstep = lockstep
        self._boundary = -(-start // MINUTE_MS) * MINUTE_MS
        self._end = markets.primary.info.end
        self._tuned_at = -1
        self._sent = 0

    async def play(self) -> None:
        """Play until the end of the recording, or for ever."""
        await self._hub.wait_for_listener(CLOCK_STREAM if self._lockstep else None)
        self._clock.run()
        while self._end is None or self._boundary <= self._end:
            if self._lockstep and not self._hub.is_heard(CLOCK_STREAM):
                await self._hub.wait_for_listener(CLOCK_STREAM)
                self._clock.run()
            if self._hub.changes != self._tuned_at:
                self._tuned_at = self._hub.changes
                self._events.tune(self._hub.streams, self._clock.now)
            time = self._events.next_time
            if time is None or self._boundary <= time:
                await self._cross()
            else:
                await self._send(time)

    async def _send(self, time: int) -> None:
        if not await self._clock.reach(time, self._hub.changes_within):
            return
        name, event = self._events.take()
        self._sent += 1
        if self._sent % _MESSAGES_PER_TURN == 0:
            await asyncio.sleep(0)
        stream = f"{name}@{event.channel}"
        streams = (stream, LIQUIDATIONS_STREAM) if event.channel == "forceOrder" else (stream,)
        if not any(map(self._hub.is_heard, streams)):
            return
        data = event.payload if isinstance(event.payload, bytes) else event.payload()
        if data is not None:
            for heard in streams:
                await self._hub.send(heard, data)

    async def _cross(self) -> None:
        boundary = self._boundary
        if not await self._clock.reach(boundary, self._hub.changes_within):
            return
        self._boundary += MINUTE_MS
        if boundary == self._end:
            self._clock.end(boundary)
        elif self._lockstep:
            self._clock.hold(boundary)
        await self._hub.send(CLOCK_STREAM, wire.marker(boundary))
        await asyncio.sleep(0)
        if self._lockstep and not self._clock.ended:
            await self._clock.released()
