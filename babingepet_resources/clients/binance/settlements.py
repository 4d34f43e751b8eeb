"""Funding settlements as they become known, from the exchange's list or off the mark price.

Belongs here: when to ask for a settlement, and what stands in for one that the list does not have.
The mark price stream carries the running rate ``r`` and the next settlement's time ``T``: when
``T`` moves on, the last ``r`` before was the settled rate.
"""

from __future__ import annotations

from dataclasses import dataclass

from babingepet.market.frames import FundingRates
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet_resources.clients.binance.history import BinanceHistory
from babingepet_resources.clients.binance.payloads import MarkPrice

PATIENCE = 10 * MINUTE
"""How long a settlement that was announced is asked for each minute, milliseconds."""


@dataclass(frozen=True)
class DerivedSettlement:
    """A settlement read off the mark price stream."""

    funding_time: int
    funding_rate: float
    known_at: int


class SettlementWatch:
    """Remembers what mark prices said about settlements."""

    def __init__(self) -> None:
        self._last: MarkPrice | None = None
        self.announced = 0
        self.derived: dict[int, DerivedSettlement] = {}

    def watch(self, mark: MarkPrice) -> None:
        """Look at one mark price; older ones than the last never count."""
        last = self._last
        if last is not None and mark.event_time < last.event_time:
            return
        self._last = mark
        if last is None or mark.next_funding_time <= last.next_funding_time:
            return
        self.announced = last.next_funding_time - last.next_funding_time % MINUTE
        if last.funding_rate is not None and self.announced:
            self.derived[self.announced] = DerivedSettlement(
                self.announced, last.funding_rate, mark.event_time
            )

    def expected(self, as_of: int) -> int:
        """The newest settlement time at or before ``as_of`` that was ever announced, or zero."""
        running = self._last.next_funding_time if self._last else 0
        running -= running % MINUTE
        return running if 0 < running <= as_of else min(self.announced, as_of)


class Settlements:
    """Hands out each settlement once, as soon as it is known."""

    def __init__(self, history: BinanceHistory, watch: SettlementWatch) -> None:
        self._history = history
        self._watch = watch
        self._asked_at: int | None = None
        self._delivered = 0

    async def newly_known(self, as_of: int) -> FundingRates:
        """Settlements up to ``as_of`` that no earlier minute carried.

        Rates settle on whole hours only, a few milliseconds past; the list is asked on the hour and
        a minute later, and each minute while an announced settlement is missing from it.
        """
        if not self._is_due(as_of):
            return FundingRates.empty()
        start = max(self._delivered + MINUTE, as_of - DAY)
        rates = await settled(self._history, self._watch, start, as_of + MINUTE, as_of=as_of)
        self._asked_at = as_of
        if len(rates):
            self._delivered = int(rates.funding_time[-1])
        return rates

    def _is_due(self, as_of: int) -> bool:
        if self._asked_at is None or self._asked_at < as_of - as_of % HOUR + MINUTE:
            return True
        expected = self._watch.expected(as_of)
        return self._delivered < expected and as_of - expected <= PATIENCE


async def settled(
    history: BinanceHistory,
    watch: SettlementWatch,
    start: int,
    end: int,
    *,
    as_of: int,
    patient: bool = False,
) -> FundingRates:
    """Settlements known at ``as_of``, the list's word before the derived one's.

    Args:
        history: Where the list is asked for.
        watch: What mark prices said.
        start: First funding time, on the minute.
        end: First funding time no longer wanted.
        as_of: Derived settlements must have been seen before.
        patient: See ``BinanceRest.call``.
    """
    listed = dict(await history.funding(start, end, patient=patient))
    derived = {
        row.funding_time: row.funding_rate
        for row in tuple(watch.derived.values())
        if start <= row.funding_time < end and row.known_at < as_of
    }
    missing = derived.keys() - listed.keys()
    times = sorted(listed.keys() | derived.keys())
    if not times:
        return FundingRates.empty()
    hours = await history.interval_hours()
    return FundingRates.from_rows(
        (time, listed.get(time, derived.get(time)), hours, time in missing) for time in times
    )
