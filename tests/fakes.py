"""Hand-written stand-ins for the outside world. Values to build from belong into factories."""

from collections.abc import Sequence

from babingepet.market.frames import Candles, FundingRates, OpenInterest
from babingepet.market.instruments import ExchangeFilters
from babingepet.market.intervals import INTERVALS
from babingepet_resources.clients.feed import (
    ALL_FEEDS,
    CollectedMinute,
    FeedInfo,
    MarketEnded,
)


class FakeClock:
    """A clock that only moves when it is told to, or slept on."""

    def __init__(self, now: int = 1_700_000_040_000) -> None:
        self.time = now
        self.seconds = 1_000.0
        self.slept: list[float] = []

    def now(self) -> int:
        return self.time

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds
        self.time += round(seconds * 1_000)


class FakeFeed:
    """A market that hands over given minutes, and remembers what was released.

    Args:
        minutes: What ``next_minute`` gives, in order; an exception in their place is raised.
        history: Candles by interval.
        funding: All settlements.
        open_interest: All past readings.
        info: What the market says it is.
    """

    def __init__(
        self,
        minutes: Sequence[CollectedMinute | Exception] = (),
        *,
        history: dict[str, Candles] | None = None,
        funding: FundingRates | None = None,
        open_interest: OpenInterest | None = None,
        info: FeedInfo | None = None,
    ) -> None:
        self._minutes = list(minutes)
        self._history = history or {}
        self._funding = FundingRates.empty() if funding is None else funding
        self._open_interest = OpenInterest.empty() if open_interest is None else open_interest
        self._now = 0
        self.released: list[int] = []
        self.is_started = False
        self.is_stopped = False
        self._info = info or FeedInfo(
            source="simulated",
            product="usdm_perp",
            symbol="BTCUSDT",
            feeds=ALL_FEEDS,
            derived=frozenset(),
            description="a fake market",
            lockstep=True,
        )

    @property
    def info(self) -> FeedInfo:
        return self._info

    def start(self) -> None:
        self.is_started = True

    def now(self) -> int:
        return self._now

    def next_minute(self, *, after: int | None, timeout: float) -> CollectedMinute | None:
        while self._minutes:
            minute = self._minutes.pop(0)
            if isinstance(minute, Exception):
                raise minute
            if after is None or minute.as_of > after:
                self._now = minute.clock
                return minute
        raise MarketEnded("the fake market has no more minutes")

    def release(self, as_of: int) -> None:
        self.released.append(as_of)

    def candles(self, interval: str, start: int, end: int) -> Candles:
        assert interval in INTERVALS
        return self._history.get(interval, Candles.empty()).between(start, end)

    def funding_rates(self, start: int, end: int) -> FundingRates:
        return self._funding.between(start, end)

    def open_interest(self, start: int, end: int) -> OpenInterest:
        return self._open_interest.between(start, end)

    def filters(self) -> ExchangeFilters:
        return ExchangeFilters(0.1, 0.001, 0.001, 100.0)

    def stop(self) -> None:
        self.is_stopped = True
