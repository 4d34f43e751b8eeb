"""The whole order book of an instrument, kept by its differences.

Belongs here: joining the stream's differences to REST's snapshot, and starting again by itself
when one was lost. Does not belong here: when a difference is the next one (``market.order_book``),
and the socket.

Differences are kept while there is no snapshot; whichever of the two comes first, none is missed.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from itertools import pairwise
from typing import Any

from babingepet.errors import ExchangeUnavailable
from babingepet.market.order_book import BookDifference, OrderBook
from babingepet_resources.clients.binance.payloads import BAD_ROW

SNAPSHOT_LEVELS = 1_000
"""Levels asked for: the most there are, request weight 20."""

_WAITING = 6_000
"""Differences kept while a snapshot is on its way: ten minutes of the stream's hundred
milliseconds. When more come, the oldest go, and the next snapshot is newer than they are."""

Fetch = Callable[[], Awaitable[Mapping[str, Any]]]


class BookFollower:
    """Follows one instrument's book; belongs to one event loop.

    Args:
        fetch: Gets a snapshot, the body of ``/fapi/v1/depth``.
        pause_s: Seconds before asking again for a snapshot that did not fit or did not come.
        counts: Gets ``book_resyncs``: how often the book was lost and asked for again.
    """

    def __init__(self, fetch: Fetch, *, pause_s: float, counts: Counter[str]) -> None:
        self._fetch = fetch
        self._pause_s = pause_s
        self._counts = counts
        self._waiting: deque[BookDifference] = deque(maxlen=_WAITING)
        self._wanted = asyncio.Event()
        self._known = asyncio.Event()
        self.book = OrderBook()

    async def known(self) -> None:
        """Wait until the book is known."""
        await self._known.wait()

    def receive(self, data: Mapping[str, Any]) -> None:
        """Take the ``data`` of a ``depthUpdate``, in the order in which they come.

        Raises:
            ValueError, TypeError, KeyError: It is not one.
        """
        difference = _difference(data)
        was_known = self.book.update_id is not None
        if was_known and self.book.apply(difference):
            return
        if was_known:
            self._counts["book_resyncs"] += 1
            self._known.clear()
        self._waiting.append(difference)
        self._wanted.set()

    async def keep(self) -> None:
        """Ask for a snapshot whenever one is needed; ends by being cancelled."""
        while True:
            await self._wanted.wait()
            try:
                is_known = self._joined(await self._fetch())
            except (ExchangeUnavailable, *BAD_ROW):
                is_known = False
            if is_known:
                self._wanted.clear()
                self._known.set()
            else:
                await asyncio.sleep(self._pause_s)

    def _joined(self, snapshot: Mapping[str, Any]) -> bool:
        """Whether the differences that came meanwhile follow the snapshot."""
        self.book.restart(int(snapshot["lastUpdateId"]), snapshot["bids"], snapshot["asks"])
        for difference in self._waiting:
            if not self.book.apply(difference):
                return self._joined_after_hole()
        self._waiting.clear()
        return True

    def _joined_after_hole(self) -> bool:
        """Only what came after the last hole can follow a newer snapshot."""
        differences = list(self._waiting)
        holes = [
            number
            for number, (before, after) in enumerate(pairwise(differences), 1)
            if after.previous_id != before.last_id
        ]
        if holes:
            self._waiting = deque(differences[holes[-1] :], maxlen=_WAITING)
        return False


def _difference(data: Mapping[str, Any]) -> BookDifference:
    return BookDifference(
        first_id=int(data["U"]),
        last_id=int(data["u"]),
        previous_id=int(data["pu"]),
        bids=[_level(level) for level in data["b"]],
        asks=[_level(level) for level in data["a"]],
    )


def _level(level: Any) -> tuple[str, str]:  # noqa: ANN401 - whatever the exchange sent
    price, quantity = level
    if not (0 < float(price) < float("inf") and 0 <= float(quantity) < float("inf")):
        raise ValueError(f"{level!r} is not a price and a quantity")
    return str(price), str(quantity)
