"""The exchange's clock as seen from here.

Belongs here: the offset to this machine's clock, measured by round trips; or, for a lock-stepped
market, which has none, the boundary at which it stands.
"""

from __future__ import annotations

import asyncio

from babingepet.errors import ExchangeUnavailable
from babingepet_resources.clients.binance.payloads import BAD_ROW
from babingepet_resources.clients.binance.rest import BinanceRest
from babingepet_resources.clients.clock import Clock


class ExchangeTime:
    """UTC milliseconds of the exchange.

    Attributes:
        offset_ms: Exchange minus this machine; None before the first measurement.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stands_at: int | None = None
        self.offset_ms: int | None = None

    def now(self) -> int:
        """The exchange's time; this machine's until something is known."""
        if self._stands_at is not None:
            return self._stands_at
        return self._clock.now() + (self.offset_ms or 0)

    def stand(self, at: int) -> None:
        """Say that the exchange's clock waits at ``at``; it never goes back."""
        self._stands_at = max(at, self._stands_at or 0)

    async def measure(self, rest: BinanceRest) -> None:
        """Compare the clocks; the answer is taken to be from the middle of the round trip.

        Raises:
            ExchangeUnavailable: The exchange does not tell its time.
        """
        before = self._clock.now()
        answer = await rest.call("futures_time", {}, weight=1)
        after = self._clock.now()
        try:
            self.offset_ms = int(answer["serverTime"]) - (before + after) // 2
        except BAD_ROW as error:
            raise ExchangeUnavailable(f"Binance told its time as {answer!r}.") from error

    async def keep_measured(self, rest: BinanceRest, every_s: float) -> None:
        """Measure again and again; a failed attempt leaves the last offset in force."""
        while True:
            await asyncio.sleep(every_s)
            try:
                await self.measure(rest)
            except ExchangeUnavailable:
                continue
