"""The exchange's clock: when it runs, how fast, and where it is held.

Belongs here: exchange time against elapsed real time. Does not belong here: the wall clock (only
durations are measured), events, or sockets.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

_SHORTEST_SLEEP_S = 0.001
"""Waits below one millisecond, the exchange's resolution, are not worth a trip to the selector."""


class ExchangeClock:
    """Exchange time, which stands still until it is begun and wherever it is held.

    Between two events the clock runs with real time, times the speed, but never past the next
    event: what the clock has passed has been sent.

    Args:
        start: First exchange time in UTC milliseconds.
        speed: Exchange seconds a real second at most; None for as fast as possible.
        monotonic: Seconds of real time; injectable for tests.

    Attributes:
        held_at: The boundary at which the clock is held or ended, else None.
        ended: True once the last boundary was reached.
    """

    def __init__(
        self, start: int, *, speed: float | None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._start = start
        self._speed = speed
        self._monotonic = monotonic
        self._passed = start
        self._next = start
        self._anchor = (start, 0.0)
        self._began: float | None = None
        self._released = asyncio.Event()
        self.held_at: int | None = None
        self.ended = False

    @property
    def now(self) -> int:
        """Exchange time in UTC milliseconds; never runs backwards."""
        if self._speed is None or self._began is None or self.held_at is not None:
            return self._passed
        exchange, real = self._anchor
        running = exchange + int((self._monotonic() - real) * 1000 * self._speed)
        self._passed = max(self._passed, min(running, self._next))
        return self._passed

    @property
    def speed_reached(self) -> float:
        """Exchange seconds a real second since the clock began, holds included."""
        if self._began is None:
            return 0.0
        return (self.now - self._start) / 1000 / max(self._monotonic() - self._began, 1e-3)

    def run(self) -> None:
        """Begin, or go on after a pause, from the present exchange time."""
        real = self._monotonic()
        self._anchor = (self._passed, real)
        if self._began is None:
            self._began = real

    async def reach(
        self, moment: int, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> bool:
        """Wait until exchange time `moment`.

        Args:
            moment: UTC milliseconds, not before `now`.
            sleep: Waits that many real seconds; a true result means that it was woken early.

        Returns:
            Whether it was reached.
        """
        self._next = moment
        if self._speed is not None:
            exchange, real = self._anchor
            wait = real + (moment - exchange) / 1000 / self._speed - self._monotonic()
            if wait >= _SHORTEST_SLEEP_S and await sleep(wait):
                return False
        self._passed = moment
        return True

    def hold(self, boundary: int) -> None:
        """Stand still at `boundary`, which must have been reached."""
        self._released.clear()
        self.held_at = boundary

    def release(self, as_of: int) -> None:
        """Let the clock go on if it is held at `as_of`; any other time is a repeated request."""
        if as_of == self.held_at and not self.ended:
            self._released.set()

    async def released(self) -> None:
        """Wait for the release, then run from here."""
        await self._released.wait()
        self.held_at = None
        self.run()

    def end(self, boundary: int) -> None:
        """Stand still at the last boundary for good."""
        self.held_at = boundary
        self.ended = True
