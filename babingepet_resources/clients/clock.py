"""The wall clock: the only place of the product that reads it.

Belongs here: the protocol everything else is given, and its one real implementation. The
exchange's clock does not: a market feed carries that one, and decisions only ever see that one.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What time it is here, and how to let some of it pass."""

    def now(self) -> int:
        """UTC epoch milliseconds of this machine."""
        ...

    def monotonic(self) -> float:
        """Seconds of a clock that never jumps; only differences mean anything."""
        ...

    def sleep(self, seconds: float) -> None:
        """Block the calling thread."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        """UTC epoch milliseconds of this machine."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds of a clock that never jumps; only differences mean anything."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block the calling thread."""
        time.sleep(seconds)
