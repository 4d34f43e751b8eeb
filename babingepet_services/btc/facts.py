"""Facts of collected minutes on their way into the warehouse.

They wait here until a decision is written: a minute whose transaction fails loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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

    def clear(self) -> None:
        """Forget what was written."""
        for batch in vars(self).values():
            batch.clear()

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
        self.candles += [batch for batch in loaded if isinstance(batch, CandleBatch)]
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
