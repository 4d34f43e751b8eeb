"""Request weight: counting it and refusing what goes over it.

Belongs here: the budget of one minute. Does not belong here: what a route weighs (rest.py).
"""

import time
from collections.abc import Callable

from babingepet_resources.exchange.candles import MINUTE_MS
from babingepet_resources.exchange.wire import WEIGHT_LIMIT

_MINUTE_S = 60


class WeightBudget:
    """Weight used in the present minute.

    A minute ends with a minute of real time; when the exchange's clock is faster than real time,
    also with a minute of the exchange's: its client would otherwise be refused for playing fast.

    Args:
        exchange_now: Reads the exchange's clock, or None when it runs with real time.
        monotonic: Seconds of real time; injectable for tests.
    """

    def __init__(
        self,
        exchange_now: Callable[[], int] | None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._exchange_now = exchange_now
        self._monotonic = monotonic
        self._window = (-1, -1)
        self.used = 0

    def spend(self, weight: int) -> bool:
        """Count `weight`; False when the minute's limit is passed (it counts all the same)."""
        exchange_minute = 0 if self._exchange_now is None else self._exchange_now() // MINUTE_MS
        window = (int(self._monotonic()) // _MINUTE_S, exchange_minute)
        if window != self._window:
            self._window = window
            self.used = 0
        self.used += weight
        return self.used <= WEIGHT_LIMIT

    @property
    def retry_after(self) -> int:
        """Seconds until the next minute of real time."""
        return _MINUTE_S - int(self._monotonic()) % _MINUTE_S
