"""A decision as it is stored and shown: every number that made it, and every no with its reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from babingepet.domain.score import Raw


@dataclass(frozen=True, slots=True)
class Refusal:
    """One failing gate.

    Attributes:
        gate: Name of the gate.
        detail: What was found and what would have been needed.
        until: UTC milliseconds when it ends by itself, if that is known.
    """

    gate: str
    detail: str
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of one cycle; plain values only, so that it can be written down byte for byte.

    Prices and money are in quote currency, quantities in base units, times in UTC milliseconds.
    Sections that do not apply are None.
    """

    cycle_id: str
    symbol: str
    source: str
    as_of: int
    open_time: int
    close_price: float
    scores: Mapping[str, float | None]
    reasons: Mapping[str, str]
    raw: Mapping[str, Raw]
    observations: Mapping[str, int]
    weights: Mapping[str, float]
    capability: tuple[str, ...]
    coverage: float
    score: float
    verdict: str
    votes: int
    thresholds: Mapping[str, float]
    regime: str
    grade: str
    grade_points: float
    edge: Mapping[str, float]
    size: Mapping[str, float]
    blocked_by: tuple[Refusal, ...]
    order: Mapping[str, Any] | None
    shadow_order: Mapping[str, Any] | None
    fill: Mapping[str, Any] | None
    funding: tuple[Mapping[str, Any], ...]
    funding_paid: float
    closed: Mapping[str, Any] | None
    shadow_closed: Mapping[str, Any] | None
    position: Mapping[str, Any] | None
    shadow: Mapping[str, Any] | None
    account: Mapping[str, Any]
    notices: tuple[str, ...]
    settings_hash: str
    weights_version: str
    engine_version: str

    def canonical(self) -> bytes:
        """The decision as canonical JSON: sorted keys, shortest floats, no spaces."""
        return canonical_json({field.name: getattr(self, field.name) for field in fields(self)})


def canonical_json(value: object) -> bytes:
    """JSON with one spelling per value, so that equal values have equal bytes and hashes.

    Raises:
        ValueError: A float is NaN or infinite.
    """
    return json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
        ensure_ascii=False,
        default=asdict,
    ).encode()


def sha256(content: bytes) -> str:
    """Content address of stored bytes."""
    return hashlib.sha256(content).hexdigest()
