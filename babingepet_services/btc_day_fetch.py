"""Complete one day of what the exchange still tells: closed candles and settled funding.

Belongs here: fetching what the warehouse lacks of a day, and marking its gaps repaired. Does not
belong here: the event tape (quotes and books that were not captured are lost) and any decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from babingepet.errors import ExchangeUnavailable, InputError
from babingepet.market.intervals import MINUTE, iso
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.feed import MarketFeed
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import candles, funding, gaps
from babingepet_services.btc_day import DayScope
from babingepet_services.market_source import open_market


@dataclass(frozen=True)
class Fetched:
    """What was added to a day.

    Attributes:
        rows: New rows.
        conflicts: Rows the exchange tells differently today; the stored ones stay.
        repaired: Gaps of the feed that are now whole.
        note: Why nothing could be asked, or None.
    """

    rows: int = 0
    conflicts: int = 0
    repaired: int = 0
    note: str | None = None


@contextmanager
def started_feed(settings: Settings, clock: Clock, source: str, end: int) -> Iterator[MarketFeed]:
    """The market of ``source``, started; a recording stands at the end of the wanted day.

    Raises:
        ExchangeUnavailable: It does not answer.
        InputError: A recording does not reach that day.
    """
    wanted = {"market": source} if settings.exchange_url else {"market": source, "start": iso(end)}
    with open_market(settings.model_copy(update=wanted), clock) as market:
        try:
            market.feed.start()
            yield market.feed
        finally:
            market.feed.stop()


def fetch_candles(scope: DayScope, feed: MarketFeed) -> Fetched:
    """Fetch the day's missing closed minutes and mark its candle gaps repaired."""
    now = feed.now()
    end = min(scope.end, now // MINUTE * MINUTE)
    with scope.database.reading() as connection:
        holes = candles.missing(connection, scope.symbol, "1m", scope.source, scope.start, end)
    batches = [feed.candles("1m", start, stop) for start, stop in holes]
    derived = "candles" in feed.info.derived
    written = conflicts = 0
    with scope.database.writing() as connection:
        for batch in batches:
            outcome = candles.insert(
                connection, scope.symbol, "1m", scope.source, batch, known_at=now, derived=derived
            )
            written, conflicts = written + outcome.written, conflicts + outcome.conflicts
        repaired = [
            gaps.repair(connection, gap.id, repaired_at=now, repaired_from="rest")
            for gap in gaps.read(connection, scope.symbol, scope.start, end, open_only=True)
            if gap.feed == "candles" and gap.source == scope.source and gap.id is not None
            and not candles.missing(
                connection, scope.symbol, "1m", scope.source, gap.start_time, gap.end_time
            )
        ]  # fmt: skip
    return Fetched(written, conflicts, sum(repaired))


def fetch_funding(scope: DayScope, feed: MarketFeed) -> Fetched:
    """Fetch the day's settlements that are not stored."""
    if "funding" not in feed.info.feeds:
        return Fetched(note="this market has no funding")
    now = feed.now()
    rates = feed.funding_rates(scope.start, min(scope.end, now + 1))
    with scope.database.writing() as connection:
        stored = funding.read(connection, scope.symbol, scope.source, scope.start, scope.end)
        fresh = rates.where(~np.isin(rates.funding_time, stored.funding_time))
        outcome = funding.insert(connection, scope.symbol, scope.source, fresh, known_at=now)
    return Fetched(outcome.written, outcome.conflicts)


FETCH = {"btc/candles": fetch_candles, "btc/funding": fetch_funding}
"""What can be fetched for a day that is over; every other asset only reports what was captured."""


def fetch_day(asset: str, scope: DayScope, settings: Settings, clock: Clock) -> Fetched:
    """Complete a day of one asset; a market that cannot be asked leaves it as it is.

    Args:
        asset: A key of ``FETCH``.
        scope: The day.
        settings: Names the market.
        clock: This machine's clock.
    """
    try:
        with started_feed(settings, clock, scope.source, scope.end) as feed:
            return FETCH[asset](scope, feed)
    except (ExchangeUnavailable, InputError) as error:
        return Fetched(note=f"nothing was fetched: {error}")
