"""The tone of the last day's headlines, scored by the signal's own function and kept as a row.

Belongs here: what the signal reads of the warehouse, for decisions and for this row alike. Does not
belong here: the score (the engine).
"""

from __future__ import annotations

from sqlalchemy import Connection

from babingepet.market.context import News
from babingepet.signals.sentiment import MAX_AGE, score_news
from babingepet_resources.clients.clock import Clock
from babingepet_resources.warehouse import context_feeds, news, sentiments, vetting
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import SentimentRecord

NAMED_APART = ("weight", "headlines")
"""What of the signal's numbers has a column of its own."""


def read_news(connection: Connection, market: str, as_of: int) -> News:
    """Headlines of the last day and the health of their feed, as known at ``as_of``."""
    return News(
        context_feeds.last_ok(connection, "news", market, known_until=as_of),
        news.read(connection, market, as_of - MAX_AGE, as_of + 1, known_until=as_of),
    )


def write_sentiment(database: Database, market: str, as_of: int, clock: Clock) -> SentimentRecord:
    """Score the headlines known at ``as_of`` and store the score, or the reason for none.

    Args:
        database: The warehouse.
        market: Whose headlines.
        as_of: UTC ms, not later than now.
        clock: When the score becomes known.

    Returns:
        What was stored; the same moment always scores the same, and is stored once.

    Raises:
        InputError: ``as_of`` lies in the future; nothing was written.
        WarehouseUnavailable: The database.
    """

    def write(connection: Connection) -> SentimentRecord:
        score = score_news(read_news(connection, market, as_of), as_of)
        readers = news.methods(connection, market, as_of - MAX_AGE, as_of + 1, known_until=as_of)
        record = SentimentRecord(
            market=market,
            as_of=as_of,
            # Models say their own names: long ones must not cost the score.
            method=vetting.clean("+".join(readers), vetting.NAME_LIMIT) or "none",
            score=score.value,
            reason=score.reason,
            weight=None if score.value is None else float(score.raw["weight"] or 0.0),
            headlines=None if score.value is None else score.observations,
            detail={name: value for name, value in score.raw.items() if name not in NAMED_APART},
            known_at=clock.now(),
        )
        sentiments.insert(connection, [record])
        return record

    return database.transact(write)
