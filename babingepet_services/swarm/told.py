"""A round of the analysts as people and scripts read it: JSON values, times in UTC ms.

Does not belong here: which rounds are meant (``report``, ``explain.analysts``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from babingepet.swarm.rosters import BTC
from babingepet_resources.warehouse import swarm
from babingepet_resources.warehouse.records import CallRecord, PredictionRecord, VerdictRecord

NEVER = 2**62
"""Later than any time: a made-up market may be ahead of this machine's clock."""

_SEATS = {name: place for place, name in enumerate(BTC.names)}
_SAID = (
    "agent", "state", "p_up", "confidence", "reason", "model", "prompt_hash", "answer_hash",
    "known_at", "outcome",
)  # fmt: skip
_AGREED = ("p_up", "agreement", "side", "valid", "degraded", "known_at")


def newest_verdict(
    connection: Connection, market: str, *, known_until: int = NEVER
) -> dict[str, Any] | None:
    """The newest verdict with every answer behind it, as JSON values; None without any.

    Keys: as_of, provider, p_up, agreement, side, valid, and those of its detail (p_generalists,
    p_personas, bulls, bears, asked, entropy, pairwise, weights{}, answers[]). Times are UTC ms.
    """
    consensus = swarm.latest(connection, market, known_until=known_until)
    if consensus is None:
        return None
    detail = swarm.detail(connection, market, consensus.as_of, consensus.provider)
    return {**consensus._asdict(), **(detail or {})}


def in_order(rows: Iterable[PredictionRecord]) -> list[PredictionRecord]:
    """Answers in the order of the roster."""
    return sorted(rows, key=lambda row: _SEATS.get(row.agent, len(_SEATS)))


def consensus_told(agreed: VerdictRecord) -> dict[str, Any]:
    """What they agreed on: the numbers of a verdict without the answers behind it."""
    told = {key: value for key, value in agreed.detail.items() if key != "answers"}
    return told | {name: getattr(agreed, name) for name in _AGREED}


def answer_told(row: PredictionRecord) -> dict[str, Any]:
    """What one analyst said, and what became of it."""
    return {name: getattr(row, name) for name in _SAID}


def cost_told(calls: Sequence[CallRecord]) -> dict[str, Any]:
    """Calls and what they cost; amounts are decimals as text, unsettled is what was reserved."""
    return {
        "calls": len(calls),
        "cost_usd": usd(call.cost_usd for call in calls if call.cost_usd is not None),
        "unsettled_usd": usd(call.reserved_usd for call in calls if call.cost_usd is None),
    }


def usd(amounts: Iterable[Decimal]) -> str:
    """A sum with all of its decimal places, never as a power of ten."""
    return f"{sum(amounts, Decimal(0)):f}"
