"""What asking a feed came to, and how that is noted.

Belongs here: the value that callers show, and the check of the feed. Does not belong here: asking.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection

from babingepet_resources.clients.clock import Clock
from babingepet_resources.warehouse import context_feeds
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import FeedCheckRecord, InsertOutcome

FeedState = Literal["ok", "failed", "absent"]


@dataclass(frozen=True)
class Reading:
    """Who read the new headlines of an answer for their tone.

    Attributes:
        by: How many, by the name that is stored with them.
        why_not: Why a model that was to read them did not, or not all; empty when it did, or was
            not to.
        prompt_version: Of what the model was asked; None when it was not.
    """

    by: Mapping[str, int] = field(default_factory=dict)
    why_not: str = ""
    prompt_version: str | None = None


@dataclass(frozen=True, kw_only=True)
class FeedReport:
    """One attempt to ask a feed.

    Attributes:
        name: ``news``, ``etf_flow``, ``fear_greed``.
        market: Whom its rows concern.
        state: ``absent`` when no address is set: nothing was asked, and no check noted.
        checked_at: When the answer was filed, or given up, UTC ms.
        detail: What came, or why nothing did.
        outcome: What became of the rows that could be used.
        dropped: How many could not, by reason.
        reading: Who read its headlines; None of a feed of figures.
    """

    name: str
    market: str
    state: FeedState
    checked_at: int
    detail: str
    outcome: InsertOutcome = field(default_factory=InsertOutcome)
    dropped: Mapping[str, int] = field(default_factory=dict)
    reading: Reading | None = None

    def document(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "name": self.name,
            "market": self.market,
            "state": self.state,
            "checked_at": self.checked_at,
            "detail": self.detail,
            "rows_written": self.outcome.written,
            "rows_already_there": self.outcome.already_there,
            "rows_conflicting": self.outcome.conflicts,
            "dropped": dict(self.dropped),
            "reading": None if self.reading is None else asdict(self.reading),
        }


def answered(
    connection: Connection,
    name: str,
    market: str,
    at: int,
    outcome: InsertOutcome,
    dropped: Mapping[str, int],
) -> FeedReport:
    """Note that a feed answered, in the transaction that files its rows."""
    rows = outcome.written + outcome.already_there + outcome.conflicts
    told = [f"{rows} rows, {outcome.written} new", *(f"{n} {why}" for why, n in dropped.items())]
    detail = ", ".join(told)
    context_feeds.note(connection, [FeedCheckRecord(name, market, at, ok=True, detail=detail)])
    return FeedReport(
        name=name,
        market=market,
        state="ok",
        checked_at=at,
        detail=detail,
        outcome=outcome,
        dropped=dict(dropped),
    )


def failed(database: Database, name: str, market: str, clock: Clock, why: str) -> FeedReport:
    """Note that a feed did not answer."""
    at = clock.now()
    check = FeedCheckRecord(name, market, at, ok=False, detail=why)
    database.transact(lambda connection: context_feeds.note(connection, [check]))
    return FeedReport(name=name, market=market, state="failed", checked_at=at, detail=why)
