"""What a market offers, and the streams that carry it.

Belongs here: which stream belongs to which feed and socket, the real exchange's offer, and the
reading of a loopback exchange's own word about what it plays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from babingepet.errors import ExchangeUnavailable
from babingepet.market.frames import Candles
from babingepet_resources.clients.feed import ALL_FEEDS, FeedInfo, FeedName, Product, Source

PUBLIC_STREAMS: Mapping[FeedName, str] = {"quotes": "bookTicker", "depth": "depth20@100ms"}
MARKET_STREAMS: Mapping[FeedName, str] = {
    "trades": "aggTrade",
    "candles": "kline_1m",
    "mark_price": "markPrice@1s",
}
"""Streams by feed. The exchange serves the two groups at different addresses since 2026-04-23."""

CLOCK_STREAM = "!clock"
"""The loopback exchange's own stream: a marker at each minute boundary, after all before it."""

_SOURCES: Mapping[str, Source] = {"recorded": "recorded", "simulated": "simulated"}
_PRODUCTS: Mapping[str, Product] = {"usdm_perp": "usdm_perp", "spot": "spot"}


@dataclass(frozen=True)
class Market:
    """A market as the client sees it.

    Attributes:
        info: For the rest of the product.
        absent: Positions of candle columns that the source never recorded (zeros on the wire).
        has_markers: Whether minute boundaries are announced.
        began_at: The clock of a lock-stepped market, which stands until sockets listen.
    """

    info: FeedInfo
    absent: frozenset[int]
    has_markers: bool
    began_at: int | None

    def streams(self, names: Mapping[FeedName, str]) -> list[str]:
        """Full stream names of one group; none when the market offers nothing of it."""
        symbol = self.info.symbol.lower()
        streams = [f"{symbol}@{name}" for feed, name in names.items() if feed in self.info.feeds]
        return [*streams, CLOCK_STREAM] if streams and self.has_markers else streams


def real_market(symbol: str) -> Market:
    """The real exchange: everything, first hand."""
    info = FeedInfo(
        source="binance",
        product="usdm_perp",
        symbol=symbol,
        feeds=ALL_FEEDS,
        derived=frozenset(),
        description=f"Binance USD-M futures, {symbol}, live",
        lockstep=False,
    )
    return Market(info, absent=frozenset(), has_markers=False, began_at=None)


def loopback_market(symbol: str, status: Mapping[str, Any]) -> Market:
    """What a loopback exchange says about itself.

    Funding counts as offered, and derived, where only mark prices are: they announce it.

    Raises:
        ExchangeUnavailable: The status is not one.
    """
    try:
        feeds: set[FeedName] = {feed for feed in ALL_FEEDS if feed in status["feeds"]}
        derived: set[FeedName] = {feed for feed in ALL_FEEDS if feed in status["derived"]}
        if "mark_price" in feeds and "funding" not in feeds:
            feeds.add("funding")
            derived.add("funding")
        info = FeedInfo(
            source=_SOURCES[status["source"]],
            product=_PRODUCTS[status["product"]],
            symbol=symbol,
            feeds=frozenset(feeds),
            derived=frozenset(derived),
            description=str(status.get("description") or f"{status['source']} market, {symbol}"),
            lockstep=bool(status["lockstep"]),
        )
        began_at = int(status["now"]) if info.lockstep else None
        absent = _absent(status.get("absent_columns", ()), feeds)
    except (KeyError, TypeError, ValueError) as error:
        raise ExchangeUnavailable(f"The loopback exchange describes itself as {status}.") from error
    return Market(info, absent, has_markers=True, began_at=began_at)


def _absent(names: Any, feeds: set[FeedName]) -> frozenset[int]:  # noqa: ANN401 - parsed JSON
    columns = Candles.column_names()
    absent = {columns.index(name) for name in names if name in columns}
    if "taker_volume" not in feeds:
        absent.add(columns.index("taker_buy_base_volume"))
    return frozenset(absent)
