"""What the warehouse keeps about the market: one frozen dataclass per kind of row.

Import them from ``records``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from babingepet.market.frames import Candles, FundingRates, OpenInterest


@dataclass(frozen=True)
class InsertOutcome:
    """What became of facts that never change once stored.

    Attributes:
        written: New rows.
        already_there: Rows that were stored before with the same values.
        conflicts: Rows that were stored before with other values; the stored ones stay.
    """

    written: int = 0
    already_there: int = 0
    conflicts: int = 0

    def __add__(self, other: InsertOutcome) -> InsertOutcome:
        return InsertOutcome(
            self.written + other.written,
            self.already_there + other.already_there,
            self.conflicts + other.conflicts,
        )


@dataclass(frozen=True)
class CandleBatch:
    """Closed candles of one instrument that became known at one moment."""

    symbol: str
    interval: str
    source: str
    candles: Candles
    known_at: int
    derived: bool = False
    """True where we aggregated them from trades or from shorter candles."""


@dataclass(frozen=True)
class FundingBatch:
    """Settled funding rates of one instrument that became known at one moment."""

    symbol: str
    source: str
    rates: FundingRates
    known_at: int


@dataclass(frozen=True)
class OpenInterestBatch:
    """Open interest of one instrument that became known at one moment."""

    symbol: str
    source: str
    rows: OpenInterest
    known_at: int


@dataclass(frozen=True)
class MarketFileRecord:
    """A file of market facts that was read whole; its content names it.

    Attributes:
        sha256: Of the file's bytes as they lay there, packed or not.
        kind: ``candles``, ``trades``, ``funding``, ``open-interest``, ``etf-flows``, ``fear-greed``.
        symbol: The instrument; the asset of ETF flows; empty where there is none.
        source: Stamped on the rows.
        name: The file's name, for people.
        origin: ``archive`` or ``file``.
        rows_written: New rows when it was first read.
        first_time: Of the first row; None without rows.
        last_time: Of the last row; None without rows.
    """

    sha256: str
    kind: str
    symbol: str
    source: str
    name: str
    origin: str
    rows_read: int
    rows_written: int
    rows_rejected: int
    first_time: int | None
    last_time: int | None
    read_at: int


@dataclass(frozen=True)
class OrderFlowRecord:
    """What one minute's trades and quotes came to; ``summary`` is the engine's, opaque here."""

    symbol: str
    open_time: int
    source: str
    trade_count: int
    taker_buy_base_volume: float
    taker_sell_base_volume: float
    quote_count: int
    order_flow_imbalance: float | None
    trades_from: int | None
    """Start of the unbroken coverage of trades; None when the minute is not covered."""
    quotes_from: int | None
    summary: Mapping[str, Any]
    known_at: int


@dataclass(frozen=True)
class LargePrintRecord:
    """One large merged print: the fills of one taker order. ``notional`` in quote currency."""

    symbol: str
    trade_id: int
    event_time: int
    price: float
    quantity: float
    notional: float
    taker_side: Literal["BUY", "SELL"]
    source: str
    known_at: int


@dataclass(frozen=True)
class OrderBookRecord:
    """One snapshot of the best levels."""

    symbol: str
    event_time: int
    source: str
    bid_price: float
    bid_size: float
    ask_price: float
    ask_size: float
    spread_bps: float
    book_imbalance: float | None
    levels: Any
    """Best first; JSON of the writer's choice."""
    known_at: int


@dataclass(frozen=True)
class GapRecord:
    """A stretch that a feed did not cover; the feed ``decision`` means minutes not decided."""

    symbol: str
    feed: str
    start_time: int
    end_time: int
    reason: str
    source: str
    detected_at: int
    repaired_at: int | None = None
    repaired_from: str | None = None
    cycles_affected: int = 0
    id: int | None = None
    """Handed out by the database; None before it is written."""
