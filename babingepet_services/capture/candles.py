"""The candles that stored decisions read, found again and compared by hash.

A loop reads its history when it starts, and then only takes minutes that follow its newest one. A
minute that was filled in behind it is seen by loops that start later, and by this one when it loads
anew at the end of the month. So what a decision read is one of a few histories, told apart by when
they were loaded:

1. minutes are read once, with the time at which each became known
2. for each time at which something was filled in, the history of a loop loaded then is kept
3. every history grows with the decisions; the one whose hash the manifest names was read

A market of the past may be played in a warehouse that was filled long after it: files that were
imported are known since this year, and a loop of that market reads them all the same. So the last
history that is tried is all that is stored; the hash says whether it was read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Connection

from babingepet.domain.decision import sha256
from babingepet.errors import IntegrityBroken
from babingepet.market.frames import Bools, Candles, Frame, Ints
from babingepet.market.history import BarHistory
from babingepet.market.intervals import month_start
from babingepet_resources.warehouse import candles
from babingepet_services.capture.content import DayDigests, row_bytes

Manifest = Mapping[str, Any]
SomeFrame = TypeVar("SomeFrame", bound=Frame)

EVER = 2**62
"""A time at which everything that is stored is known."""


def require_hash(what: str, found: str, named: str) -> None:
    """Compare content with the hash that a manifest names.

    Raises:
        IntegrityBroken: They differ.
    """
    if found != named:
        raise not_read(what, found, named)


def not_read(what: str, found: str, named: str) -> IntegrityBroken:
    """The error of content that has another hash than the manifest names."""
    return IntegrityBroken(
        f"the {what} in the warehouse are not those that were read: "
        f"hash {found[:12]} instead of {named[:12]}"
    )


def as_read(what: str, read: Callable[[int], SomeFrame], as_of: int, named: str) -> SomeFrame:
    """The rows with a hash: those known at ``as_of``, or all that are stored.

    Args:
        what: How errors name them.
        read: Reads the rows that were known at a time.
        as_of: When the decision was made.
        named: The hash.

    Raises:
        IntegrityBroken: Neither has it.
    """
    found = ""
    for known_until in (as_of, EVER):
        rows = read(known_until)
        found = sha256(row_bytes(rows))
        if found == named:
            return rows
    raise not_read(what, found, named)


@dataclass(frozen=True, eq=False)
class KnownMinutes:
    """Stored minutes, ascending, and when each became known, UTC ms."""

    candles: Candles
    known_at: Ints

    @cached_property
    def _filled_in(self) -> Bools:
        """Minutes that became known after a newer one was."""
        soonest = np.minimum.accumulate(self.known_at[::-1])[::-1]
        return np.asarray(self.known_at > soonest, np.bool_)

    def held(self, loaded_at: int, since: int, as_of: int) -> Candles:
        """Minutes from ``since`` that a loop loaded at ``loaded_at`` held at ``as_of``."""
        first, last = np.searchsorted(self.candles.open_time, (since, as_of))
        rows = self.candles.rows(int(first), int(last))
        if loaded_at == EVER:
            return rows
        seen_until = np.where(self._filled_in[first:last], min(loaded_at, as_of), as_of)
        return rows.where(self.known_at[first:last] <= seen_until)

    def load_times(self, as_of: int) -> list[int]:
        """When a loop of this month could be loaded so that each held other minutes, newest first."""
        begin = month_start(as_of)
        times = np.unique(self.known_at[self._filled_in])
        return [*times[(times > begin) & (times <= as_of)][::-1].tolist(), begin]


class _Held:
    """The history of a loop loaded at some time, growing with the decisions."""

    def __init__(self, minutes: KnownMinutes, loaded_at: int, start: int) -> None:
        self._minutes = minutes
        self._loaded_at = loaded_at
        self._start = start
        self._next = start
        self._as_of = start
        self._digests = DayDigests(Candles.empty())
        self._bars: BarHistory | None = None

    def grow(self, as_of: int) -> str:
        """Take in what came until ``as_of``; returns the hash of all minutes."""
        fresh = self._minutes.held(self._loaded_at, self._next, as_of)
        self._as_of = as_of
        self._digests.append(fresh)
        if self._bars is not None:
            self._bars.append(fresh)
        if len(fresh):
            self._next = int(fresh.open_time[-1]) + 1
        return self._digests.digest(self._start)

    def bars(self, hours: Candles) -> BarHistory:
        """The minutes so far and the bars made of them."""
        if self._bars is None:
            rows = self._minutes.held(self._loaded_at, self._start, self._as_of)
            self._bars = BarHistory(rows, hours)
        return self._bars


class CapturedCandles:
    """The candles of stored decisions; ask in ascending time.

    Args:
        connection: Of one reading transaction.
        until: No decision asked for is later, UTC ms.
    """

    def __init__(self, connection: Connection, until: int) -> None:
        self._connection = connection
        self._until = until
        self._opened: tuple[object, ...] = ()
        self._minutes = KnownMinutes(Candles.empty(), np.empty(0, np.int64))
        self._hours = Candles.empty()
        self._held: dict[int, _Held] = {}

    def read(self, manifest: Manifest) -> BarHistory:
        """The history that a decision read.

        Raises:
            IntegrityBroken: No history that a loop could have had has the hash that is named.
        """
        as_of, named = manifest["as_of"], manifest["minutes"]
        hours_hash = manifest["hours"]["sha256"]
        opened = (manifest["symbol"], manifest["source"], named["start"], hours_hash)
        if opened != self._opened:
            self._open(manifest)
            self._opened = opened
        found = ""
        for loaded_at in (*self._minutes.load_times(as_of), EVER):
            held = self._held.get(loaded_at)
            if held is None:
                held = self._held[loaded_at] = _Held(self._minutes, loaded_at, named["start"])
            found = held.grow(as_of)
            if found == named["sha256"]:
                return held.bars(self._hours)
        raise not_read("minutes", found, named["sha256"])

    def _open(self, manifest: Manifest) -> None:
        as_of, symbol, source = manifest["as_of"], manifest["symbol"], manifest["source"]
        named, start = manifest["hours"], manifest["minutes"]["start"]
        self._opened, self._held = (), {}
        self._minutes = KnownMinutes(
            *candles.read_known(self._connection, symbol, "1m", source, start, self._until)
        )
        self._hours = as_read(
            "hours",
            lambda known_until: candles.read(
                self._connection, symbol, "1h", source, named["start"], named["end"],
                known_until=known_until,
            ),
            as_of,
            named["sha256"],
        )  # fmt: skip
