"""The exchange's clock as seen from here.

Belongs here: the offset to this machine's clock, measured by round trips; for a lock-stepped
market, which has none, the boundary at which it stands; and how far what the exchange tells lies
from what its clock ought to show.
"""

from __future__ import annotations

import asyncio

from babingepet.errors import ExchangeUnavailable
from babingepet_resources.clients.binance.payloads import BAD_ROW
from babingepet_resources.clients.binance.rest import BinanceRest
from babingepet_resources.clients.clock import Clock

STEP_MS = 2_000
"""A step of the told time up to this is followed at once: drift, and a slow round trip."""

BELIEVED = 10
"""Measurements in a row after which a larger step is followed although this machine's clock denies
it; until then the exchange's clock is held to be wrong, and time goes on as it did."""


class ExchangeTime:
    """UTC milliseconds of the exchange.

    Between measurements time goes on by the monotonic clock, so that a step of this machine's
    clock moves nothing. What the told time ought to be is this machine's time for the real
    exchange, the time of the recording (``expect``) for a loopback exchange, and the boundary
    (``stand``) for one that waits.

    Attributes:
        skew_ms: Distance of the told time from what it ought to be, by the last measurement; None
            before the first one.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stands_at: int | None = None
        self._expected_offset = 0
        self._anchor: tuple[int, float] | None = None
        self._denied = (0, 0)
        self.skew_ms: int | None = None

    def now(self) -> int:
        """The exchange's time; this machine's until something is known."""
        if self._stands_at is not None:
            return self._stands_at
        if self._anchor is None:
            return self._clock.now()
        told, at = self._anchor
        return told + round((self._clock.monotonic() - at) * 1_000)

    def stand(self, at: int) -> None:
        """Say that the exchange's clock waits at ``at``; it never goes back."""
        self._stands_at = max(at, self._stands_at or 0)

    def expect(self, now: int) -> None:
        """Say what a loopback exchange's clock shows, whose years are not this machine's."""
        self._expected_offset = now - self._clock.now()

    async def measure(self, rest: BinanceRest) -> None:
        """Compare the clocks; the answer is taken to be from the middle of the round trip.

        Raises:
            ExchangeUnavailable: The exchange does not tell its time.
        """
        before = self._clock.monotonic()
        answer = await rest.call("futures_time", {}, weight=1)
        half_trip = round((self._clock.monotonic() - before) * 500)
        try:
            told = int(answer["serverTime"]) + half_trip
        except BAD_ROW as error:
            raise ExchangeUnavailable(f"Binance told its time as {answer!r}.") from error
        if self._stands_at is not None:
            self.skew_ms = abs(told - half_trip - self._stands_at)
            return
        self.skew_ms = abs(told - self._clock.now() - self._expected_offset)
        if self._is_believed(told, self.skew_ms):
            self._anchor = (told, self._clock.monotonic())

    def _is_believed(self, told: int, skew: int) -> bool:
        step = told - self.now()
        if self._anchor is None or min(abs(step), skew) <= STEP_MS:
            self._denied = (0, 0)
            return True
        times, before = self._denied
        times = times + 1 if times and abs(step - before) <= STEP_MS else 1
        self._denied = (times, step)
        return times >= BELIEVED

    async def measure_if_told(self, rest: BinanceRest) -> None:
        """Compare the clocks; an exchange that does not tell leaves the last word in force."""
        try:
            await self.measure(rest)
        except ExchangeUnavailable:
            return

    async def keep_measured(self, rest: BinanceRest, every_s: float) -> None:
        """Measure again and again; ends by being cancelled."""
        while True:
            await asyncio.sleep(every_s)
            await self.measure_if_told(rest)
