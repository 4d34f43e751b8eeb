"""The order book of a recording, rebuilt from a snapshot and the differences after it.

Belongs here: applying differences in the exchange's order. Does not belong here: choosing files,
or the wire.
Source: https://developers.binance.com/docs/derivatives/usds-margined-futures (How to manage a
local order book correctly).
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from heapq import nlargest, nsmallest
from itertools import islice
from typing import Any

import orjson

from babingepet_resources.exchange.source import BookView


class OrderBook:
    """A book that starts unknown, becomes known by a snapshot and is lost by a missing difference.

    Prices and quantities stay the recorded decimal strings.
    """

    def __init__(self) -> None:
        self._bids: dict[float, tuple[str, str]] = {}
        self._asks: dict[float, tuple[str, str]] = {}
        self._update_id: int | None = None
        self._is_bridged = False
        self._event_time = 0
        self._transaction_time = 0

    def restart(self, snapshot: dict[str, Any]) -> None:
        """Take a REST snapshot as the whole book."""
        self._bids.clear()
        self._asks.clear()
        _put(self._bids, snapshot["bids"])
        _put(self._asks, snapshot["asks"])
        self._update_id = int(snapshot["lastUpdateId"])
        self._is_bridged = False
        self._event_time, self._transaction_time = snapshot["E"], snapshot["T"]

    def apply(self, difference: dict[str, Any]) -> None:
        """Apply one `depthUpdate`; what the snapshot already holds is skipped."""
        if self._update_id is None or difference["u"] < self._update_id:
            return
        is_next = (
            difference["pu"] == self._update_id
            if self._is_bridged
            else difference["U"] <= self._update_id
        )
        if not is_next:
            self._update_id = None
            return
        self._is_bridged = True
        _put(self._bids, difference["b"])
        _put(self._asks, difference["a"])
        self._update_id = int(difference["u"])
        self._event_time, self._transaction_time = difference["E"], difference["T"]

    def view(self, levels: int) -> BookView | None:
        """The best levels, or None while the book is unknown."""
        if self._update_id is None:
            return None
        return BookView(
            self._update_id,
            self._event_time,
            self._transaction_time,
            [self._bids[price] for price in nlargest(levels, self._bids)],
            [self._asks[price] for price in nsmallest(levels, self._asks)],
        )


class BookTape:
    """Snapshots and differences in order, and the book at any moment of them.

    Asking for later moments is cheap; an earlier one replays from the beginning.

    Args:
        entries: (exchange time, raw JSON) of both kinds, sorted by time.
    """

    def __init__(self, entries: Sequence[tuple[int, bytes]]) -> None:
        self._entries = entries
        self._applied = 0
        self._book = OrderBook()

    def at(self, now: int) -> OrderBook:
        """The book after everything before `now`."""
        wanted = bisect_left(self._entries, now, key=lambda entry: entry[0])
        if wanted < self._applied:
            self._applied, self._book = 0, OrderBook()
        for _, raw in islice(self._entries, self._applied, wanted):
            entry = orjson.loads(raw)
            if "lastUpdateId" in entry:
                self._book.restart(entry)
            else:
                self._book.apply(entry)
        self._applied = wanted
        return self._book


def _put(side: dict[float, tuple[str, str]], levels: Iterable[tuple[str, str]]) -> None:
    for price, quantity in levels:
        if float(quantity) == 0:
            side.pop(float(price), None)
        else:
            side[float(price)] = (price, quantity)
