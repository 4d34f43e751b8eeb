"""How the BTC loop comes to its memory: history and state, from the warehouse and the exchange."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

import numpy as np
from sqlalchemy import Connection

from babingepet.cycles.btc import CAPITAL
from babingepet.cycles.btc_state import load_state
from babingepet.cycles.btc_values import BtcState, initial_state
from babingepet.errors import ExchangeUnavailable, IntegrityBroken
from babingepet.market.frames import Candles, FundingRates, OpenInterest
from babingepet.market.history import BarHistory
from babingepet.market.intervals import (
    DAY,
    HOUR,
    INTERVALS,
    MINUTE,
    hours_needed_from,
    minutes_needed_from,
    month_start,
)
from babingepet.signals.inputs import TAPE_MINUTES
from babingepet.signals.registry import SWARM
from babingepet_resources.clients.feed import FeedInfo, MarketFeed
from babingepet_resources.warehouse import blobs, candles, funding, history, open_interest
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import CandleBatch, FundingBatch, OpenInterestBatch
from babingepet_services.btc.analysts import load_analysts
from babingepet_services.btc.context import present_feeds
from babingepet_services.btc.memory import (
    FUNDING_DAYS,
    BtcMemory,
    LoadedBatch,
    with_readings,
    with_settlements,
)
from babingepet_services.capture.content import DayDigests
from babingepet_services.swarm.values import Analysts

log = logging.getLogger(__name__)

OPEN_INTEREST_SPAN = DAY
"""Open interest fetched at the start: one request of 288 readings, which weighs nothing."""
FETCH_ROWS = 15_000
"""Candles fetched between two signs of life: ten requests of the exchange's largest page."""


def load_memory(
    feed: MarketFeed,
    database: Database,
    book: str,
    as_of: int,
    alive: Callable[[], None] = lambda: None,
    *,
    analysts: Analysts = "rules",
) -> BtcMemory:
    """Load history and state for a first decision at ``as_of``.

    The warehouse is read first; what it lacks is fetched from the exchange. Fetched facts are
    handed back in ``loaded`` and are written with the first decision that read them. ``alive`` is
    called between two requests: from the real exchange the whole takes a minute or more. Embedded
    ``analysts`` go on where they were; those of models belong to the run from its first minute.

    Raises:
        Unavailable: The exchange or the database does not answer.
        IntegrityBroken: The stored state cannot be read.
    """
    info = feed.info
    begin, now = minutes_needed_from(as_of), as_of - MINUTE
    loaded: list[LoadedBatch] = []
    # One snapshot, and no transaction while the exchange is asked: a minute of standing idle would
    # hold a server's connection, and what others removed, for nothing.
    with database.reading() as connection:
        stored_minutes = candles.read(connection, info.symbol, "1m", info.source, begin, now)
        since = min(
            hours_needed_from(as_of),
            candles.first_open(connection, info.symbol, "1h", info.source) or as_of,
        )
        stored_hours = candles.read(connection, info.symbol, "1h", info.source, since, now)
        stored_rates, stored_readings = _read_beside(connection, info, as_of)
        state, last_as_of = load_last_state(connection, book, info)
        account = history.last_portfolio(connection, book, info.symbol, info.source)
        context_feeds = present_feeds(connection)
        embedded = load_analysts(connection, as_of) if analysts == "rules" else None
    minutes = _complete(stored_minutes, feed, "1m", begin, now, as_of, loaded, alive)
    first = (int(minutes.open_time[0]) if len(minutes) else now) // HOUR * HOUR
    hours = stored_hours.between(since, first)
    hours = _complete(hours, feed, "1h", since, first, as_of, loaded, alive)
    rates = _funding(stored_rates, feed, as_of, loaded)
    readings = _open_interest(stored_readings, feed, as_of, loaded)
    memory = BtcMemory(
        info=info,
        month=month_start(as_of),
        history=BarHistory(minutes, hours),
        hours=hours,
        digests=DayDigests(minutes),
        funding=rates,
        tape=deque(maxlen=TAPE_MINUTES),
        tape_digests=deque(maxlen=TAPE_MINUTES),
        state=state,
        last_as_of=last_as_of,
        peak_equity=account.detail["peak_equity"] if account else CAPITAL,
        open_interest=readings,
        context_feeds=context_feeds if analysts == "none" else context_feeds | {SWARM},
        analysts=embedded,
        loaded=loaded,
    )
    memory.read_tape(database, now)
    return memory


def load_last_state(
    connection: Connection, book: str, info: FeedInfo
) -> tuple[BtcState, int | None]:
    """State after the last decision of a book and its time; a new account without one.

    Raises:
        IntegrityBroken: The stored state is missing or damaged.
    """
    last = history.last_decision(connection, book, info.symbol, info.source)
    if last is None:
        return initial_state(CAPITAL), None
    stored = blobs.get(connection, last.state_after_hash)
    if stored is None:
        raise IntegrityBroken(f"the state after {last.cycle_id} is not in the warehouse")
    return load_state(stored), last.as_of


def _read_beside(
    connection: Connection, info: FeedInfo, as_of: int
) -> tuple[FundingRates, OpenInterest]:
    symbol, source, end = info.symbol, info.source, as_of + 1
    return (
        funding.read(connection, symbol, source, as_of - FUNDING_DAYS * DAY, end),
        open_interest.read(connection, symbol, source, as_of - OPEN_INTEREST_SPAN, end),
    )


def _complete(
    stored: Candles,
    feed: MarketFeed,
    interval: str,
    start: int,
    end: int,
    as_of: int,
    loaded: list[LoadedBatch],
    alive: Callable[[], None],
) -> Candles:
    info = feed.info
    parts = [stored]
    step = INTERVALS[interval]
    for hole_start, hole_end in candles.holes(stored.open_time, start, end, step):
        fetched = _fetch(feed, interval, hole_start, hole_end, alive)
        if len(fetched):
            derived = interval != "1m" and "candles" in info.derived
            loaded.append(CandleBatch(info.symbol, interval, info.source, fetched, as_of, derived))
            parts.append(fetched)
    joined = Candles.concat(parts)
    order = np.argsort(joined.open_time)
    return Candles(**{name: column[order] for name, column in joined.columns().items()})


def _fetch(
    feed: MarketFeed, interval: str, start: int, end: int, alive: Callable[[], None]
) -> Candles:
    step = FETCH_ROWS * INTERVALS[interval]
    parts = []
    for begin in range(start, end, step):
        alive()
        parts.append(feed.candles(interval, begin, min(begin + step, end)))
    return Candles.concat(parts)


def _funding(
    stored: FundingRates,
    feed: MarketFeed,
    as_of: int,
    loaded: list[LoadedBatch],
) -> FundingRates:
    info = feed.info
    start = as_of - FUNDING_DAYS * DAY
    if "funding" not in info.feeds:
        return stored
    fetched = feed.funding_rates(start, as_of + 1)
    fresh = fetched.where(~np.isin(fetched.funding_time, stored.funding_time))
    if len(fresh):
        loaded.append(FundingBatch(info.symbol, info.source, fresh, as_of))
    return with_settlements(stored, fresh)


def _open_interest(
    stored: OpenInterest, feed: MarketFeed, as_of: int, loaded: list[LoadedBatch]
) -> OpenInterest:
    """Readings of the last day, those that are not stored fetched; no vote waits for them."""
    info = feed.info
    start = as_of - OPEN_INTEREST_SPAN
    if "open_interest" not in info.feeds:
        return stored
    try:
        fetched = feed.open_interest(start, as_of + 1)
    except ExchangeUnavailable as error:
        log.warning("open interest of the last day is missing: %s", error)
        return stored
    fresh = fetched.where(~np.isin(fetched.event_time, stored.event_time))
    if len(fresh):
        loaded.append(OpenInterestBatch(info.symbol, info.source, fresh, as_of))
    return with_readings(stored, fresh, as_of)
