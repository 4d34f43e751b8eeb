"""What is written to and read from the warehouse: one frozen dataclass per kind of row.

What belongs here: plain values, named as their table's columns; a cycle's own rows, and the names
of the others. What does not: engine types (services map them) and SQL. Times are UTC epoch
milliseconds; money is Decimal with at most eight decimal places; ``Mapping`` and ``Sequence``
fields are stored as canonical JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, Protocol

from babingepet_resources.warehouse.context_records import (
    EtfFlowRecord,
    FearGreedRecord,
    FeedCheckRecord,
    NewsRecord,
    SentimentRecord,
    VerdictRecord,
)
from babingepet_resources.warehouse.market_records import (
    CandleBatch,
    FundingBatch,
    GapRecord,
    InsertOutcome,
    LargePrintRecord,
    MarketFileRecord,
    OpenInterestBatch,
    OrderBookRecord,
    OrderFlowRecord,
)
from babingepet_resources.warehouse.replay_records import (
    ReplayDay,
    ReplayDayRecord,
    ReplayRunRecord,
    ReplayTradeRecord,
)
from babingepet_resources.warehouse.service_records import (
    BlobRecord,
    CheckRecord,
    Lease,
    OutboxRecord,
)
from babingepet_resources.warehouse.swarm_records import (
    CallEnd,
    CallKey,
    CallRecord,
    ModelRecord,
    OutcomeRecord,
    PredictionRecord,
    RoundRecord,
    SpendRecord,
    Spent,
)

__all__ = [
    "BlobRecord",
    "CallEnd",
    "CallKey",
    "CallRecord",
    "CandleBatch",
    "CheckRecord",
    "CycleInputsRecord",
    "CycleOutcome",
    "CycleWrite",
    "DecisionOutline",
    "DecisionRecord",
    "EtfFlowRecord",
    "FearGreedRecord",
    "FeedCheckRecord",
    "FundingBatch",
    "GapRecord",
    "InsertOutcome",
    "LargePrintRecord",
    "Lease",
    "MarketFileRecord",
    "ModelRecord",
    "NewsRecord",
    "OpenInterestBatch",
    "OrderBookRecord",
    "OrderFlowRecord",
    "OutboxRecord",
    "OutcomeRecord",
    "PortfolioRecord",
    "PositionRecord",
    "PredictionRecord",
    "ReasoningRecord",
    "ReplayDay",
    "ReplayDayRecord",
    "ReplayRunRecord",
    "ReplayTradeRecord",
    "RoundRecord",
    "SentimentRecord",
    "SignalRecord",
    "SpendRecord",
    "Spent",
    "VerdictRecord",
]

JsonMap = Mapping[str, Any]


@dataclass(frozen=True)
class DecisionRecord:
    """One cycle's decision. ``payload`` is the engine's canonical text, byte for byte."""

    book: str
    cycle_id: str
    symbol: str
    source: str
    as_of: int
    clock: int
    fence: int
    owner: str
    decided_at: int
    score: float
    coverage: float
    verdict: str
    votes: int
    grade: str | None
    blocked_by: Sequence[Any]
    position: JsonMap | None
    payload: str
    decision_hash: str
    inputs_hash: str
    state_before_hash: str
    state_after_hash: str
    settings_hash: str
    weights_version: str
    engine_version: str
    code_version: str


@dataclass(frozen=True)
class DecisionOutline:
    """The numbers of a decision, for reading many at once."""

    cycle_id: str
    as_of: int
    score: float
    coverage: float
    verdict: str


@dataclass(frozen=True)
class SignalRecord:
    """One signal's say in one cycle; ``score`` None means unavailable, and ``reason`` says why."""

    book: str
    cycle_id: str
    as_of: int
    signal: str
    score: float | None
    reason: str | None
    weight: float
    observations: int
    stale: bool
    raw: JsonMap


@dataclass(frozen=True)
class CycleInputsRecord:
    """Which captured inputs a cycle read: names to content hashes of ``blobs``."""

    book: str
    cycle_id: str
    inputs_hash: str
    manifest: JsonMap


@dataclass(frozen=True)
class PositionRecord:
    """A simulated position; the fields of its exit are None while it is OPEN."""

    book: str
    position_id: str
    symbol: str
    source: str
    shadow: bool
    side: Literal["LONG", "SHORT"]
    status: Literal["OPEN", "CLOSED"]
    entry_cycle_id: str
    entry_time: int
    entry_price: float
    quantity: float
    initial_stop_price: float
    stop_price: float
    target_price: float
    peak_price: float
    armed: bool
    exit_cycle_id: str | None
    exit_time: int | None
    exit_price: float | None
    exit_reason: str | None
    fees_paid: Decimal
    funding_paid: Decimal
    slippage_paid: Decimal | None
    """Contained in the P&L; None where it was never recorded."""
    gross_pnl: Decimal | None
    net_pnl: Decimal | None
    net_return: float | None
    r_multiple: float | None
    grade: str
    detail: JsonMap


@dataclass(frozen=True)
class PortfolioRecord:
    """The account after one cycle. ``equity`` = ``cash`` + ``unrealized_pnl``."""

    book: str
    cycle_id: str
    symbol: str
    source: str
    as_of: int
    cash: Decimal
    unrealized_pnl: Decimal
    equity: Decimal
    exposure: float
    realized_pnl: Decimal
    fees_paid: Decimal
    funding_paid: Decimal
    slippage_paid: Decimal | None
    """Contained in the realised P&L; None where it was never recorded."""
    day_anchor: Decimal
    week_anchor: Decimal
    drawdown: float
    detail: JsonMap


@dataclass(frozen=True)
class ReasoningRecord:
    """What a cycle says about itself in words."""

    book: str
    cycle_id: str
    as_of: int
    kind: str
    text: str
    detail: JsonMap


class MarketFacts(Protocol):
    """What was collected, whatever was decided on it; cycles are written with theirs."""

    @property
    def candles(self) -> Sequence[CandleBatch]: ...
    @property
    def funding(self) -> Sequence[FundingBatch]: ...
    @property
    def open_interest(self) -> Sequence[OpenInterestBatch]: ...
    @property
    def order_flow(self) -> Sequence[OrderFlowRecord]: ...
    @property
    def order_books(self) -> Sequence[OrderBookRecord]: ...
    @property
    def large_prints(self) -> Sequence[LargePrintRecord]: ...


@dataclass(frozen=True)
class CycleWrite:
    """Everything that one cycle writes, in one transaction."""

    decision: DecisionRecord
    signals: Sequence[SignalRecord] = ()
    inputs: CycleInputsRecord | None = None
    blobs: Sequence[BlobRecord] = ()
    candles: Sequence[CandleBatch] = ()
    funding: Sequence[FundingBatch] = ()
    open_interest: Sequence[OpenInterestBatch] = ()
    order_flow: Sequence[OrderFlowRecord] = ()
    order_books: Sequence[OrderBookRecord] = ()
    large_prints: Sequence[LargePrintRecord] = ()
    positions: Sequence[PositionRecord] = ()
    portfolio: PortfolioRecord | None = None
    reasoning: Sequence[ReasoningRecord] = ()
    gaps: Sequence[GapRecord] = ()
    outbox: Sequence[OutboxRecord] = ()
    analysts: RoundRecord | None = None


@dataclass(frozen=True)
class CycleOutcome:
    """What a committed cycle did to the facts that never change."""

    candles: InsertOutcome
    funding: InsertOutcome
