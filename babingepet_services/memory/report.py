"""The memory as it is told: what a search finds, and what the file holds, as JSON values.

Belongs here: which file is meant. Nothing here makes a file or changes one.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import Any

from babingepet.errors import InputError
from babingepet.memory.engrams import MARKETS, Memory
from babingepet_resources.clients.clock import Clock
from babingepet_resources.exchange.moments import parse_moment
from babingepet_resources.hippocampus.store import Hippocampus
from babingepet_resources.settings import Settings
from babingepet_services.warehouse_lookup import SOURCES

MOST_FOUND = 100
"""Engrams that one command may list."""


def memory_source(settings: Settings, source: str | None) -> str:
    """The named source; without a name the configured one, or the first that has a memory."""
    if source is not None:
        return source
    names = [settings.source, *(name for name in SOURCES if name != settings.source)]
    there = (name for name in names if settings.memory_file(name).is_file())
    return next(there, settings.source)


def search_report(
    settings: Settings,
    clock: Clock,
    query: str,
    *,
    market: str | None = None,
    kind: str | None = None,
    limit: int = 5,
    as_of: str | None = None,
    source: str | None = None,
) -> dict[str, Any]:
    """What a search finds.

    Args:
        settings: Where memories are.
        clock: This machine's.
        query: Words; none for the newest engrams.
        market: Only of this market; None for any.
        kind: Only of this kind; None for any.
        limit: At most so many, 1 to 100.
        as_of: Time that is asked about; None for now.
        source: Whose facts; None for the configured one, or the first that has a memory.

    Returns:
        file, source, query, as_of, found, memories[] (id, rank, strength, kind, market, symbol,
        source, text, tags, payload, event_time, known_at, outcome, outcome_known_at,
        awaits_outcome, access_count, pinned), best first. Times are UTC milliseconds.

    Raises:
        InputError: An argument cannot be used.
        MemoryUnavailable: The file does not answer.
    """
    if not 1 <= limit <= MOST_FOUND:
        raise InputError(f"--limit {limit}: 1 to {MOST_FOUND}")
    if market is not None and market not in MARKETS:
        raise InputError(f"--market {market}: one of {', '.join(MARKETS)}")
    known_until = clock.now() if as_of is None else parse_moment(as_of, "--as-of")
    chosen = memory_source(settings, source)
    path = settings.memory_file(chosen)
    found: list[Memory] = []
    if path.is_file():
        with closing(Hippocampus(path)) as store:
            found = store.search_memory(
                query,
                limit,
                known_until=known_until,
                market=market,
                kind=kind,
                outcomes_closed=False,
            )
    return {
        "file": str(path),
        "source": chosen,
        "query": query,
        "as_of": known_until,
        "found": len(found),
        "memories": [_told(one) for one in found],
    }


def _told(memory: Memory) -> dict[str, Any]:
    engram = memory.engram
    outcome = None
    if engram.outcome is not None:
        outcome = {**asdict(engram.outcome), "result": engram.outcome.result}
    return {
        "id": memory.id,
        "rank": memory.rank,
        "strength": memory.strength,
        "kind": engram.kind,
        "market": engram.market,
        "symbol": engram.symbol,
        "source": engram.source,
        "text": engram.text,
        "tags": list(engram.tags),
        "payload": dict(engram.payload),
        "event_time": engram.event_time,
        "known_at": engram.known_at,
        "outcome": outcome,
        "outcome_known_at": memory.outcome_known_at,
        "awaits_outcome": engram.expects_outcome and outcome is None,
        "access_count": memory.access_count,
        "pinned": engram.pinned,
    }


def stats_report(settings: Settings, source: str | None = None) -> dict[str, Any]:
    """What a memory holds, and how it is.

    Args:
        settings: Where memories are.
        source: Whose facts; None for the configured one, or the first that has a memory.

    Returns:
        file, source, exists, bytes, ok, engrams, chronicles, last_write, fts_ok, kinds[] (market,
        kind, count, pinned, oldest, newest). Of a file that is not there yet the counts are 0, and
        ok and fts_ok are None.

    Raises:
        ConfigurationError: The file is not a memory.
        MemoryUnavailable: The file does not answer.
    """
    chosen = memory_source(settings, source)
    path = settings.memory_file(chosen)
    told = {"file": str(path), "source": chosen}
    if not path.is_file():
        unknown = {"ok": None, "fts_ok": None, "last_write": None}
        return {**told, "exists": False, "bytes": 0, "engrams": 0, "chronicles": 0, **unknown, "kinds": []}  # fmt: skip
    with closing(Hippocampus(path)) as store:
        health, kinds = store.health_check(), store.kinds()
    size = path.stat().st_size
    rows = {"kinds": [asdict(one) for one in kinds]}
    return {**told, "exists": True, "bytes": size, **asdict(health), **rows}
