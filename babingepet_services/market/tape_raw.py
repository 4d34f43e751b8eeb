"""The raw tape that a decision read, found again: in the warehouse, or on the event tape.

Belongs here: where it can be, and that it is what was read. Does not belong here: moving it from
one to the other (``market.tape_store``), and what a decision makes of it.

The warehouse holds it under its content hash, written in the decision's own transaction. The event
tape holds its rows among those of the hour; put together again they must have the same hash.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from sqlalchemy import Connection

from babingepet.domain.decision import sha256
from babingepet.market.intervals import HOUR
from babingepet_resources.event_tape.frames import (
    Taped,
    TapedQuotes,
    TapedTrades,
    fact_bytes,
    handed_over,
)
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.warehouse import blobs

RAW: dict[str, type[TapedTrades] | type[TapedQuotes]] = {
    "trades": TapedTrades,
    "quotes": TapedQuotes,
}
"""Kinds of raw tape by the name that a cycle's manifest gives them."""

_HOURS_BACK = (1, 24)
"""Hours before the minute's own in which its rows may lie: one for the quarter of an hour that a
starting loop fetches; more after a long repair."""

_HELD = 4
"""Hours held in memory: the present one and the one before, of both kinds."""


class RawMinute(NamedTuple):
    """Names one kind of raw tape of one decision.

    Attributes:
        name: trades or quotes.
        as_of: Of the decision.
        digest: Content hash, from the decision's manifest.
    """

    name: str
    symbol: str
    source: str
    as_of: int
    digest: str


class RawTape:
    """Finds raw tapes; cheap when asked in ascending time.

    Args:
        tape: The event tape.
    """

    def __init__(self, tape: EventTape) -> None:
        self._tape = tape
        self._hours: OrderedDict[tuple[str, str, str, int], TapedTrades | TapedQuotes | None] = (
            OrderedDict()
        )

    def removed_before(self, symbol: str, source: str) -> int:
        """Time before which retention removed a market's event tape; 0 when it never did."""
        return self._tape.removed_before(symbol, source)

    def content(self, connection: Connection, minute: RawMinute) -> bytes | None:
        """The bytes that a decision read, from either place; None when neither has them.

        Raises:
            IntegrityBroken: What is stored is damaged.
            TapeUnavailable: The event tape does not answer.
        """
        stored = blobs.get(connection, minute.digest)
        return self.on_tape(minute) if stored is None else stored

    def on_tape(self, minute: RawMinute) -> bytes | None:
        """The same from the event tape only.

        Raises:
            IntegrityBroken: A file is damaged.
            TapeUnavailable: The event tape does not answer.
        """
        kind = RAW[minute.name]
        for hours in _HOURS_BACK:
            content = self._put_together(kind, minute, hours)  # type: ignore[type-var]
            if sha256(content) == minute.digest:
                return content
        return None

    def _put_together(self, kind: type[Taped], minute: RawMinute, hours: int) -> bytes:
        last = (minute.as_of - 1) // HOUR * HOUR
        parts = [
            frame.where(frame.known_at == minute.as_of)
            for hour in range(last - hours * HOUR, last + 1, HOUR)
            if (frame := self._hour(kind, minute, hour)) is not None
        ]
        return fact_bytes(handed_over(kind.concat(parts), minute.as_of))

    def _hour(self, kind: type[Taped], minute: RawMinute, hour: int) -> Taped | None:
        key = (kind.KIND, minute.symbol, minute.source, hour)
        if key not in self._hours:
            self._hours[key] = self._tape.hour(kind, minute.symbol, minute.source, hour)
            while len(self._hours) > _HELD:
                self._hours.popitem(last=False)
        found = self._hours[key]
        return found if isinstance(found, kind) else None
