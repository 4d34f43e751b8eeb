"""Which prices can be the market's at all.

Belongs here: the band around the last accepted candle, and when a level outside of it is believed.
A row outside is quarantined: counted, and used by nothing. Malformed rows belong to ``payloads``.
"""

from __future__ import annotations

from math import inf

from babingepet_resources.clients.binance.payloads import CandleRow

MOST_TIMES = 2.0
"""A price above this multiple of the last accepted close, or below its inverse, is no price of this
market: the worst minutes of BTC (2020-03-12, 2021-05-19) moved by about a tenth."""

LEVEL_MINUTES = 10
"""Candles in a row that agree on a level outside of the band before it becomes the accepted one."""


class Implausible(ValueError):
    """A price that cannot be the market's."""


class PriceBand:
    """Prices within a factor two of the last accepted candle; everything before the first one."""

    def __init__(self) -> None:
        self.low = 0.0
        self.high = inf
        self._refused: list[tuple[int, float]] = []

    def require(self, price: float) -> None:
        """Refuse a price outside of the band.

        Raises:
            Implausible: It is outside.
        """
        if not self.low <= price <= self.high:
            raise Implausible(f"{price:g} is outside of {self.low:g} to {self.high:g}")

    def holds(self, row: CandleRow) -> bool:
        """Whether a candle lies within the band as it is."""
        return self.low <= row[3] and row[2] <= self.high

    def require_candle(self, row: CandleRow) -> None:
        """Refuse a candle outside of the band; one inside moves the band.

        A level that ten candles in a row agree on is believed: otherwise a market that really
        halved would be refused for ever.

        Raises:
            Implausible: It is outside, and not believed yet.
        """
        open_time, close = row[0], row[4]
        if not self.holds(row) and not self._is_level(open_time, close):
            raise Implausible(f"candle {open_time}: outside of {self.low:g} to {self.high:g}")
        self._refused = []
        self.low, self.high = close / MOST_TIMES, close * MOST_TIMES

    def _is_level(self, open_time: int, close: float) -> bool:
        """Whether enough refused candles in a row agree with this one."""
        if self._refused:
            last_time, last_close = self._refused[-1]
            if open_time <= last_time:
                return False
            if not close / MOST_TIMES <= last_close <= close * MOST_TIMES:
                self._refused = []
        self._refused.append((open_time, close))
        return len(self._refused) >= LEVEL_MINUTES
