"""A made-up market in memory, so that a benchmark times the cycle and not the wire."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from babingepet.market.frames import (
    BookLevels,
    Candles,
    FundingRates,
    OpenInterest,
    Quotes,
    Trades,
)
from babingepet.market.history import resample
from babingepet.market.instruments import ExchangeFilters
from babingepet.market.intervals import DAY, HOUR, INTERVALS, MINUTE, anchor, minutes_needed_from
from babingepet_resources.clients.feed import (
    ALL_FEEDS,
    CollectedMinute,
    FeedHealth,
    FeedInfo,
    MarketEnded,
)

START = 20_200 * DAY + 10 * HOUR
"""A day late in its month, so that history from the anchors is long."""
GRID = 5 * MINUTE
"""On which past open interest is told."""
TRADES_A_MINUTE, QUOTES_A_MINUTE = 200, 300


def random_walk(start: int, end: int, seed: int, drift: float = 0.0) -> Candles:
    """Minutes whose log price is a random walk of 0.05 % a minute.

    ``drift`` is added to each minute from twelve hours before START on.
    """
    random = np.random.default_rng(seed)
    open_time = np.arange(start, end, MINUTE)
    steps = random.normal(0.0, 5e-4, len(open_time)) + drift * (open_time >= START - 12 * HOUR)
    close = 60_000.0 * np.exp(np.cumsum(steps))
    open_ = np.concatenate([close[:1], close[:-1]])
    reach = np.abs(random.normal(0.0, 3e-4, len(open_time))) * close
    volume = random.gamma(2.0, 5.0, len(open_time))
    return Candles(
        open_time,
        open_,
        np.maximum(open_, close) + reach,
        np.minimum(open_, close) - reach,
        close,
        volume,
        volume * close,
        np.full(len(open_time), float(TRADES_A_MINUTE)),
        volume * random.uniform(0.2, 0.8, len(open_time)),
    )


@dataclass
class MadeUpFeed:
    """``MarketFeed`` over arrays; every minute has trades, quotes and a book."""

    cycles: int
    seed: int = 7
    drift: float = 0.0
    history_days: int | None = None
    """Days of minutes before START; None for all that the longest series reads."""
    info: FeedInfo = field(init=False)

    def __post_init__(self) -> None:
        self.info = FeedInfo(
            "simulated", "usdm_perp", "BTCUSDT", ALL_FEEDS, frozenset(), "in memory", lockstep=True
        )
        days = self.history_days
        first = anchor("4h", START) if days is None else START - days * DAY
        self.minutes = random_walk(first, START + (self.cycles + 1) * MINUTE, self.seed, self.drift)
        self.funding = FundingRates.from_rows(
            (time, 1e-4, 8.0, False) for time in range(START - 9 * DAY, START, 8 * HOUR)
        )
        self._random = np.random.default_rng(self.seed)

    def start(self) -> None:
        """Nothing to connect."""

    def stop(self) -> None:
        """Nothing to close."""

    def release(self, as_of: int) -> None:
        """Nothing waits."""

    def now(self) -> int:
        """The market's clock."""
        return START

    def candles(self, interval: str, start: int, end: int) -> Candles:
        """History."""
        minutes = self.minutes.between(start, min(end, START))
        return minutes if interval == "1m" else resample(minutes, interval, end)

    def funding_rates(self, start: int, end: int) -> FundingRates:
        """Settlements."""
        return self.funding.between(start, end)

    def open_interest(self, start: int, end: int) -> OpenInterest:
        """Past readings on a grid of five minutes."""
        return OpenInterest.from_rows(
            _reading(time) for time in range(-(-start // GRID) * GRID, min(end, START), GRID)
        )

    def filters(self) -> ExchangeFilters:
        """Those of BTCUSDT."""
        return ExchangeFilters(0.1, 0.001, 0.001, 100.0)

    def next_minute(self, *, after: int | None, timeout: float) -> CollectedMinute:
        """The minute after ``after``."""
        del timeout
        as_of = START + MINUTE if after is None else after + MINUTE
        if as_of > START + self.cycles * MINUTE:
            raise MarketEnded
        open_time = as_of - MINUTE
        candle = self.minutes.between(open_time, as_of)
        return CollectedMinute(
            as_of=as_of,
            clock=as_of + 50,
            candles=candle,
            trades=self._trades(open_time, float(candle.close[0])),
            trades_from=START - HOUR,
            quotes=self._quotes(open_time, float(candle.close[0])),
            quotes_from=START,
            depth=_book(float(candle.close[0])),
            funding=FundingRates.empty(),
            mark_price=float(candle.close[0]),
            gaps=(),
            health=FeedHealth(),
            open_interest=OpenInterest.from_rows([_reading(as_of - 1_000)]),
        )

    def _trades(self, open_time: int, price: float) -> Trades:
        n = TRADES_A_MINUTE
        time = open_time + np.sort(self._random.integers(0, MINUTE, n))
        return Trades(
            open_time + np.arange(n),
            time,
            np.round(price + self._random.normal(0, 2, n), 1),
            np.round(self._random.gamma(0.5, 0.2, n) + 0.001, 3),
            self._random.random(n) < 0.5,  # noqa: PLR2004 (a fair coin)
        )

    def _quotes(self, open_time: int, price: float) -> Quotes:
        n = QUOTES_A_MINUTE
        bid = np.round(price + self._random.normal(0, 2, n), 1)
        sizes = np.round(self._random.gamma(1.0, 3.0, (2, n)) + 0.001, 3)
        time = open_time + np.sort(self._random.integers(0, MINUTE, n))
        return Quotes(open_time + np.arange(n), time, bid, sizes[0], bid + 0.1, sizes[1])


def _reading(time: int) -> tuple[int, float, float]:
    """Ten contracts more each minute; what they are worth is not told."""
    return time, 80_000.0 + (time - START) / MINUTE * 10.0, np.nan


def _book(price: float) -> BookLevels:
    return BookLevels.from_rows(
        (level, price - 0.1 * (level + 1), 1.5, price + 0.1 * level, 1.5) for level in range(20)
    )


def history_of(feed: MadeUpFeed) -> dict[str, Candles]:
    """The bars a decision at the start reads, by interval."""
    minutes = feed.minutes.between(0, START)
    bars = {"1m": minutes.between(minutes_needed_from(START), START)}
    for interval in ("5m", "15m", "1h", "4h"):
        whole = resample(minutes, interval, START // INTERVALS[interval] * INTERVALS[interval])
        bars[interval] = whole.between(anchor(interval, START), START)
    return bars
