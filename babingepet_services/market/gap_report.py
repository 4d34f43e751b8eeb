"""The ledger of gaps as it is told: of all warehouses, as JSON values.

Belongs here: reading it. Does not belong here: writing it (``market.gap_ledger``).
"""

from __future__ import annotations

from contextlib import closing
from typing import Any

from sqlalchemy import Connection

from babingepet_resources.exchange.moments import parse_moment
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import gaps
from babingepet_resources.warehouse.records import GapRecord
from babingepet_services.market.gap_ledger import NEVER, count_affected
from babingepet_services.warehouse_lookup import Place, named_places

MOST = 1_000
"""Gaps listed of a warehouse, the newest ones; all are counted."""


def gap_report(
    settings: Settings, first: str | None, last: str | None, warehouse: str | None = None
) -> dict[str, Any]:
    """Every gap that meets a period, newest last.

    Args:
        settings: Where warehouses are, and the instrument.
        first: First UTC day; None for the beginning.
        last: The UTC day after the last one; None for the end.
        warehouse: Name of the one warehouse to look at; None for all.

    Returns:
        symbol, from, to, gaps (warehouse, feed, source, start, end, reason, seen, repaired,
        repaired_from, decisions_affected), counts (seen, repaired, open), listed. Times are UTC
        milliseconds; decisions are counted as of now.

    Raises:
        InputError: A time is none, or there is no warehouse.
        WarehouseUnavailable: A warehouse does not answer.
    """
    start = parse_moment(first) if first else 0
    end = parse_moment(last, "--to") if last else NEVER
    rows: list[dict[str, Any]] = []
    seen = repaired = 0
    for place in named_places(settings, warehouse):
        with closing(place.open()) as database, database.reading() as connection:
            found = gaps.read(connection, settings.symbol, start, end)
            seen += len(found)
            repaired += sum(gap.repaired_at is not None for gap in found)
            rows += [_row(connection, place, gap) for gap in found[-MOST:]]
    return {
        "symbol": settings.symbol,
        "from": start if first else None,
        "to": end if last else None,
        "counts": {"seen": seen, "repaired": repaired, "open": seen - repaired},
        "listed": len(rows),
        "gaps": rows,
    }


def _row(connection: Connection, place: Place, gap: GapRecord) -> dict[str, Any]:
    return {
        "warehouse": place.name,
        "feed": gap.feed,
        "source": gap.source,
        "start": gap.start_time,
        "end": gap.end_time,
        "reason": gap.reason,
        "seen": gap.detected_at,
        "repaired": gap.repaired_at,
        "repaired_from": gap.repaired_from,
        "decisions_affected": count_affected(connection, gap),
    }
