"""The port through which one instrument's market reaches the product, a minute at a time.

Belongs here: the protocol of a feed and the values it hands over. How an exchange is spoken to
belongs to its client; what a minute means for a decision belongs to the engine.

A consumer calls ``start`` once, then again and again ``next_minute`` and ``release``, and ``stop``
at the end. Times are UTC epoch milliseconds of the exchange's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, get_args

from babingepet.errors import BabingepetError
from babingepet.market.frames import (
    BookLevels,
    Candles,
    FundingRates,
    OpenInterest,
    Quotes,
    Trades,
)
from babingepet.market.instruments import ExchangeFilters

Source = Literal["binance", "recorded", "simulated"]
Product = Literal["usdm_perp", "spot"]
FeedName = Literal[
    "candles", "taker_volume", "trades", "quotes", "depth", "mark_price", "funding", "open_interest"
]

ALL_FEEDS: frozenset[FeedName] = frozenset(get_args(FeedName))
"""Everything a market can offer; a recording usually offers less."""


class MarketEnded(BabingepetError):
    """The recording was played to its end: there is no next minute, and nothing is wrong."""


@dataclass(frozen=True)
class FeedInfo:
    """What a market is and what it can ever supply.

    Attributes:
        source: Stamped on every fact that came through this feed.
        product: The kind of instrument.
        symbol: The exchange's name of the instrument, ``BTCUSDT``.
        feeds: What is offered; anything else will never arrive.
        derived: The offered feeds that were aggregated or read off other recorded data.
        description: One sentence for people.
        lockstep: Whether the market's clock waits for ``release`` at every minute.
    """

    source: Source
    product: Product
    symbol: str
    feeds: frozenset[FeedName]
    derived: frozenset[FeedName]
    description: str
    lockstep: bool


@dataclass(frozen=True)
class FeedGap:
    """A stretch of time for which something did not arrive as it should have.

    Attributes:
        feed: Which of the feeds.
        start: First moment concerned.
        end: First moment no longer concerned.
        reason: What happened, for people.
        repaired_from: Where the missing rows came from afterwards; None when they are lost.
    """

    feed: FeedName
    start: int
    end: int
    reason: str
    repaired_from: Literal["rest"] | None


@dataclass(frozen=True)
class FeedHealth:
    """How the connection is doing, counted since ``start``.

    Attributes:
        counters: Events by name (see the client for its names); absent means zero.
        clock_skew_ms: Distance of this machine's clock from the exchange's; None when the market
            has a clock of its own (a recording) or none was measured yet.
        used_weight: Request weight used in the exchange's current minute, as it last said.
        message_ages_ms: How old the newest message of each streamed feed is, on the exchange's
            clock; a feed without any yet is absent.
    """

    counters: Mapping[str, int] = field(default_factory=dict)
    clock_skew_ms: int | None = None
    used_weight: int | None = None
    message_ages_ms: Mapping[FeedName, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Disagreement:
    """A number that sockets and REST tell differently for the same minute.

    Attributes:
        feed: ``candles``, or ``trades`` where the sum of those heard differs from the candle.
        open_time: The minute.
        column: Of ``Candles``.
        heard: What came through the socket, and was decided on.
        told: What REST says.
    """

    feed: FeedName
    open_time: int
    column: str
    heard: float
    told: float


@dataclass(frozen=True)
class Agreement:
    """What came of comparing minutes heard on sockets with REST's; nothing heard is overwritten.

    Attributes:
        start: Open time of the first minute compared.
        end: End of the last one.
        compared: Numbers compared.
        differing: Those that differ.
    """

    start: int
    end: int
    compared: int
    differing: tuple[Disagreement, ...]


@dataclass(frozen=True)
class CollectedMinute:
    """Everything that became known after the previous minute was handed over, up to ``as_of``.

    Attributes:
        as_of: A minute boundary: the open time of the last closed one-minute candle + 60 s.
        clock: The exchange's clock when the minute was collected.
        candles: Closed one-minute candles newly known: one, more after a repair, none when the
            exchange has none.
        trades: ``event_time < as_of``, ascending ``trade_id``, none twice. The first minute also
            carries the quarter of an hour before it. A trade which the exchange published only
            after its minute was collected comes with the next one.
        trades_from: Start of the unbroken coverage of trades that reaches ``as_of``; it may lie
            before this minute. None when they are not covered.
        quotes: ``event_time < as_of``, ascending ``update_id``, none twice.
        quotes_from: The same for quotes, which cannot be repaired: a reconnect breaks it.
        depth: The newest book of up to 20 levels, not older than 60 s at ``as_of``.
        funding: Settlements newly known with ``funding_time <= as_of``. The first minute carries
            those of the day before it.
        mark_price: The newest mark price, not older than 60 s at ``as_of``.
        gaps: What was missing or repaired in this minute.
        health: Counters at the time of collection.
        open_interest: Readings newly known with ``event_time <= as_of``.
        agreement: What REST says of the minutes before, when it was asked; now and then.
    """

    as_of: int
    clock: int
    candles: Candles
    trades: Trades
    trades_from: int | None
    quotes: Quotes
    quotes_from: int | None
    depth: BookLevels | None
    funding: FundingRates
    mark_price: float | None
    gaps: tuple[FeedGap, ...]
    health: FeedHealth
    open_interest: OpenInterest = field(default_factory=OpenInterest.empty)
    agreement: Agreement | None = None


class MarketFeed(Protocol):
    """One instrument's market. One thread consumes it; any thread may stop it."""

    @property
    def info(self) -> FeedInfo:
        """What this market is; known once ``start`` returned."""
        ...

    def start(self) -> None:
        """Connect.

        Raises:
            ExchangeUnavailable: The market does not answer.
            InputError: The market does not know the symbol.
        """
        ...

    def now(self) -> int:
        """The exchange's clock, UTC milliseconds."""
        ...

    def next_minute(self, *, after: int | None, timeout: float) -> CollectedMinute | None:
        """Wait until a minute boundary later than ``after`` is complete, and collect it.

        Boundaries come in ascending order without leaving one out, as long as the consumer is not
        more than the client's buffer (half an hour) behind. With ``after=None`` it is the first
        boundary since ``start``.

        Args:
            after: The last boundary the consumer has dealt with.
            timeout: Seconds to wait.

        Returns:
            The minute, or None when it was not complete in time.

        Raises:
            MarketEnded: The recording is over.
            ExchangeUnavailable: The connection died for good, or was stopped.
        """
        ...

    def release(self, as_of: int) -> None:
        """Say that the minute was decided: a lock-stepped market may go on. Else nothing happens.

        Raises:
            ExchangeUnavailable: The market does not answer.
        """
        ...

    def candles(self, interval: str, start: int, end: int) -> Candles:
        """Closed candles with ``start <= open_time < end``, as many requests as it takes.

        Raises:
            ExchangeUnavailable: The market does not answer.
            RateLimited: It asked for silence.
            InputError: The interval is not one of the exchange's.
        """
        ...

    def funding_rates(self, start: int, end: int) -> FundingRates:
        """Settlements with ``start <= funding_time < end``.

        Raises:
            ExchangeUnavailable: The market does not answer.
            RateLimited: It asked for silence.
        """
        ...

    def open_interest(self, start: int, end: int) -> OpenInterest:
        """Readings with ``start <= event_time < end``, as far back as the exchange still tells.

        Raises:
            ExchangeUnavailable: The market does not answer.
            RateLimited: It asked for silence.
        """
        ...

    def filters(self) -> ExchangeFilters:
        """The limits that an order of the instrument must keep now.

        Raises:
            ExchangeUnavailable: The market does not answer, or states none.
            RateLimited: It asked for silence.
        """
        ...

    def stop(self) -> None:
        """Close every socket and session; a second call does nothing."""
        ...
