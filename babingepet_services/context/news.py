"""Headlines of a search into the warehouse.

1. the feed is asked; one that does not answer is noted with its reason
2. headlines that are stored already are left alone: a model that read them once is not asked again
3. the others are read for their tone, by a model where one may be asked; no transaction is open
   meanwhile
4. they are stored in one transaction with the check of the feed

A headline becomes known when it is filed, after it was read: that is when a decision can use it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy import Connection

from babingepet.errors import FeedUnavailable, InputError
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.context.fetch import FetchLimits
from babingepet_resources.clients.context.google_news import (
    BITCOIN,
    FeedItem,
    NewsSearch,
    fetch_news,
)
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import news
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import InsertOutcome, NewsRecord
from babingepet_services.context.report import FeedReport, Reading, answered, failed
from babingepet_services.context.tone_model import Told, ToneModel
from babingepet_services.context.tones import read_by_lexicon, with_tones

NAME = "news"
SOURCE = "google_news"
UNUSABLE, REPEATED = "unusable", "repeated"


def refresh_news(
    settings: Settings,
    database: Database,
    clock: Clock,
    search: NewsSearch = BITCOIN,
    *,
    model: ToneModel | None = None,
    limits: FetchLimits | None = None,
) -> FeedReport:
    """Ask for headlines and store those that are new.

    Args:
        settings: Name the feed's address.
        database: The warehouse.
        clock: When headlines become known.
        search: What to ask for, and under which market to file it.
        model: Reads headlines for their tone, and what it leaves out, the lexicon; None for the
            lexicon alone.
        limits: How patient to be.

    Raises:
        InputError: The address is none, or the lexicon's files are wrong.
        WarehouseUnavailable: The database. A feed that is down does not raise.
    """
    lexicon = read_by_lexicon(search.market)
    try:
        answer = fetch_news(settings.news_url, search, clock, limits)
    except FeedUnavailable as error:
        return failed(database, NAME, search.market, clock, str(error))
    dropped = Counter(answer.dropped)
    records = _records(answer.items, search.market, clock.now(), dropped)
    with database.reading() as connection:
        there = news.stored(connection, [one.id for one in records])
    unread = [one for one in records if one.id not in there]
    told = None if model is None else model(unread)
    fresh = with_tones(unread, lexicon, told)
    before = InsertOutcome(already_there=len(records) - len(fresh))
    write = partial(_write, fresh, before, dropped, search.market, clock)
    return replace(database.transact(write), reading=_reading(fresh, told))


def _records(
    items: Sequence[FeedItem], market: str, at: int, dropped: Counter[str]
) -> list[NewsRecord]:
    """Items as they are stored, each once; the others are counted."""
    records: dict[str, NewsRecord] = {}
    for item in items:
        record = NewsRecord(
            market, item.outlet, item.title, item.published, at, SOURCE, url=item.url
        )
        try:
            record = news.vetted(record)
        except InputError:
            dropped[UNUSABLE] += 1
            continue
        if record.id in records:
            dropped[REPEATED] += 1
        records.setdefault(record.id, record)
    return list(records.values())


def _reading(fresh: Sequence[NewsRecord], told: Told | None) -> Reading:
    by = dict(Counter(one.method for one in fresh if one.method is not None))
    return Reading(by) if told is None else Reading(by, told.why, told.prompt_version)


def _write(
    fresh: Sequence[NewsRecord],
    before: InsertOutcome,
    dropped: Counter[str],
    market: str,
    clock: Clock,
    connection: Connection,
) -> FeedReport:
    at = clock.now()
    outcome = news.insert(connection, [replace(one, known_at=at) for one in fresh])
    return answered(connection, NAME, market, at, before + outcome, dropped)
