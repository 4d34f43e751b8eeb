"""What the warehouse keeps for the programs around a cycle: one frozen dataclass per kind of row.

Import them from ``records``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Lease:
    """Who may decide: the holder of the newest fence whose heartbeat is fresh."""

    name: str
    owner: str | None
    fence: int
    heartbeat_at: int
    acquired_at: int
    cycle_id: str | None = None
    """The newest cycle that was claimed under this lease, by any owner."""
    released_at: int | None = None
    decided_at: int | None = None
    """When the newest cycle was written: a heartbeat may be fresh while nothing is decided."""
    code_version: str | None = None
    """Code that the owner runs."""
    handover_reason: str | None = None
    """Why the owner is to hand over at the end of a cycle; None while nobody asked."""
    successor: str | None = None
    """Who stands by, warmed up, to be handed the lease."""
    successor_at: int | None = None
    """Heartbeat of the successor."""


@dataclass(frozen=True)
class OutboxRecord:
    """A message to deliver at least once. ``key`` is unique: one row per fact."""

    topic: str
    key: str
    payload: Mapping[str, Any]
    created_at: int
    delivered_at: int | None = None
    attempts: int = 0
    id: int | None = None
    """Handed out by the database; None before it is written."""


@dataclass(frozen=True)
class CheckRecord:
    """The latest evaluation of one data check."""

    name: str
    asset: str
    partition: str
    source: str
    passed: bool
    blocking: bool
    severity: str
    detail: str
    evaluated_at: int


@dataclass(frozen=True)
class BlobRecord:
    """Compressed content under the hash of what it is when uncompressed (``blobs.pack``)."""

    hash: str
    codec: str
    content: bytes
    size: int
    """Bytes when uncompressed."""
    created_at: int
