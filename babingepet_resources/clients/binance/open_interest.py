"""Open interest, asked for once a minute: no stream carries it.

Belongs here: when to ask, and handing each reading out once. A reading carries the exchange's own
time, and belongs to the minute in which that lies.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from babingepet.errors import ExchangeUnavailable, InputError
from babingepet.market.frames import OpenInterest
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.binance.exchange_time import ExchangeTime
from babingepet_resources.clients.binance.history import BinanceHistory
from babingepet_resources.clients.binance.payloads import OpenInterestRow
from babingepet_resources.clients.feed import FeedGap

LEAD = 12_000
"""How long before a minute's end it is asked for, milliseconds: a call takes at most ten seconds,
so that an answer, or its failure, is there when the minute is collected."""

_KEPT = 64
"""Readings and failures kept for a consumer that does not collect: an hour of them."""


@dataclass(frozen=True)
class MinuteReadings:
    """Open interest that became known in a minute; see ``CollectedMinute``."""

    rows: OpenInterest
    gaps: tuple[FeedGap, ...]


class OpenInterestPoll:
    """Asks beside everything else, so that a minute never waits for an answer."""

    def __init__(self, history: BinanceHistory, time: ExchangeTime) -> None:
        self._history = history
        self._time = time
        self._readings: deque[OpenInterestRow] = deque(maxlen=_KEPT)
        self._failures: deque[tuple[int, str]] = deque(maxlen=_KEPT)
        self._delivered = 0

    async def keep_asking(self) -> None:
        """Ask at once and then shortly before each minute's end; ends by being cancelled."""
        while True:
            await self.ask()
            await asyncio.sleep((MINUTE - (self._time.now() + LEAD) % MINUTE) / 1_000)

    async def ask(self) -> None:
        """Ask once; what fails is told by the minute that lacks a reading for it."""
        asked_at = self._time.now()
        try:
            row = await self._history.open_interest()
        except (ExchangeUnavailable, InputError) as error:
            self._failures.append((asked_at, str(error)))
            return
        if row is None:
            self._failures.append((asked_at, "the exchange told no number"))
        else:
            self._readings.append(row)

    def newly_known(self, as_of: int) -> MinuteReadings:
        """Readings up to ``as_of`` that no earlier minute carried, and what failed since."""
        readings = {row[0]: row for row in self._readings if self._delivered < row[0] <= as_of}
        failures = [reason for asked_at, reason in self._failures if asked_at <= as_of]
        self._readings = deque((row for row in self._readings if row[0] > as_of), _KEPT)
        self._failures = deque((one for one in self._failures if one[0] > as_of), _KEPT)
        if readings:
            self._delivered = max(readings)
        gaps: tuple[FeedGap, ...] = ()
        if failures and not readings:
            gaps = (FeedGap("open_interest", as_of - MINUTE, as_of, failures[-1], None),)
        return MinuteReadings(
            OpenInterest.from_rows(readings[time] for time in sorted(readings)), gaps
        )
