"""The order book of a recording, rebuilt from a snapshot and the differences after it.

Belongs here: recorded messages on their way into a book, and the book at any moment of them. Does
not belong here: when a difference is the next one (``babingepet.market.order_book``), choosing
files, or the wire.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import islice
from typing import Any

import orjson

from babingepet.market.order_book import BookDifference, OrderBook
from babingepet_resources.exchange.source import BookView


class RecordedBook:
    """A book with the exchange's times of what is in it."""

    def __init__(self) -> None:
        self._book = OrderBook()
        self._event_time = 0
        self._transaction_time = 0

    def restart(self, snapshot: dict[str, Any]) -> None:
        """Take a REST snapshot as the whole book."""
        self._book.restart(int(snapshot["lastUpdateId"]), snapshot["bids"], snapshot["asks"])
        self._event_time, self._transaction_time = snapshot["E"], snapshot["T"]

    def apply(self, difference: dict[str, Any]) -> None:
        """Apply one `depthUpdate`."""
        before = self._book.update_id
        self._book.apply(
            BookDifference(
                first_id=int(difference["U"]),
                last_id=int(difference["u"]),
                previous_id=int(difference["pu"]),
                bids=difference["b"],
                asks=difference["a"],
            )
        )
        if self._book.update_id != before:
            self._event_time, self._transaction_time = difference["E"], difference["T"]

    def view(self, levels: int) -> BookView | None:
        """The best levels, or None while the book is unknown."""
        update_id = self._book.update_id
        if update_id is None:
            return None
        bids, asks = self._book.best(levels)
        return BookView(update_id, self._event_time, self._transaction_time, bids, asks)


class BookTape:
    """Snapshots and differences in order, and the book at any moment of them.

    Asking for later moments is cheap; an earlier one replays from the beginning.

    Args:
        entries: (exchange time, raw JSON) of both kinds, sorted by time.
    """

    def __init__(self, entries: Sequence[tuple[int, bytes]]) -> None:
        self._entries = entries
        self._applied = 0
        self._book = RecordedBook()

    def at(self, now: int) -> RecordedBook:
        """The book after everything before `now`."""
        wanted = bisect_left(self._entries, now, key=lambda entry: entry[0])
        if wanted < self._applied:
            self._applied, self._book = 0, RecordedBook()
        for _, raw in islice(self._entries, self._applied, wanted):
            entry = orjson.loads(raw)
            if "lastUpdateId" in entry:
                self._book.restart(entry)
            else:
                self._book.apply(entry)
        self._applied = wanted
        return self._book
