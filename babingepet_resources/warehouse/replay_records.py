"""Rows of the replay book, re-exported by ``records``; named as their table's columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

JsonMap = Mapping[str, Any]
Origin = Literal["command", "backfill"]


@dataclass(frozen=True)
class ReplayRunRecord:
    """One replay. Decisions lie at start <= as_of < end; ``document`` is its report as JSON.

    ``inputs`` names the files or the ranges of a warehouse that were read, each with its sha256.
    """

    run_id: str
    market: str
    symbol: str
    source: str
    origin: Origin
    start: int
    end: int
    minutes: int
    created_at: int
    capital: Decimal
    settings_hash: str
    settings: JsonMap
    weights_version: str
    weights: Mapping[str, float]
    engine_version: str
    code_version: str
    inputs: JsonMap
    document: JsonMap
    ledger_sha256: str


@dataclass(frozen=True)
class ReplayTradeRecord:
    """A closed trade of a run; ``number`` counts from 1 in the order of exits."""

    run_id: str
    number: int
    shadow: bool
    side: str
    quantity: float
    entry_time: int
    entry_price: float
    exit_time: int
    exit_price: float
    exit_reason: str
    initial_stop_price: float
    stop_price: float
    target_price: float
    peak_price: float
    armed: bool
    grade: str
    fees_paid: Decimal
    funding_paid: Decimal
    slippage_paid: Decimal
    gross_pnl: Decimal
    net_pnl: Decimal
    net_return: float
    r_multiple: float


@dataclass(frozen=True)
class ReplayDay:
    """One UTC day of a run, without its decisions.

    Attributes:
        run_id: The run.
        day: ``2025-05-10``.
        symbol: The instrument.
        minutes: Decided.
        missing_minutes: Of the run's period, without a candle.
        equity: At the end of the day.
        entries: Positions opened, shadows not counted.
        exits: Positions closed, shadows not counted.
        sha256: Of the stored document of decisions: days with equal ones were decided alike.
    """

    run_id: str
    day: str
    symbol: str
    minutes: int
    missing_minutes: int
    equity: Decimal
    entries: int
    exits: int
    sha256: str


@dataclass(frozen=True)
class ReplayDayRecord(ReplayDay):
    """A day as it is written, with its table of decisions as one Parquet document."""

    decisions: bytes
