"""The reduced tape that stored decisions read, found again, and its last minute reduced again."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from babingepet.errors import IntegrityBroken
from babingepet.market.frames import Quotes, Trades
from babingepet.market.intervals import MINUTE
from babingepet.market.tape import TapeMinute, reduce_minute
from babingepet_resources.warehouse import blobs, tape
from babingepet_services.btc_memory import WHALE_USD
from babingepet_services.capture import summary_digest, tape_digest, tape_minute, tape_summary
from babingepet_services.captured_candles import Manifest, require_hash


class CapturedTape:
    """The tape of stored decisions; ask in ascending time.

    Args:
        connection: Of one reading transaction.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._market: tuple[str, str] = ("", "")
        self._until = 0
        self._minutes: deque[tuple[TapeMinute, str]] = deque()

    def read(self, manifest: Manifest) -> tuple[TapeMinute, ...]:
        """The minutes that a decision read; the last one is also made again from its raw tape.

        Raises:
            IntegrityBroken: They are not those that were read, or the raw tape says another minute.
        """
        named = manifest["tape"]
        if not named["rows"]:
            return ()
        self._move_to(manifest)
        require_hash("tape", tape_digest(digest for _, digest in self._minutes), named["sha256"])
        minutes = tuple(minute for minute, _ in self._minutes)
        if manifest["raw_tape"]:
            _reduce_again(self._connection, manifest["raw_tape"], minutes)
        return minutes

    def _move_to(self, manifest: Manifest) -> None:
        """Hold the minutes of a manifest's range; those that are held already are not read again."""
        start, as_of = manifest["tape"]["start"], manifest["as_of"]
        market = (manifest["symbol"], manifest["source"])
        begins = self._minutes[0][0].open_time if self._minutes else as_of
        if market != self._market or start < begins:
            self._minutes.clear()
            self._market, self._until = market, start
        rows = tape.order_flow(self._connection, *market, self._until, as_of)
        fresh = [tape_minute(row.open_time, row.summary) for row in rows]
        self._minutes += [(minute, summary_digest(tape_summary(minute))) for minute in fresh]
        self._until = as_of
        while self._minutes and self._minutes[0][0].open_time < start:
            self._minutes.popleft()


def stored_blob(connection: Connection, digest: str, what: str) -> bytes:
    """Content that a decision read, by its hash.

    Raises:
        IntegrityBroken: It is not stored any more, or damaged.
    """
    content = blobs.get(connection, digest)
    if content is None:
        raise IntegrityBroken(f"the {what} that were read ({digest[:12]}) are not stored any more")
    return content


def _reduce_again(
    connection: Connection, raw: Mapping[str, str], minutes: tuple[TapeMinute, ...]
) -> None:
    last = minutes[-1]
    trades = Trades.from_bytes(stored_blob(connection, raw["trades"], "trades"))
    quotes = Quotes.from_bytes(stored_blob(connection, raw["quotes"], "quotes"))
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
