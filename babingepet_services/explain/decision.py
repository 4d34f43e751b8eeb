"""One decision with all that it read and all that it said, as JSON values.

Belongs here: what is shown of a decision. Does not belong here: how it looks, and the life of a
position (``explain.trade``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from babingepet.cycles.settings import BtcSettings
from babingepet.domain.codes import Gate
from babingepet.errors import InputError
from babingepet.market.intervals import MINUTE
from babingepet.signals.inputs import TAPE_MINUTES
from babingepet.signals.whale_flow import WINDOW
from babingepet.voting.rules import SCALE
from babingepet_resources.warehouse import blobs, gaps, history, tape
from babingepet_resources.warehouse.lookups import known_candles, known_funding
from babingepet_resources.warehouse.records import DecisionRecord
from babingepet_services.explain.analysts import analysts_story
from babingepet_services.market.gap_ledger import reads, window_start

Document = dict[str, Any]

CANDLES = 5
"""Minutes shown around a decision: the one it was made on and the four before."""
GAPS = 50
"""Gaps shown, the newest."""
SETTLEMENTS = 3
"""Funding settlements shown, newest first."""

NUMBERS = (
    "score", "coverage", "verdict", "votes", "thresholds", "regime", "grade", "grade_points",
    "edge", "size", "capability",
)  # fmt: skip
ACTIONS = (
    "order", "shadow_order", "fill", "position", "shadow", "closed", "shadow_closed", "funding",
    "funding_paid",
)  # fmt: skip
PROVENANCE = (
    "clock", "decided_at", "fence", "owner", "decision_hash", "inputs_hash", "state_before_hash",
    "state_after_hash", "settings_hash", "weights_version", "engine_version", "code_version",
)  # fmt: skip


def decision_story(connection: Connection, book: str, cycle_id: str) -> Document:
    """Everything that is stored about a decision.

    Raises:
        InputError: There is no such decision.
    """
    record = history.decision(connection, book, cycle_id)
    if record is None:
        raise InputError(f"there is no decision {cycle_id} in book {book}")
    said = json.loads(record.payload)
    stored = history.inputs(connection, book, cycle_id)
    manifest = plain(stored.manifest) if stored else {}
    return {
        "cycle_id": cycle_id,
        "symbol": record.symbol,
        "source": record.source,
        "as_of": record.as_of,
        "open_time": said["open_time"],
        "close_price": said["close_price"],
        **{name: said[name] for name in NUMBERS},
        "signals": _signals(connection, book, cycle_id),
        "gates": _gates(said["blocked_by"]),
        "analysts": analysts_story(connection, record, manifest),
        "notices": said["notices"],
        **{name: said[name] for name in ACTIONS},
        "followed_by": _followed_by(connection, record, said),
        "account": _account(connection, record, said),
        "market": _market(connection, record),
        "gaps": _gaps(connection, record),
        "reasoning": plain(history.reasoning(connection, book, cycle_id)),
        "provenance": _provenance(connection, record, manifest),
    }


def plain(value: Any) -> Any:  # noqa: ANN401 any stored value
    """A stored value as JSON values: money as numbers, what is not a number as None."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    return value


def _signals(connection: Connection, book: str, cycle_id: str) -> list[Document]:
    """By weight; the contributions add up to the score."""
    rows = sorted(history.signals(connection, book, cycle_id), key=lambda row: -row.weight)
    total = sum(row.weight for row in rows)
    return [
        {
            "name": row.signal,
            "score": row.score,
            "weight": row.weight,
            "contribution": None if row.score is None else SCALE * row.weight * row.score / total,
            "reason": row.reason,
            "observations": row.observations,
            "stale": row.stale,
            "raw": plain(row.raw),
        }
        for row in rows
    ]


def _gates(blocked_by: Sequence[Mapping[str, Any]]) -> list[Document]:
    failing = {refusal["gate"]: refusal for refusal in blocked_by}
    passed = {"detail": None, "until": None}
    return [
        {"gate": gate.name, "passed": gate.name not in failing}
        | {key: failing.get(gate.name, passed)[key] for key in passed}
        for gate in Gate
    ]


def _followed_by(connection: Connection, record: DecisionRecord, said: Document) -> Document | None:
    """What the next minute made of this decision's order."""
    if not (said["order"] or said["shadow_order"]):
        return None
    start = record.as_of + 1
    following = history.decisions(connection, record.book, record.symbol, start, start + MINUTE)
    if not following:
        return None
    then = json.loads(following[0].payload)
    kind = "order" if said["order"] else "shadow_order"
    opened = then["position" if kind == "order" else "shadow"]
    closed = then["closed" if kind == "order" else "shadow_closed"]
    held = next((p for p in (opened, closed) if p and p["entry_time"] == record.as_of), None)
    return {
        "cycle_id": following[0].cycle_id,
        "outcome": "filled" if held else "lapsed",
        "position_id": held and held["position_id"],
        "price": held and held["entry_price"],
    }


def _account(connection: Connection, record: DecisionRecord, said: Document) -> Document:
    start = record.as_of
    rows = history.portfolio(connection, record.book, record.symbol, start, start + 1)
    stored = plain(rows[0]) if rows else {}
    marks = {name: stored.get(name) for name in ("exposure", "drawdown")}
    return {**said["account"], **marks}


def _market(connection: Connection, record: DecisionRecord) -> Document:
    symbol, source, as_of = record.symbol, record.source, record.as_of
    flow = tape.order_flow(connection, symbol, source, as_of - MINUTE, as_of)
    prints = tape.large_prints(connection, symbol, source, as_of - WINDOW, as_of)
    books = tape.order_books(connection, symbol, source, as_of, as_of + 1)
    start = as_of - CANDLES * MINUTE
    return {
        "candles": plain(known_candles(connection, symbol, source, start, as_of)),
        "large_prints": plain([one for one in prints if one.known_at <= as_of]),
        "large_prints_from": as_of - WINDOW,
        "order_flow": plain(flow[0]) if flow else None,
        "order_book": plain(books[0]) if books else None,
        "funding": plain(known_funding(connection, symbol, source, as_of, SETTLEMENTS)),
    }


def _gaps(connection: Connection, record: DecisionRecord) -> list[Document]:
    """Gaps of its source within the tape that it read, and those that were open in its windows.

    ``open_then`` tells whether the decision was made while the gap was open.
    """
    as_of = record.as_of
    first = min(window_start(feed, as_of) for feed in ("candles", "funding", "trades"))
    found = gaps.read(connection, record.symbol, first, as_of, source=record.source)
    recent = as_of - TAPE_MINUTES * MINUTE
    told = [
        {**plain(gap), "open_then": reads(gap, as_of)}
        for gap in found
        if gap.end_time > recent or reads(gap, as_of)
    ]
    return told[-GAPS:]


def _provenance(connection: Connection, record: DecisionRecord, manifest: Document) -> Document:
    kept = blobs.get(connection, manifest["rules"]) if manifest else None
    program = json.loads(kept) if kept else {"settings": {}, "weights": None}
    rules = program["settings"]
    usual = plain(BtcSettings().by_name)
    return {
        **{name: getattr(record, name) for name in PROVENANCE},
        "settings": rules,
        "settings_changed": {
            name: value for name, value in rules.items() if usual.get(name) != value
        },
        "weights": program["weights"],
        "manifest": manifest,
    }
