"""Which minute can be collected now.

Belongs here: the rule of completeness and the order of boundaries. What is in a minute belongs to
``collector``.
"""

from __future__ import annotations

from collections.abc import Sequence

from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.binance.buffers import Coverage
from babingepet_resources.clients.binance.exchange_time import ExchangeTime
from babingepet_resources.clients.binance.inbox import Inbox
from babingepet_resources.clients.binance.markets import Market
from babingepet_resources.clients.binance.options import FeedOptions


class Completeness:
    """Knows the boundary up to which everything has arrived, or is not worth waiting for.

    With markers it is the last one that came through every socket; a free-running market does not
    wait longer than the grace for a marker that a reconnecting socket missed. Without markers it is
    the minute whose closing candle came, or whose grace is over.
    """

    def __init__(
        self,
        market: Market,
        inbox: Inbox,
        coverages: Sequence[Coverage],
        time: ExchangeTime,
        options: FeedOptions,
    ) -> None:
        self._market = market
        self._inbox = inbox
        self._coverages = coverages
        self._time = time
        self._options = options
        self._first = 0

    def begin(self) -> None:
        """Fix the first boundary: the next one, or the present one of a market that stands."""
        now = self._time.now()
        stands_on_boundary = self._market.info.lockstep and now % MINUTE == 0
        self._first = now if stands_on_boundary else _boundary(now) + MINUTE

    @property
    def marker(self) -> int:
        """The last boundary announced on every socket, zero before the first."""
        return min((coverage.marker for coverage in self._coverages), default=0)

    def target(self, after: int | None, previous: int | None) -> int | None:
        """The boundary to collect now; None while none is complete.

        Args:
            after: What the consumer has dealt with.
            previous: The last boundary that was collected.
        """
        until = self._until()
        earliest = max(self._first, until - self._options.buffer_minutes * MINUTE)
        for dealt_with in (after, previous):
            if dealt_with is not None:
                earliest = max(earliest, _boundary(dealt_with) + MINUTE)
        return earliest if earliest <= until else None

    def _until(self) -> int:
        if self._market.info.lockstep:
            self._time.stand(self.marker)
            return self.marker
        now = self._time.now()
        late = _boundary(now - self._options.grace_ms)
        if self._market.has_markers:
            return max(self.marker, late)
        settled = _boundary(now - self._options.settle_ms)
        return settled if settled - MINUTE in self._inbox.candles else late


def _boundary(time: int) -> int:
    return time - time % MINUTE
