"""What a rehearsal came to, as one document of JSON values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from babingepet.cycles.btc import CAPITAL
from babingepet.domain.decision import Decision
from babingepet.domain.money import amount
from babingepet.market.intervals import MINUTE
from babingepet.signals.registry import NAMES, SWARM, capability
from babingepet_resources.clients.feed import FeedInfo
from babingepet_services.btc.loop import CycleReport
from babingepet_services.btc.missed import NOT_HANDED_OVER

TRADE_KEYS = (
    "position_id", "side", "entry_time", "exit_time", "entry_price", "exit_price", "quantity",
    "exit_reason", "fees_paid", "funding_paid", "net_pnl", "r_multiple",
)  # fmt: skip
Ended = Literal["cycles", "market", "stopped"]
"""Why a rehearsal ended: as many decisions as asked, the recording is over, interrupted."""

LEDGER_KEYS = ("cash", "realized_pnl", "fees_paid", "funding_paid")


@dataclass
class Timing:
    """When things happened on a clock that never jumps, seconds."""

    begun: float = 0.0
    first_decision: float | None = None
    first: tuple[int, float] | None = None
    """The first minute handled: (as_of, seconds)."""
    last: tuple[int, float] | None = None
    ended: float = 0.0

    def note(self, report: CycleReport, now: float) -> None:
        """Remember when a minute was handled."""
        self.last = (report.as_of, now)
        self.first = self.first or self.last
        self.ended = now
        if report.decision is not None and self.first_decision is None:
            self.first_decision = now

    @property
    def speed(self) -> float | None:
        """Minutes of market a minute took; None before the second one."""
        if not self.first or not self.last or self.last[1] <= self.first[1]:
            return None
        return (self.last[0] - self.first[0]) / 1000 / (self.last[1] - self.first[1])


def demo_document(
    info: FeedInfo | None,
    decisions: Sequence[Decision],
    missed: Sequence[tuple[int, str]],
    analysts: Mapping[str, Any] | None,
    timing: Timing,
    ended: Ended,
    warehouse: Path,
) -> dict[str, Any]:
    """Put everything a script may ask into one document; times are UTC milliseconds."""
    left_out = _left_out(decisions, missed, timing)
    first = timing.first_decision
    return {
        **_market(info),
        "cycles": [cycle_row(decision) for decision in decisions],
        "equity": decisions[-1].account["equity"] if decisions else CAPITAL,
        "trades": [_trade(d.closed) for d in decisions if d.closed],
        "shadow_trades": [_trade(d.shadow_closed) for d in decisions if d.shadow_closed],
        "analysts": analysts,
        "missed": left_out,
        "minutes_missed": len(left_out),
        "ledger": _ledger(decisions[-1].account) if decisions else None,
        "speed_reached": timing.speed,
        "seconds": timing.ended - timing.begun,
        "first_decision_seconds": None if first is None else first - timing.begun,
        "ended": ended,
        "warehouse": str(warehouse),
    }


def cycle_row(decision: Decision) -> dict[str, Any]:
    """One decision as scripts read it."""
    return {
        "cycle_id": decision.cycle_id,
        "as_of": decision.as_of,
        "open_time": decision.open_time,
        "close_price": decision.close_price,
        "scores": dict(decision.scores),
        "reasons": dict(decision.reasons),
        "coverage": decision.coverage,
        "score": decision.score,
        "verdict": decision.verdict,
        "votes": decision.votes,
        "grade": decision.grade,
        "regime": decision.regime,
        "blocked_by": [refusal.gate for refusal in decision.blocked_by],
        "blocked": [
            {"gate": refusal.gate, "detail": refusal.detail, "until": refusal.until}
            for refusal in decision.blocked_by
        ],
        "position": decision.position and dict(decision.position),
        "account": dict(decision.account),
        "notices": list(decision.notices),
    }


def _market(info: FeedInfo | None) -> dict[str, Any]:
    if info is None:
        names = ("source", "product", "symbol", "description")
        return dict.fromkeys(names) | {"feeds": [], "derived": [], "capability": []}
    able = capability(frozenset(info.feeds) | {SWARM})
    return {
        "source": info.source,
        "product": info.product,
        "symbol": info.symbol,
        "description": info.description,
        "feeds": sorted(info.feeds),
        "derived": sorted(info.derived),
        "capability": [name for name, can in zip(NAMES, able, strict=True) if can],
    }


def _trade(closed: Mapping[str, Any]) -> dict[str, Any]:
    return {key: closed[key] for key in TRADE_KEYS}


def _ledger(account: Mapping[str, Any]) -> dict[str, Any]:
    money = {key: amount(account[key]) for key in LEDGER_KEYS}
    explained = amount(CAPITAL) + money["realized_pnl"] - money["fees_paid"] - money["funding_paid"]
    return {key: account[key] for key in LEDGER_KEYS} | {"conserved": money["cash"] == explained}


def _left_out(
    decisions: Sequence[Decision], missed: Sequence[tuple[int, str]], timing: Timing
) -> list[dict[str, Any]]:
    """Every minute between the first and the last that has no decision, and why."""
    if timing.first is None or timing.last is None:
        return []
    decided = {decision.as_of for decision in decisions}
    reasons = dict(missed)
    return [
        {"as_of": as_of, "reason": reasons.get(as_of, NOT_HANDED_OVER)}
        for as_of in range(timing.first[0], timing.last[0] + MINUTE, MINUTE)
        if as_of not in decided
    ]
