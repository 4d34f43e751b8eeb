"""Candles, funding and open interest as a backfill sees them, a class each.

Belongs here: what is particular to a kind. Does not belong here: what they share
(``backfill.series``), and trades (``backfill.trades``).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sqlalchemy import Connection

from babingepet.market.frames import Candles, FundingRates, OpenInterest
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet_resources.clients.feed import MarketFeed
from babingepet_resources.market_files.candles import read_candles
from babingepet_resources.market_files.funding import read_funding
from babingepet_resources.market_files.open_interest import read_open_interest
from babingepet_resources.market_files.rows import FileRows
from babingepet_resources.warehouse import candles, funding, open_interest
from babingepet_services.backfill.series import FrameSeries, grid_holes
from babingepet_services.market.gap_ledger import Span

SETTLEMENT = 8 * HOUR
"""Time between two settlements where none is stored that says otherwise."""


class CandleSeries(FrameSeries[Candles]):
    """Closed candles of one minute."""

    kind = "candles"
    feed = "candles"
    data_set = "klines"
    periods = ("monthly", "daily")
    step = MINUTE
    rest_span = 15_000 * MINUTE  # ten requests of the exchange's largest page

    def holes(self, connection: Connection, start: int, end: int) -> list[Span]:
        """Minutes that are not stored."""
        return candles.missing(connection, self.market.symbol, "1m", self.market.source, start, end)

    def read(self, path: Path) -> FileRows[Candles]:
        """Read a file of klines."""
        return read_candles(path, path.name, interval="1m", symbol=self.market.symbol)

    def fetch(self, feed: MarketFeed, start: int, end: int) -> Candles:
        """Closed candles of the exchange."""
        self.derived = "candles" in feed.info.derived
        return feed.candles("1m", start, end)

    def stored(self, connection: Connection, start: int, end: int) -> Candles:
        """Stored minutes."""
        return candles.read(connection, self.market.symbol, "1m", self.market.source, start, end)

    def insert(self, connection: Connection, rows: Candles, known_at: int) -> None:
        """Store minutes."""
        symbol, source = self.market.symbol, self.market.source
        candles.insert(
            connection, symbol, "1m", source, rows, known_at=known_at, derived=self.derived
        )


class FundingSeries(FrameSeries[FundingRates]):
    """Settled funding rates; a settlement may be stamped some milliseconds late."""

    kind = "funding"
    feed = "funding"
    data_set = "fundingRate"
    periods = ("monthly",)
    step = MINUTE
    rest_span = 300 * DAY
    delay = 5 * MINUTE

    def holes(self, connection: Connection, start: int, end: int) -> list[Span]:
        """Intervals without their settlement, which stands at their beginning."""
        found = self.stored(connection, start, end)
        hours = float(np.min(found.interval_hours)) if len(found) else 0.0
        step = round(hours * HOUR) or SETTLEMENT
        holes = grid_holes(found.time, step, start, -(-end // step) * step)
        return [(first, min(last, end)) for first, last in holes]

    def read(self, path: Path) -> FileRows[FundingRates]:
        """Read a file of funding rates."""
        return read_funding(path, path.name, symbol=self.market.symbol)

    def fetch(self, feed: MarketFeed, start: int, end: int) -> FundingRates:
        """Settlements that the exchange tells."""
        return feed.funding_rates(start, end)

    def stored(self, connection: Connection, start: int, end: int) -> FundingRates:
        """Stored settlements."""
        return funding.read(connection, self.market.symbol, self.market.source, start, end)

    def insert(self, connection: Connection, rows: FundingRates, known_at: int) -> None:
        """Store settlements."""
        funding.insert(connection, self.market.symbol, self.market.source, rows, known_at=known_at)


class OpenInterestSeries(FrameSeries[OpenInterest]):
    """Open interest; the archive has a reading each five minutes, the loop one a minute."""

    kind = "open-interest"
    feed = "open_interest"
    data_set = "metrics"
    periods = ("daily",)
    step = 1
    rest_span = 5 * DAY
    delay = 10 * MINUTE
    overlap = 1
    grid = 5 * MINUTE

    def holes(self, connection: Connection, start: int, end: int) -> list[Span]:
        """Stretches of five minutes with no reading in them or at their end.

        Some of the archive's days begin at 00:00, others at 00:05 and end with the next 00:00.
        """
        symbol, source = self.market.symbol, self.market.source
        found = open_interest.times(connection, symbol, source, start, end + 1)
        return grid_holes(np.concatenate([found, found - 1]), self.grid, start, end)

    def read(self, path: Path) -> FileRows[OpenInterest]:
        """Read a file of metrics."""
        return read_open_interest(path, path.name, symbol=self.market.symbol)

    def fetch(self, feed: MarketFeed, start: int, end: int) -> OpenInterest:
        """Readings that the exchange tells."""
        return feed.open_interest(start, end)

    def stored(self, connection: Connection, start: int, end: int) -> OpenInterest:
        """Stored readings."""
        return open_interest.read(connection, self.market.symbol, self.market.source, start, end)

    def insert(self, connection: Connection, rows: OpenInterest, known_at: int) -> None:
        """Store readings."""
        open_interest.insert(
            connection, self.market.symbol, self.market.source, rows, known_at=known_at
        )
