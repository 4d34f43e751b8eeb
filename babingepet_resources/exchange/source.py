"""What the loopback exchange asks of a market, and the values that pass between them.

Belongs here: the `MarketSource` protocol and its messages. Does not belong here: reading files,
making a market up, HTTP, sockets, or the pace of the clock.

Every query takes `now`, the exchange's clock: a source answers with what happened before it and
never with anything later, so that no client can see the future of a recording.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from babingepet_resources.exchange.candles import Candles

Product = Literal["usdm_perp", "spot"]
Feed = Literal[
    "candles", "taker_volume", "trades", "quotes", "depth", "mark_price", "funding",
    "open_interest", "liquidations",
]  # fmt: skip
Payload = bytes | Callable[[], bytes | None]
"""The `data` object of a stream message, or how to make it when somebody listens (None: unknown)."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a market is and what of it can be served.

    Attributes:
        source: `recorded` or `simulated`.
        product: `usdm_perp` or `spot`.
        symbol: The exchange's name in capitals, such as `BTCUSDT`.
        feeds: What exists. A feed that is not here is refused, never invented.
        derived: The feeds that were aggregated here from another feed, not recorded as such.
        absent_columns: Candle columns the recording lacks; on the wire they are the string "0".
        start: First millisecond that can be played.
        end: Last minute boundary that can be played, or None when the market never ends.
        price_tick: Price increment as a decimal string.
        quantity_step: Quantity increment as a decimal string.
        description: One sentence for people.
    """

    source: Literal["recorded", "simulated"]
    product: Product
    symbol: str
    feeds: frozenset[Feed]
    derived: frozenset[Feed]
    absent_columns: tuple[str, ...]
    start: int
    end: int | None
    price_tick: str
    quantity_step: str
    description: str


class Event(NamedTuple):
    """One stream message.

    Attributes:
        time: Exchange time at which it leaves, UTC milliseconds.
        channel: Stream name without the symbol, such as `aggTrade` or `depth20@100ms`.
        payload: The message's `data`, ready-made or made on demand.
    """

    time: int
    channel: str
    payload: Payload


class AggregateTrade(NamedTuple):
    """Trades of one taker order at one price, as Binance aggregates them.

    Price and quantity are decimal strings as on the wire; `time` is the trade time T.
    """

    aggregate_id: int
    price: str
    quantity: str
    first_trade_id: int
    last_trade_id: int
    time: int
    is_buyer_maker: bool


class BookView(NamedTuple):
    """The best levels of the book; (price, quantity) as decimal strings, best first."""

    last_update_id: int
    event_time: int
    transaction_time: int
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


class Quote(NamedTuple):
    """Best bid and ask, decimal strings."""

    bid_price: str
    bid_quantity: str
    ask_price: str
    ask_quantity: str
    time: int


class MarkPrice(NamedTuple):
    """Mark price, index and funding; decimal strings, empty where not recorded (as Binance does).

    `funding_rate` is a fraction per funding interval.
    """

    mark_price: str
    index_price: str
    funding_rate: str
    next_funding_time: int
    time: int


class FundingSettlement(NamedTuple):
    """One settled funding rate: UTC milliseconds and a fraction per interval as decimal string."""

    time: int
    rate: str
    mark_price: str


class OpenInterestReading(NamedTuple):
    """Open contracts at a time, one side counted: base units and quote currency as decimal strings.

    `notional` is empty where it was not recorded.
    """

    time: int
    open_interest: str
    notional: str


class MarketSource(Protocol):
    """A market that can be played from a time on and asked about any moment before it."""

    @property
    def info(self) -> SourceInfo:
        """What it is and what it has."""

    @property
    def first_minute(self) -> int:
        """Open time of the oldest one-minute candle that can be asked for."""

    @property
    def funding_interval_hours(self) -> int:
        """Hours between two funding settlements."""

    def events(self, start: int) -> Iterator[Event]:
        """All messages with `start <= time < info.end`, in the order of the exchange's time."""

    def minutes(self, start: int, end: int) -> Candles:
        """Whole one-minute candles with `start <= open_time < end`, oldest first."""

    def forming_minute(self, now: int) -> Candles:
        """The unfinished minute from the trades before `now`: one row, or none without trades."""

    def trades(
        self, *, first_id: int | None, start: int | None, end: int, now: int, limit: int
    ) -> list[AggregateTrade]:
        """Aggregate trades before `now`, oldest first, at most `limit`.

        Args:
            first_id: First aggregate id wanted; then `start` and `end` are ignored.
            start: First trade time, or None for the most recent ones.
            end: Last trade time, inclusive.
            now: The exchange's clock.
            limit: Most rows to return.
        """

    def book(self, levels: int, now: int) -> BookView | None:
        """The book as of `now`, or None while it is not known."""

    def quote(self, now: int) -> Quote | None:
        """Best bid and ask as of `now`, or None while not known."""

    def mark_price(self, now: int) -> MarkPrice | None:
        """Mark price and running funding as of `now`, or None while not known."""

    def funding(self, start: int | None, end: int, limit: int) -> list[FundingSettlement]:
        """Settlements up to and with `end`, oldest first, at most `limit`.

        From `start` on, or the most recent ones when it is None.
        """

    def open_interest(self, now: int) -> OpenInterestReading | None:
        """The newest reading before `now`, or None while not known."""

    def open_interest_history(
        self, start: int | None, end: int, period: int, limit: int
    ) -> list[OpenInterestReading]:
        """Readings on the grid of `period` milliseconds up to and with `end`, oldest first.

        From `start` on, or the most recent ones when it is None; at most `limit`.
        """
