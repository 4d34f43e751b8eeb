"""The reduced tape that stored decisions read, found again, and its last minute reduced again.

A minute that was filled in afterwards is there for loops that were loaded later, and was not for
the one that ran: as with candles (``capture.candles``), the hash says which minutes were read.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from babingepet.errors import IntegrityBroken
from babingepet.market.frames import Quotes, Trades
from babingepet.market.intervals import MINUTE, day_key
from babingepet.market.tape import TapeMinute, reduce_minute
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.warehouse import blobs, tape
from babingepet_resources.warehouse.records import OrderFlowRecord
from babingepet_services.btc.memory import WHALE_USD
from babingepet_services.capture.candles import Manifest, not_read, require_hash
from babingepet_services.capture.content import (
    summary_digest,
    tape_digest,
    tape_minute,
    tape_summary,
)
from babingepet_services.market.tape_raw import RawMinute, RawTape

NEVER = 2**62


@dataclass(eq=False)
class _StoredMinute:
    """A reduced minute as it is stored; filled in when it became known after a later one."""

    minute: TapeMinute
    digest: str
    known_at: int
    filled_in: bool = False

    def is_held(self, loaded_at: int, as_of: int) -> bool:
        """Whether a loop loaded at a time held the minute at ``as_of``."""
        return self.known_at <= (min(loaded_at, as_of) if self.filled_in else as_of)


class CapturedTape:
    """The tape of stored decisions; ask in ascending time.

    Args:
        connection: Of one reading transaction.
        event_tape: Where raw tapes are that left the warehouse; None to look there only.

    Attributes:
        gone: Why the last minute that was read could not be made again from its raw tape; None
            when it could, or never had one.
    """

    def __init__(self, connection: Connection, event_tape: EventTape | None = None) -> None:
        self._connection = connection
        self._raw = RawTape(event_tape) if event_tape else None
        self.gone: str | None = None
        self._market: tuple[str, str] = ("", "")
        self._until = 0
        self._minutes: deque[_StoredMinute] = deque()

    def read(self, manifest: Manifest) -> tuple[TapeMinute, ...]:
        """The minutes that a decision read; the last one is also made again from its raw tape.

        A raw tape that retention removed is told in ``gone``; the reduced minutes still are those
        that were read, by their hash.

        Raises:
            IntegrityBroken: They are not those that were read, or the raw tape says another minute.
            TapeUnavailable: The event tape does not answer.
        """
        self.gone = None
        named = manifest["tape"]
        if not named["rows"]:
            return ()
        self._move_to(manifest)
        minutes = self._named(manifest["as_of"], named["sha256"])
        if manifest["raw_tape"]:
            raw = {name: self._raw_content(manifest, name) for name in ("trades", "quotes")}
            if self.gone is None:
                _reduce_again(raw["trades"], raw["quotes"], minutes)
        return minutes

    def _named(self, as_of: int, digest: str) -> tuple[TapeMinute, ...]:
        """The minutes with that hash among those that a loop could hold, by when it was loaded."""
        found = ""
        for loaded_at in self._load_times(as_of):
            held = [one for one in self._minutes if one.is_held(loaded_at, as_of)]
            found = tape_digest(one.digest for one in held)
            if found == digest:
                return tuple(one.minute for one in held)
        raise not_read("tape", found, digest)

    def _load_times(self, as_of: int) -> list[int]:
        """When a loop could be loaded so that each held other minutes, newest first."""
        late = {one.known_at for one in self._minutes if one.filled_in and one.known_at <= as_of}
        return [*sorted(late, reverse=True), 0]

    def _raw_content(self, manifest: Manifest, name: str) -> bytes:
        """One kind of raw tape; none, and ``gone`` says so, when retention removed it."""
        digest, as_of = manifest["raw_tape"][name], manifest["as_of"]
        if self._raw is None:
            return stored_blob(self._connection, digest, name)
        minute = RawMinute(name, manifest["symbol"], manifest["source"], as_of, digest)
        content = self._raw.content(self._connection, minute)
        if content is None:
            kept_from = self._raw.removed_before(minute.symbol, minute.source)
            if as_of > kept_from:
                raise _not_stored(name, digest)
            self.gone = (
                f"the raw {name} of the minute are gone by retention (the event tape is kept from "
                f"{day_key(kept_from)} on): the minute was taken as it was reduced then"
            )
        return content or b""

    def _move_to(self, manifest: Manifest) -> None:
        """Hold the minutes of a manifest's range; those that are held already are not read again."""
        start, as_of = manifest["tape"]["start"], manifest["as_of"]
        market = (manifest["symbol"], manifest["source"])
        begins = self._minutes[0].minute.open_time if self._minutes else as_of
        if market != self._market or start < begins:
            self._minutes.clear()
            self._market, self._until = market, start
        rows = tape.order_flow(self._connection, *market, self._until, as_of)
        self._minutes += map(_stored_minute, rows)
        self._until = as_of
        while self._minutes and self._minutes[0].minute.open_time < start:
            self._minutes.popleft()
        soonest = NEVER
        for one in reversed(self._minutes):
            one.filled_in = one.known_at > soonest
            soonest = min(soonest, one.known_at)


def _stored_minute(row: OrderFlowRecord) -> _StoredMinute:
    minute = tape_minute(row.open_time, row.summary)
    return _StoredMinute(minute, summary_digest(tape_summary(minute)), row.known_at)


def stored_blob(connection: Connection, digest: str, what: str) -> bytes:
    """Content that a decision read, by its hash.

    Raises:
        IntegrityBroken: It is not stored any more, or damaged.
    """
    content = blobs.get(connection, digest)
    if content is None:
        raise _not_stored(what, digest)
    return content


def _not_stored(what: str, digest: str) -> IntegrityBroken:
    return IntegrityBroken(f"the {what} that were read ({digest[:12]}) are not stored any more")


def _reduce_again(raw_trades: bytes, raw_quotes: bytes, minutes: tuple[TapeMinute, ...]) -> None:
    last = minutes[-1]
    trades, quotes = Trades.from_bytes(raw_trades), Quotes.from_bytes(raw_quotes)
    before = minutes[-2] if len(minutes) > 1 else None
    first = before is None or before.open_time != last.open_time - MINUTE
    again = reduce_minute(
        last.open_time,
        trades.between(0, last.open_time + MINUTE),
        quotes.between(0, last.open_time + MINUTE),
        previous=None if first else before,
        trades_from=last.trades_from,
        quotes_from=last.quotes_from,
        book=last.book,
        minimum_notional=WHALE_USD,
        bucket_volume=last.volume_clock.bucket_volume if last.volume_clock else math.nan,
    )
    found: dict[str, Any] = tape_summary(again)
    named = tape_summary(last)
    known = {name: found.get(name) for name in named}  # an older version stored fewer
    require_hash("raw tape", summary_digest(known), summary_digest(named))
