"""Engine values into warehouse rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from babingepet.cycles.btc_decision import cycle_id
from babingepet.domain.decision import Decision
from babingepet.domain.money import amount
from babingepet.market.frames import Trades
from babingepet.market.order_flow import book_imbalance
from babingepet.market.tape import TapeMinute, spread_bps
from babingepet_resources.clients.feed import CollectedMinute, FeedInfo
from babingepet_resources.warehouse.records import (
    GapRecord,
    LargePrintRecord,
    OrderBookRecord,
    OrderFlowRecord,
    OutboxRecord,
    PortfolioRecord,
    PositionRecord,
    ReasoningRecord,
    SignalRecord,
)


class Stamp(Protocol):
    """What a fact is stamped with."""

    @property
    def symbol(self) -> str:
        """The exchange's name of the instrument."""
        ...

    @property
    def source(self) -> str:
        """Where it came from."""
        ...


PAPER = "paper"
"""The book of what happened; only the live loop writes it."""


def signal_records(decision: Decision, book: str) -> list[SignalRecord]:
    """One row a signal."""
    return [
        SignalRecord(
            book=book,
            cycle_id=decision.cycle_id,
            as_of=decision.as_of,
            signal=name,
            score=value,
            reason=decision.reasons.get(name),
            weight=decision.weights[name],
            observations=decision.observations[name],
            stale=(decision.reasons.get(name) or "").startswith("stale"),
            raw=decision.raw[name],
        )
        for name, value in decision.scores.items()
    ]


def position_records(decision: Decision, book: str) -> list[PositionRecord]:
    """Rows of the positions that are open after, or were closed in, this cycle."""
    sections = (
        (decision.closed, False),
        (decision.shadow_closed, True),
        (decision.position, False),
        (decision.shadow, True),
    )
    return [_position(decision, book, part, shadow) for part, shadow in sections if part]


def _position(
    decision: Decision,
    book: str,
    part: Mapping[str, Any],
    shadow: bool,  # noqa: FBT001
) -> PositionRecord:
    closed = "exit_time" in part
    exit_values: dict[str, Any] = dict.fromkeys(
        ("exit_cycle_id", "exit_time", "exit_price", "exit_reason", "gross_pnl", "net_pnl",
         "net_return", "r_multiple")
    )  # fmt: skip
    if closed:
        exit_values = {name: part[name] for name in exit_values if name in part}
        exit_values |= {
            "exit_cycle_id": decision.cycle_id,
            "gross_pnl": amount(part["gross_pnl"]),
            "net_pnl": amount(part["net_pnl"]),
        }
    return PositionRecord(
        book=book,
        position_id=part["position_id"],
        symbol=decision.symbol,
        source=decision.source,
        shadow=shadow,
        side=part["side"],
        status="CLOSED" if closed else "OPEN",
        entry_cycle_id=cycle_id(part["entry_time"]),
        entry_time=part["entry_time"],
        entry_price=part["entry_price"],
        quantity=part["quantity"],
        initial_stop_price=part["initial_stop"],
        stop_price=part["stop"],
        target_price=part["target"],
        peak_price=part["peak"],
        armed=part["armed"],
        fees_paid=amount(part["fees_paid"] if closed else part["entry_fee"]),
        funding_paid=amount(part["funding_paid"]),
        slippage_paid=amount(part["slippage_paid" if closed else "entry_slippage"]),
        grade=part["grade"],
        detail={},
        **exit_values,
    )


def portfolio_record(decision: Decision, book: str, peak_equity: float) -> PortfolioRecord:
    """The account after the cycle; ``peak_equity`` is the highest so far, this one included."""
    account = decision.account
    position = decision.position
    notional = position["quantity"] * decision.close_price if position else 0.0
    return PortfolioRecord(
        book=book,
        cycle_id=decision.cycle_id,
        symbol=decision.symbol,
        source=decision.source,
        as_of=decision.as_of,
        cash=amount(account["cash"]),
        unrealized_pnl=amount(account["unrealized_pnl"]),
        equity=amount(account["equity"]),
        exposure=notional / account["equity"],
        realized_pnl=amount(account["realized_pnl"]),
        fees_paid=amount(account["fees_paid"]),
        funding_paid=amount(account["funding_paid"]),
        slippage_paid=amount(account["slippage_paid"]),
        day_anchor=amount(account["day_anchor"]),
        week_anchor=amount(account["week_anchor"]),
        drawdown=account["equity"] / peak_equity - 1.0,
        detail={
            "peak_equity": peak_equity,
            "position_id": position["position_id"] if position else None,
        },
    )


def reasoning_record(decision: Decision, book: str) -> ReasoningRecord:
    """The decision in one line, and its contributions."""
    gates = ", ".join(refusal.gate for refusal in decision.blocked_by) or "none"
    contributions = {
        name: decision.weights[name] * score
        for name, score in decision.scores.items()
        if score is not None
    }
    return ReasoningRecord(
        book=book,
        cycle_id=decision.cycle_id,
        as_of=decision.as_of,
        kind="decision",
        text=(
            f"{decision.verdict} at score {decision.score:+.4f}, {decision.votes} votes, "
            f"grade {decision.grade}, {decision.regime}; blocked by: {gates}"
        ),
        detail={"contributions": contributions, "notices": list(decision.notices)},
    )


def outbox_records(decision: Decision, book: str, now: int) -> list[OutboxRecord]:
    """Messages that people wait for: entries, exits."""
    events = {"entry": decision.fill, "exit": decision.closed}
    return [
        OutboxRecord(
            topic=f"btc.{kind}",
            key=f"{book}:{decision.source}:{decision.cycle_id}:{kind}",
            payload=json.loads(json.dumps(event)),
            created_at=now,
        )
        for kind, event in events.items()
        if event
    ]


def order_flow_record(
    minute: TapeMinute, summary: Mapping[str, Any], trades: Trades, info: Stamp, known_at: int
) -> OrderFlowRecord:
    """One minute's tape as it was reduced."""
    bought = ~trades.is_buyer_maker
    return OrderFlowRecord(
        symbol=info.symbol,
        open_time=minute.open_time,
        source=info.source,
        trade_count=minute.trade_count,
        taker_buy_base_volume=float(np.sum(trades.quantity[bought])),
        taker_sell_base_volume=float(np.sum(trades.quantity[~bought])),
        quote_count=minute.quote_count,
        order_flow_imbalance=minute.order_flow_imbalance,
        trades_from=minute.trades_from,
        quotes_from=minute.quotes_from,
        summary=summary,
        known_at=known_at,
    )


def large_print_records(minute: TapeMinute, info: Stamp, known_at: int) -> list[LargePrintRecord]:
    """The minute's large prints."""
    rows = zip(*(column.tolist() for column in minute.prints.columns().values()), strict=True)
    return [
        LargePrintRecord(
            symbol=info.symbol,
            trade_id=trade_id,
            event_time=event_time,
            price=price,
            quantity=quantity,
            notional=price * quantity,
            taker_side="SELL" if is_buyer_maker else "BUY",
            source=info.source,
            known_at=known_at,
        )
        for trade_id, event_time, price, quantity, is_buyer_maker in rows
    ]


def order_book_record(
    minute: TapeMinute, summary: Mapping[str, Any], info: FeedInfo, known_at: int
) -> OrderBookRecord | None:
    """The minute's last quote and book, if there is one."""
    quote = minute.last_quote
    if quote is None:
        return None
    levels = minute.book.levels if minute.book else None
    return OrderBookRecord(
        symbol=info.symbol,
        event_time=minute.open_time + 60_000,
        source=info.source,
        bid_price=quote.bid_price,
        bid_size=quote.bid_size,
        ask_price=quote.ask_price,
        ask_size=quote.ask_size,
        spread_bps=spread_bps(quote),
        book_imbalance=book_imbalance(levels) if levels is not None else None,
        levels=(summary["book"] or {}).get("levels", []),
        known_at=known_at,
    )


def gap_records(minute: CollectedMinute, info: FeedInfo, now: int) -> list[GapRecord]:
    """What the feed missed or repaired."""
    return [
        GapRecord(
            symbol=info.symbol,
            feed=gap.feed,
            start_time=gap.start,
            end_time=gap.end,
            reason=gap.reason,
            source=info.source,
            detected_at=now,
            repaired_at=now if gap.repaired_from else None,
            repaired_from=gap.repaired_from,
        )
        for gap in minute.gaps
    ]


MISSED = "decision"
"""What a gap of minutes that were not decided is called, where others name a feed."""


def missed_minutes(info: FeedInfo, start: int, end: int, reason: str, now: int) -> GapRecord:
    """Minutes [start, end) that were not decided."""
    return GapRecord(
        symbol=info.symbol,
        feed=MISSED,
        start_time=start,
        end_time=end,
        reason=reason,
        source=info.source,
        detected_at=now,
        cycles_affected=(end - start) // 60_000,
    )
