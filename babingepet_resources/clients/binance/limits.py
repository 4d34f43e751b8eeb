"""The silence the exchange asks for, kept by the whole client.

Belongs here: the request weight of the current minute, and the time before which no request may
be sent. Deciding whether an answer was a refusal belongs to ``rest``.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/general-info (limits):
2,400 weight a minute and address; 429 asks for a pause, 418 is a ban of 2 minutes to 3 days for
not pausing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from babingepet.errors import RateLimited
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.clock import Clock

WEIGHT_LIMIT = 2_400
"""Request weight per UTC minute and address, of the vendor's page."""

WEIGHT_SHARE = 0.9
"""Share of the limit this client allows itself; other programs may share the address."""

BAN_S = 120.0
"""Silence after a 418 that names no time: the shortest ban, seconds."""

LONGEST_BAN_S = 3 * 86_400.0
"""The longest silence that is believed, seconds: the longest ban there is."""

_NEXT_MINUTE_MARGIN_S = 0.2
"""Seconds past the boundary, so that a clock slightly ahead does not ask too early."""


class RequestLimits:
    """Keeps every call of a client from being sent while the exchange wants silence."""

    def __init__(self, clock: Clock, exchange_now: Callable[[], int]) -> None:
        self._clock = clock
        self._exchange_now = exchange_now
        self._silent_until = 0.0
        self._reason = ""
        self._window = (-1, -1)
        self.used_weight: int | None = None

    async def turn(self, weight: int, *, patient: bool) -> None:
        """Let one call pass.

        Args:
            weight: What the call costs.
            patient: Whether to wait for the next minute when this one's weight is spent. A call
                for the minute in hand must not: it would come too late anyway.

        Raises:
            RateLimited: The exchange asked for silence, or the weight is spent and nobody waits.
        """
        self.check()
        if not self._spent(weight):
            return
        seconds = self._to_next_minute()
        if not patient:
            raise self._limited("the weight of this minute is spent", seconds)
        await asyncio.sleep(seconds)
        self.check()

    def check(self) -> None:
        """Refuse at once while silence is asked for.

        Raises:
            RateLimited: No request may be sent before its ``until``.
        """
        seconds = self._silent_until - self._clock.monotonic()
        if seconds > 0:
            raise self._limited(self._reason, seconds)

    def observe(self, headers: Mapping[str, str]) -> None:
        """Read the used weight off an answer."""
        used = headers.get("X-MBX-USED-WEIGHT-1M", "")
        if used.isdecimal():
            self.used_weight = int(used)
            self._window = self._present_window()

    def silence(self, status: int, headers: Mapping[str, str]) -> RateLimited:
        """Begin the silence that a 429 or 418 asks for; the error is for the caller to raise."""
        asked = headers.get("Retry-After", "")
        if asked.isdecimal():
            seconds = min(float(asked), LONGEST_BAN_S)
        else:
            seconds = BAN_S if status == 418 else self._to_next_minute()  # noqa: PLR2004 - HTTP
        self._silent_until = max(self._silent_until, self._clock.monotonic() + seconds)
        self._reason = f"the exchange answered {status}"
        return self._limited(self._reason, seconds)

    def _spent(self, weight: int) -> bool:
        if self.used_weight is None or self._window != self._present_window():
            return False
        return self.used_weight + weight > WEIGHT_LIMIT * WEIGHT_SHARE

    def _present_window(self) -> tuple[int, int]:
        """The minute weight is counted in: the exchange's; a fast one also counts real minutes."""
        return self._clock.now() // MINUTE, self._exchange_now() // MINUTE

    def _to_next_minute(self) -> float:
        return (MINUTE - self._clock.now() % MINUTE) / 1_000 + _NEXT_MINUTE_MARGIN_S

    def _limited(self, reason: str, seconds: float) -> RateLimited:
        return RateLimited(
            f"No request to Binance for {seconds:.0f} s: {reason}.",
            until=self._exchange_now() + round(seconds * 1_000),
        )
