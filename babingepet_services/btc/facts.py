"""Facts of collected minutes on their way into the warehouse.

They wait here until a decision is written: a minute whose transaction fails loses nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from babingepet.market.frames import Candles
from babingepet.market.intervals import MINUTE
from babingepet.market.tape import TapeMinute
from babingepet_resources.clients.feed import CollectedMinute
from babingepet_resources.warehouse import blobs
from babingepet_resources.warehouse.records import (
    BlobRecord,
    CandleBatch,
    FundingBatch,
    GapRecord,
    LargePrintRecord,
    OpenInterestBatch,
    OrderBookRecord,
    OrderFlowRecord,
)
from babingepet_services.btc import records as btc_records
from babingepet_services.btc.memory import BtcMemory
from babingepet_services.capture.content import summary_digest, tape_summary

log = logging.getLogger(__name__)
_MARKET = ("candles", "funding", "open_interest", "order_flow", "order_books", "large_prints")

_MOST_WAITING = {
    "candles": 1_440, "funding": 1_440, "open_interest": 1_440, "order_flow": 1_440,
    "order_books": 1_440, "large_prints": 20_000, "gaps": 5_000,
}  # fmt: skip
"""A day of minutes, about 10 MB. The same minutes are on record as missed once it is back; candles
are fetched again by the next loop that lacks them."""

_ROWS = 5_000
"""Rows of one batch, and of each kind in a portion: half a megabyte, a second on a slow line."""
_STATEMENT = 100
"""What a batch, which is a statement of its own, costs in rows: 20 ms to a server far away."""


@dataclass
class PendingFacts:
    """Facts that were collected and are not written yet."""

    candles: list[CandleBatch] = field(default_factory=list)
    funding: list[FundingBatch] = field(default_factory=list)
    open_interest: list[OpenInterestBatch] = field(default_factory=list)
    order_flow: list[OrderFlowRecord] = field(default_factory=list)
    order_books: list[OrderBookRecord] = field(default_factory=list)
    large_prints: list[LargePrintRecord] = field(default_factory=list)
    gaps: list[GapRecord] = field(default_factory=list)
    blobs: list[BlobRecord] = field(default_factory=list)
    dropped: int = 0
    """Facts that were given up since the start, because too much waited."""

    def clear(self) -> None:
        """Forget what was written."""
        for waiting in self._lists().values():
            waiting.clear()

    def portion(self) -> PendingFacts | None:
        """The oldest facts, to be written by themselves; None when all of them fit into a cycle.

        Facts join cycles as they come, but a first cycle has months of history, and one after an
        outage the minutes of hours: no transaction of the loop may take that long.
        """
        first = {name: _first(waiting) for name, waiting in self._lists(_MARKET).items()}
        if all(len(part) == len(getattr(self, name)) for name, part in first.items()):
            return None
        portion = PendingFacts()
        for name, part in first.items():
            getattr(portion, name).extend(part)
        return portion

    def forget(self, portion: PendingFacts) -> None:
        """Remove facts that were written by themselves."""
        for name, part in portion._lists(_MARKET).items():
            del getattr(self, name)[: len(part)]

    def _lists(self, names: Iterable[str] = ()) -> dict[str, list[Any]]:
        return {name: getattr(self, name) for name in names or (*_MARKET, "gaps", "blobs")}

    def _bound(self) -> None:
        """Give up the oldest facts when a day of them waits."""
        for name, most in _MOST_WAITING.items():
            surplus = len(getattr(self, name)) - most
            if surplus > 0:
                del getattr(self, name)[:surplus]
                self.dropped += surplus
                log.warning("%d waiting facts were given up: %s", surplus, name)

    def collect(
        self,
        minute: CollectedMinute,
        memory: BtcMemory,
        reduced: list[TapeMinute],
        fresh: Candles,
        *,
        capture_tape: bool,
    ) -> dict[str, str]:
        """Take over the facts of a minute that joined the memory.

        Returns:
            Content hashes of the raw tape, by name; empty when it is not captured.
        """
        info, known_at = memory.info, minute.as_of
        # A raw tape is found by the decision that names it: that of a minute before was not made.
        self.blobs.clear()
        self._bound()
        self._collect_loaded(memory)
        self._collect_candles(memory, fresh, known_at)
        if len(minute.funding):
            self.funding.append(FundingBatch(info.symbol, info.source, minute.funding, known_at))
        if len(minute.open_interest):
            self.open_interest.append(
                OpenInterestBatch(info.symbol, info.source, minute.open_interest, known_at)
            )
        self.gaps += btc_records.gap_records(minute, info, minute.clock)
        for part in reduced:
            self._collect_tape(part, minute, memory)
        if not (reduced and capture_tape):
            return {}
        raw = {
            "trades": blobs.pack(minute.trades.to_bytes(), minute.clock),
            "quotes": blobs.pack(minute.quotes.to_bytes(), minute.clock),
        }
        self.blobs += raw.values()
        return {name: blob.hash for name, blob in raw.items()}

    def _collect_loaded(self, memory: BtcMemory) -> None:
        loaded, memory.loaded = memory.loaded, []
        for batch in loaded:
            if isinstance(batch, CandleBatch):
                self.candles += _split(batch)
        self.funding += [batch for batch in loaded if isinstance(batch, FundingBatch)]
        self.open_interest += [batch for batch in loaded if isinstance(batch, OpenInterestBatch)]

    def _collect_candles(self, memory: BtcMemory, fresh: Candles, known_at: int) -> None:
        info = memory.info
        memory.digests.append(fresh)
        if len(fresh):
            derived = "candles" in info.derived
            self.candles.append(
                CandleBatch(info.symbol, "1m", info.source, fresh, known_at, derived)
            )

    def _collect_tape(self, part: TapeMinute, minute: CollectedMinute, memory: BtcMemory) -> None:
        info, known_at = memory.info, minute.as_of
        summary = tape_summary(part)
        memory.tape_digests.append(summary_digest(summary))
        trades = minute.trades.between(part.open_time, part.open_time + MINUTE)
        self.order_flow.append(btc_records.order_flow_record(part, summary, trades, info, known_at))
        self.large_prints += btc_records.large_print_records(part, info, known_at)
        book = btc_records.order_book_record(part, summary, info, known_at)
        if book is not None and part.open_time == minute.as_of - MINUTE:
            self.order_books.append(book)


def _split(batch: CandleBatch) -> Iterator[CandleBatch]:
    for start in range(0, len(batch.candles), _ROWS):
        yield replace(batch, candles=batch.candles.rows(start, start + _ROWS))


def _first(waiting: list[Any]) -> list[Any]:
    """As many as may be written in one transaction; one at least."""
    rows = 0
    for position, fact in enumerate(waiting):
        rows += _rows_of(fact)
        if position and rows > _ROWS:
            return waiting[:position]
    return waiting[:]


def _rows_of(fact: object) -> int:
    match fact:
        case CandleBatch(candles=frame):
            return _STATEMENT + len(frame)
        case FundingBatch() | OpenInterestBatch():
            return _STATEMENT
    return _STATEMENT // 10
