"""One rule of a local order book: a snapshot, and the differences that follow it without a hole.

Belongs here: when a difference is the next one, and what the book is after it. Does not belong
here: how an exchange spells either, and asking for a new snapshot.

Each difference names the first and the last update in it, and the last update of the difference
before. The first one after a snapshot must hold the snapshot's own update, or name it as its
predecessor (a snapshot may end exactly where a difference did); each later one must name its
predecessor. A difference that does not leaves the book unknown until the next snapshot:
a book with a hole in its history is wrong at prices that nobody can name.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures (How to manage a
local order book correctly).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import nlargest, nsmallest
from typing import NamedTuple

Level = tuple[str, str]
"""Price and quantity as the exchange wrote them: decimal strings, no digit lost."""

_Side = dict[float, Level]


class BookDifference(NamedTuple):
    """What changed in the book between two moments.

    Attributes:
        first_id: Of the first update in it.
        last_id: Of the last update in it.
        previous_id: Of the last update in the difference before.
        bids: Levels that changed, with their whole new quantity; 0 removes a level.
        asks: The same for the other side.
    """

    first_id: int
    last_id: int
    previous_id: int
    bids: Sequence[Level]
    asks: Sequence[Level]


class OrderBook:
    """A book that starts unknown, becomes known by a snapshot and is lost by a missing difference.

    Example:
        >>> book = OrderBook()
        >>> book.restart(7, bids=[("99.9", "1")], asks=[("100.1", "2")])
        >>> book.apply(BookDifference(6, 8, 5, bids=[("100.0", "3")], asks=[]))
        True
        >>> book.best(1)
        ([('100.0', '3')], [('100.1', '2')])
        >>> book.apply(BookDifference(11, 12, 10, bids=[], asks=[]))
        False
        >>> book.update_id is None
        True
    """

    def __init__(self) -> None:
        self._bids: _Side = {}
        self._asks: _Side = {}
        self._update_id: int | None = None
        self._is_bridged = False

    @property
    def update_id(self) -> int | None:
        """The last update that is in the book; None while the book is unknown."""
        return self._update_id

    def restart(self, update_id: int, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Take a snapshot as the whole book."""
        self._bids.clear()
        self._asks.clear()
        _put(self._bids, bids)
        _put(self._asks, asks)
        self._update_id = update_id
        self._is_bridged = False

    def apply(self, difference: BookDifference) -> bool:
        """Apply a difference; one whose updates are all in the book already changes nothing.

        Returns:
            Whether the book is known afterwards.
        """
        if self._update_id is None:
            return False
        if self._holds(difference):
            return True
        if not self._is_next(difference):
            self._update_id = None
            return False
        self._is_bridged = True
        _put(self._bids, difference.bids)
        _put(self._asks, difference.asks)
        self._update_id = difference.last_id
        return True

    def best(self, levels: int) -> tuple[list[Level], list[Level]]:
        """The best bids and asks, best first; none while the book is unknown."""
        if self._update_id is None:
            return [], []
        return (
            [self._bids[price] for price in nlargest(levels, self._bids)],
            [self._asks[price] for price in nsmallest(levels, self._asks)],
        )

    @property
    def is_crossed(self) -> bool:
        """Whether somebody would buy for more than somebody sells for: no real book does."""
        if self._update_id is None or not (self._bids and self._asks):
            return False
        return max(self._bids) >= min(self._asks)

    def _holds(self, difference: BookDifference) -> bool:
        """The snapshot's own update may stand in a difference that ends with it: not skipped."""
        known = self._update_id or 0
        return difference.last_id < known + self._is_bridged

    def _is_next(self, difference: BookDifference) -> bool:
        if difference.previous_id == self._update_id:
            return True
        return not self._is_bridged and difference.first_id <= (self._update_id or 0)


def _put(side: _Side, levels: Iterable[Level]) -> None:
    for level in levels:
        price, quantity = float(level[0]), float(level[1])
        if quantity == 0:
            side.pop(price, None)
        else:
            side[price] = (level[0], level[1])
