"""Rows with boring defaults: a test names only what matters to it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np

from babingepet.market.frames import Candles, FundingRates
from babingepet.market.intervals import MINUTE
from babingepet_resources.warehouse import blobs
from babingepet_resources.warehouse import records as r

START = 1_746_835_200_000  # 2025-05-10T00:00:00Z
SYMBOL, SOURCE, BOOK = "BTCUSDT", "recorded", "paper"
HASH = "0" * 64


def cycle_id(minute: int) -> str:
    return f"btc-20250510T{minute // 60:02d}{minute % 60:02d}Z"


def candles(count: int = 1, *, first: int = 0, close: float = 100.0, **columns: Any) -> Candles:
    values = {
        "open_time": START + (first + np.arange(count)) * MINUTE,
        "open": np.full(count, close),
        "high": np.full(count, close + 1),
        "low": np.full(count, close - 1),
        "close": close + np.arange(count) / 7,
        "base_volume": np.full(count, 2.5),
        "quote_volume": np.full(count, 250.0),
        "trade_count": np.full(count, 12.0),
        "taker_buy_base_volume": np.full(count, 1.25),
    }
    return Candles(**(values | columns))


def funding(rate: float = 0.0001, *, time: int = START, derived: bool = False) -> FundingRates:
    return FundingRates.from_rows([(time, rate, 8.0, derived)])


def decision(minute: int = 1, **changes: Any) -> r.DecisionRecord:
    return replace(
        r.DecisionRecord(
            book=BOOK,
            cycle_id=cycle_id(minute),
            symbol=SYMBOL,
            source=SOURCE,
            as_of=START + minute * MINUTE,
            clock=START + minute * MINUTE + 40,
            fence=1,
            owner="run-1",
            decided_at=START + minute * MINUTE + 60,
            score=0.2134,
            coverage=0.75,
            verdict="BUY",
            votes=6,
            grade="B",
            blocked_by=["SPREAD", "HOUR_BLOCKED"],
            position=None,
            payload='{"score":0.2134,"verdict":"BUY"}' + " " * 2_000,
            decision_hash=HASH,
            inputs_hash=HASH,
            state_before_hash=HASH,
            state_after_hash=HASH,
            settings_hash=HASH,
            weights_version="base",
            engine_version="1",
            code_version="0.1.0",
        ),
        **changes,
    )


def signals(minute: int = 1, count: int = 13) -> list[r.SignalRecord]:
    return [
        r.SignalRecord(
            book=BOOK,
            cycle_id=cycle_id(minute),
            as_of=START + minute * MINUTE,
            signal=f"signal_{number:02d}",
            score=None if number == 0 else number / 13,
            reason="the feed was never recorded" if number == 0 else None,
            weight=0.08,
            observations=100,
            stale=False,
            raw={"b": number, "a": 1.5},
        )
        for number in range(count)
    ]


def position(number: int = 1, *, minute: int = 1, **changes: Any) -> r.PositionRecord:
    return replace(
        r.PositionRecord(
            book=BOOK,
            position_id=f"position-{number}",
            symbol=SYMBOL,
            source=SOURCE,
            shadow=False,
            side="LONG",
            status="OPEN",
            entry_cycle_id=cycle_id(minute),
            entry_time=START + minute * MINUTE,
            entry_price=100.0,
            quantity=0.5,
            initial_stop_price=99.0,
            stop_price=99.0,
            target_price=102.5,
            peak_price=100.0,
            armed=False,
            exit_cycle_id=None,
            exit_time=None,
            exit_price=None,
            exit_reason=None,
            fees_paid=Decimal("0.02"),
            funding_paid=Decimal(0),
            slippage_paid=Decimal("0.0075"),
            gross_pnl=None,
            net_pnl=None,
            net_return=None,
            r_multiple=None,
            grade="B",
            detail={"slippage_bps": 1.5},
        ),
        **changes,
    )


def closed(one: r.PositionRecord, minute: int) -> r.PositionRecord:
    return replace(
        one,
        status="CLOSED",
        exit_cycle_id=cycle_id(minute),
        exit_time=START + minute * MINUTE,
        exit_price=102.5,
        exit_reason="TARGET",
        gross_pnl=Decimal("1.25"),
        net_pnl=Decimal("1.21000001"),
        net_return=0.0242,
        r_multiple=2.42,
    )


def portfolio(minute: int = 1, **changes: Any) -> r.PortfolioRecord:
    return replace(
        r.PortfolioRecord(
            book=BOOK,
            cycle_id=cycle_id(minute),
            symbol=SYMBOL,
            source=SOURCE,
            as_of=START + minute * MINUTE,
            cash=Decimal("10000.00000001"),
            unrealized_pnl=Decimal("-0.5"),
            equity=Decimal("9999.50000001"),
            exposure=0.005,
            realized_pnl=Decimal(0),
            fees_paid=Decimal("0.02"),
            funding_paid=Decimal(0),
            slippage_paid=Decimal("0.01"),
            day_anchor=Decimal(10_000),
            week_anchor=Decimal(10_000),
            drawdown=-0.00005,
            detail={},
        ),
        **changes,
    )


def order_flow(minute: int = 0, **changes: Any) -> r.OrderFlowRecord:
    return replace(
        r.OrderFlowRecord(
            symbol=SYMBOL,
            open_time=START + minute * MINUTE,
            source=SOURCE,
            trade_count=400,
            taker_buy_base_volume=12.5,
            taker_sell_base_volume=9.25,
            quote_count=3_000,
            order_flow_imbalance=-14.75,
            trades_from=START,
            quotes_from=None,
            summary={"mids": [100.0 + second / 100 for second in range(60)]},
            known_at=START + (minute + 1) * MINUTE,
        ),
        **changes,
    )


def order_book(minute: int = 0) -> r.OrderBookRecord:
    return r.OrderBookRecord(
        symbol=SYMBOL,
        event_time=START + minute * MINUTE,
        source=SOURCE,
        bid_price=99.9,
        bid_size=3.0,
        ask_price=100.0,
        ask_size=2.0,
        spread_bps=10.005,
        book_imbalance=0.2,
        levels=[[99.9 - level / 10, 3.0, 100 + level / 10, 2.0] for level in range(20)],
        known_at=START + minute * MINUTE,
    )


def large_print(number: int = 1, *, minute: int = 0) -> r.LargePrintRecord:
    return r.LargePrintRecord(
        symbol=SYMBOL,
        trade_id=number,
        event_time=START + minute * MINUTE + number,
        price=100.0,
        quantity=6_000.0,
        notional=600_000.0,
        taker_side="SELL",
        source=SOURCE,
        known_at=START + (minute + 1) * MINUTE,
    )


def gap(minute: int = 1, feed: str = "trades", **changes: Any) -> r.GapRecord:
    start = START + minute * MINUTE
    return replace(
        r.GapRecord(SYMBOL, feed, start, start + MINUTE, "socket closed", SOURCE, start + MINUTE),
        **changes,
    )


def message(key: str = "decision/1", **changes: Any) -> r.OutboxRecord:
    return replace(r.OutboxRecord("decision", key, {"text": "BUY"}, START), **changes)


def check(name: str = "freshness", **changes: Any) -> r.CheckRecord:
    return replace(
        r.CheckRecord(
            name=name,
            asset="btc/candles",
            partition="2025-05-10",
            source=SOURCE,
            passed=False,
            blocking=True,
            severity="ERROR",
            detail="the newest candle is 4 minutes old",
            evaluated_at=START,
        ),
        **changes,
    )


def cycle(minute: int = 1, **changes: Any) -> r.CycleWrite:
    """One whole cycle: every table of the transaction has a row in it."""
    time = START + minute * MINUTE
    captured = blobs.pack(candles(30, first=minute).to_bytes(), time)
    return replace(
        r.CycleWrite(
            decision=decision(minute),
            signals=signals(minute),
            inputs=r.CycleInputsRecord(
                BOOK, cycle_id(minute), HASH, {"candles": captured.hash, "trades": HASH}
            ),
            blobs=[captured],
            candles=[r.CandleBatch(SYMBOL, "1m", SOURCE, candles(first=minute - 1), known_at=time)],
            funding=[r.FundingBatch(SYMBOL, SOURCE, funding(time=time), known_at=time)],
            order_flow=[order_flow(minute - 1)],
            order_books=[order_book(minute - 1)],
            large_prints=[large_print(minute, minute=minute - 1)],
            positions=[position(minute, minute=minute)],
            portfolio=portfolio(minute),
            reasoning=[r.ReasoningRecord(BOOK, cycle_id(minute), time, "verdict", "Because.", {})],
            gaps=[gap(minute)],
            outbox=[message(f"decision/{minute}")],
        ),
        **changes,
    )
