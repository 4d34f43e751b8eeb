"""Engrams of what happens on the three markets, from plain values.

A text without a time or a price recurs, and recurring strengthens it: that is wanted of refused
decisions. The text of a trade or a pick names it, so that each is counted once: a share of wins is
made of them. They are pinned, since losses begin stronger and would outlive wins by 3.7 days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from babingepet.market.intervals import iso
from babingepet.memory.conditions import Conditions
from babingepet.memory.engrams import Engram, Outcome
from babingepet.memory.text import as_token

DECISION, TRADE, PICK = "decision", "trade", "pick"


def decision_engram(
    *,
    fact_id: str,
    symbol: str,
    source: str,
    verdict: str,
    ordered: bool,
    gates: Sequence[str],
    conditions: Conditions,
    event_time: int,
    known_at: int,
) -> Engram:
    """A BTC decision that ordered an entry, or was refused one although a verdict stood.

    Args:
        fact_id: Names the decision.
        symbol: The exchange's name of the instrument.
        source: Whose facts it was made on.
        verdict: BUY, STRONG_SELL or the like.
        ordered: Whether an entry was ordered.
        gates: Names of those that failed.
        conditions: What it was made under.
        event_time: Its ``as_of``, UTC ms.
        known_at: When it was made by the market's clock.
    """
    became = "ordered an entry" if ordered else f"refused by {', '.join(gates)}"
    return Engram(
        kind=DECISION,
        market="btc",
        symbol=symbol,
        source=source,
        text=f"btc decision {verdict} {became}; {_under(conditions)}",
        event_time=event_time,
        known_at=known_at,
        tags=(*conditions.tags, *(as_token("gate", gate) for gate in gates)),
        payload={"verdict": verdict, "gates": list(gates), "conditions": conditions.known},
        fact_id=fact_id,
    )


def trade_engram(
    *,
    fact_id: str,
    symbol: str,
    source: str,
    side: str,
    entry_time: int,
    outcome: Outcome,
    conditions: Conditions,
    event_time: int,
    known_at: int,
    market: str = "btc",
    payload: Mapping[str, Any] | None = None,
) -> Engram:
    """A trade that is closed, on any of the markets.

    Args:
        fact_id: Names the position.
        symbol: The exchange's name of the instrument.
        source: Whose facts it was made on.
        side: LONG or SHORT.
        entry_time: When it was filled, UTC ms.
        outcome: What came of it.
        conditions: What it was ordered under.
        event_time: When it was closed.
        known_at: When that was known.
        market: btc, altcoin or ihsg.
        payload: More numbers to keep.
    """
    text = (
        f"{market} trade {symbol} {side} {outcome.result} {outcome.reason} "
        f"net {outcome.net_return:+.4%} entered {iso(entry_time)} {fact_id}; {_under(conditions)}"
    )
    kept = {"side": side, "entry_time": entry_time, "conditions": conditions.known}
    return Engram(
        kind=TRADE,
        market=market,
        symbol=symbol,
        source=source,
        text=text,
        event_time=event_time,
        known_at=known_at,
        tags=(*conditions.tags, as_token("side", side), as_token("result", outcome.result)),
        payload={**(payload or {}), **kept},
        fact_id=fact_id,
        outcome=outcome,
        pinned=True,
    )


def pick_engram(
    *,
    fact_id: str,
    symbol: str,
    source: str,
    grade: str,
    phase: str,
    reasons: Sequence[str],
    event_time: int,
    known_at: int,
    payload: Mapping[str, Any] | None = None,
) -> Engram:
    """A share of the Indonesian market that was picked; what came of it is recorded later.

    Args:
        fact_id: Names the pick.
        symbol: Code of the share.
        source: Whose facts it was made on.
        grade: Of the pick.
        phase: Of accumulation or distribution.
        reasons: Why it was picked, in short words.
        event_time: When it was picked, UTC ms.
        known_at: When that was known.
        payload: More numbers to keep.
    """
    return Engram(
        kind=PICK,
        market="ihsg",
        symbol=symbol,
        source=source,
        text=f"ihsg pick {symbol} grade {grade} phase {phase}: {', '.join(reasons)}; {fact_id}",
        event_time=event_time,
        known_at=known_at,
        tags=(as_token("entry_grade", grade), as_token("phase", phase)),
        payload={**(payload or {}), "grade": grade, "phase": phase, "reasons": list(reasons)},
        fact_id=fact_id,
        expects_outcome=True,
        pinned=True,
    )


def conditions_of(engram: Engram) -> Conditions:
    """What a decision or trade was made under."""
    return Conditions.of(engram.payload.get("conditions", {}))


def _under(conditions: Conditions) -> str:
    return str(conditions) or "no condition was measured"
