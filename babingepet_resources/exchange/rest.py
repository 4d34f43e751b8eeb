"""The REST side: each route of /fapi/v1, what it weighs and what it answers.

Belongs here: from a query to a body. Does not belong here: HTTP plumbing (server.py), shapes
(wire.py), or faults.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from babingepet_resources.exchange import parameters, wire
from babingepet_resources.exchange.candles import select
from babingepet_resources.exchange.parameters import Refusal, not_recorded, not_yet_known
from babingepet_resources.exchange.source import Feed, MarketSource

Query = Mapping[str, str]

_HOUR_MS = 3_600_000
"""Longest span of one aggTrades request, and the hour of funding intervals, in milliseconds."""

_DEPTH_WEIGHTS = {5: 2, 10: 2, 20: 2, 50: 2, 100: 5, 500: 10, 1000: 20}
"""Allowed numbers of book levels and what they weigh."""

_DEFAULT_FUNDING_HOURS = 8
"""Interval of a symbol that /fundingInfo does not list."""


class Route(NamedTuple):
    """A path's handler and its request weight."""

    answer: Callable[[Query], object]
    weight: Callable[[Query], int]


class RestApi:
    """Answers from a source as of the exchange's clock.

    Args:
        source: The market.
        now: Reads the exchange's clock.
    """

    def __init__(self, source: MarketSource, now: Callable[[], int]) -> None:
        self._source = source
        self._info = source.info
        self._now = now
        self.routes: dict[str, Route] = {
            "/fapi/v1/ping": Route(lambda _: {}, _constant(1)),
            "/fapi/v1/time": Route(lambda _: {"serverTime": now()}, _constant(1)),
            "/fapi/v1/exchangeInfo": Route(self._exchange_info, _constant(1)),
            "/fapi/v1/klines": Route(self._klines, _kline_weight),
            "/fapi/v1/aggTrades": Route(self._trades, _constant(20)),
            "/fapi/v1/depth": Route(self._depth, _depth_weight),
            "/fapi/v1/ticker/bookTicker": Route(self._quote, _by_symbol(2, 5)),
            "/fapi/v1/premiumIndex": Route(self._premium_index, _by_symbol(1, 10)),
            "/fapi/v1/fundingRate": Route(self._funding_rate, _constant(0)),
            "/fapi/v1/fundingInfo": Route(self._funding_info, _constant(0)),
            "/fapi/v1/openInterest": Route(_refuse_open_interest, _constant(1)),
            "/futures/data/openInterestHist": Route(_refuse_open_interest, _constant(0)),
        }

    def _require(self, query: Query, feed: Feed) -> None:
        """Refuse a missing or unknown symbol, then a feed that does not exist."""
        symbol = query.get("symbol")
        if not symbol:
            raise Refusal(
                -1102,
                "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.",
            )
        if symbol != self._info.symbol:
            raise Refusal(-1121, "Invalid symbol.")
        if feed not in self._info.feeds:
            raise not_recorded(feed)

    def _exchange_info(self, _query: Query) -> object:
        info = self._info
        return wire.exchange_info(info.symbol, info.price_tick, info.quantity_step, self._now())

    def _klines(self, query: Query) -> object:
        self._require(query, "candles")
        interval = parameters.interval(query)
        start, end = parameters.time_range(query)
        limit = parameters.limit(query, default=500, most=1500)
        candles = select(
            self._source, interval=interval, start=start, end=end, limit=limit, now=self._now()
        )
        return wire.kline_rows(candles, interval)

    def _trades(self, query: Query) -> object:
        self._require(query, "trades")
        first_id = parameters.integer(query, "fromId")
        start, end = parameters.time_range(query)
        if start is not None and end is not None and end - start > _HOUR_MS:
            raise Refusal(
                -1127,
                "Lookup interval is too big. More than 1 hours between startTime and endTime.",
            )
        now = self._now()
        if start is not None and end is None:
            end = start + _HOUR_MS
        trades = self._source.trades(
            first_id=first_id,
            start=start,
            end=now if end is None else end,
            now=now,
            limit=parameters.limit(query, default=500, most=1000),
        )
        return [wire.trade_row(trade) for trade in trades]

    def _depth(self, query: Query) -> object:
        self._require(query, "depth")
        levels = parameters.integer(query, "limit") or 500
        if levels not in _DEPTH_WEIGHTS:
            raise Refusal(-4021, "Invalid depth limit.")
        book = self._source.book(levels, self._now())
        if book is None:
            raise not_yet_known("the order book")
        return wire.book_answer(book)

    def _quote(self, query: Query) -> object:
        self._require(self._or_only_symbol(query), "quotes")
        quote = self._source.quote(self._now())
        if quote is None:
            raise not_yet_known("the best quote")
        answer = wire.quote_answer(self._info.symbol, quote)
        return answer if "symbol" in query else [answer]

    def _premium_index(self, query: Query) -> object:
        has_mark = "mark_price" in self._info.feeds
        self._require(self._or_only_symbol(query), "mark_price" if has_mark else "funding")
        mark = self._source.mark_price(self._now())
        if mark is None:
            raise not_yet_known("the mark price")
        answer = wire.mark_price_answer(self._info.symbol, mark)
        return answer if "symbol" in query else [answer]

    def _funding_rate(self, query: Query) -> object:
        self._require(self._or_only_symbol(query), "funding")
        start, end = parameters.time_range(query)
        limit = parameters.limit(query, default=100, most=1000)
        now = self._now()
        rows = self._source.funding(start, now if end is None else min(end, now), limit)
        return [wire.funding_row(self._info.symbol, row) for row in rows]

    def _funding_info(self, _query: Query) -> object:
        """List the symbol only when its interval is not the usual one, as Binance does."""
        if "funding" not in self._info.feeds:
            raise not_recorded("funding")
        hours = self._source.funding_interval_hours
        if hours == _DEFAULT_FUNDING_HOURS:
            return []
        return [{"symbol": self._info.symbol, "fundingIntervalHours": hours, "disclaimer": False}]

    def _or_only_symbol(self, query: Query) -> Query:
        return query if "symbol" in query else {**query, "symbol": self._info.symbol}


def _refuse_open_interest(_query: Query) -> object:
    raise not_recorded("open_interest")


def _constant(weight: int) -> Callable[[Query], int]:
    return lambda _: weight


def _by_symbol(one: int, every: int) -> Callable[[Query], int]:
    return lambda query: one if "symbol" in query else every


def _kline_weight(query: Query) -> int:
    """1 to 100 rows weigh 1, to 500 2, to 1000 5, to 1500 10; without a limit 5."""
    limit = query.get("limit", "")
    if not limit.isdecimal():
        return 5
    return next((w for most, w in ((100, 1), (500, 2), (1000, 5)) if int(limit) <= most), 10)


def _depth_weight(query: Query) -> int:
    limit = query.get("limit", "500")
    return _DEPTH_WEIGHTS.get(int(limit), 10) if limit.isdecimal() else 10
