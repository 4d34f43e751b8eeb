"""Answers about the present: instruments, book, quotes, mark prices, open interest, the last day.

Belongs here: from a query to a body, as of the exchange's clock. Does not belong here: rows of the
past (rest_past.py), weights (rest.py), shapes (wire.py).
"""

from collections.abc import Callable, Iterable

from babingepet_resources.exchange import parameters, wire
from babingepet_resources.exchange.candles import MINUTE_MS, select
from babingepet_resources.exchange.listing import exchange_info
from babingepet_resources.exchange.markets import Markets
from babingepet_resources.exchange.parameters import (
    Query,
    Refusal,
    instrument,
    instruments,
    not_recorded,
    not_yet_known,
)
from babingepet_resources.exchange.source import MarketSource

DEPTH_LEVELS = (5, 10, 20, 50, 100, 500, 1000)
"""Numbers of book levels that may be asked for."""

_DEFAULT_LEVELS = 500

_DEFAULT_FUNDING_HOURS = 8
"""Interval of a symbol that /fundingInfo does not list."""

_DAY_MINUTES = 1_440


class PresentAnswers:
    """Answers as of the exchange's clock.

    Args:
        markets: The instruments.
        now: Reads the clock.
    """

    def __init__(self, markets: Markets, now: Callable[[], int]) -> None:
        self._markets = markets
        self._now = now

    def exchange_info(self, _query: Query) -> object:
        """Every instrument with its filters."""
        return exchange_info((source.info for source in self._markets.usable()), self._now())

    def depth(self, query: Query) -> object:
        """The book; its `lastUpdateId` is that of the last difference before now."""
        source = instrument(query, self._markets, "depth")
        levels = parameters.integer(query, "limit")
        if levels is None:
            levels = _DEFAULT_LEVELS
        if levels not in DEPTH_LEVELS:
            raise Refusal(-4021, f"{levels} is not valid depth limit")
        book = source.book(levels, self._now())
        if book is None:
            raise not_yet_known("the order book")
        return wire.book_answer(book)

    def quotes(self, query: Query) -> object:
        """Best bid and ask of one instrument or of all."""
        found = instruments(query, self._markets, "quotes")
        return _one_or_all(query, "the best quote", map(self._quote, found))

    def premium_index(self, query: Query) -> object:
        """Mark price and running funding rate of one instrument or of all."""
        found = instruments(query, self._markets, "mark_price", "funding")
        return _one_or_all(query, "the mark price", map(self._mark_price, found))

    def ticker(self, query: Query) -> object:
        """The last 24 hours of one instrument or of all."""
        found = instruments(query, self._markets, "candles")
        return _one_or_all(query, "the last day", map(self._last_day, found))

    def open_interest(self, query: Query) -> object:
        """The newest open interest of an instrument."""
        source = instrument(query, self._markets, "open_interest")
        reading = source.open_interest(self._now())
        if reading is None:
            raise not_yet_known("the open interest")
        return wire.open_interest_answer(source.info.symbol, reading)

    def funding_info(self, _query: Query) -> object:
        """Only instruments whose interval is not the usual one, as the exchange does."""
        with_funding = [s for s in self._markets.usable() if "funding" in s.info.feeds]
        if not with_funding:
            raise not_recorded("funding")
        return [
            {
                "symbol": source.info.symbol,
                "fundingIntervalHours": source.funding_interval_hours,
                "disclaimer": False,
            }
            for source in with_funding
            if source.funding_interval_hours != _DEFAULT_FUNDING_HOURS
        ]

    def _quote(self, source: MarketSource) -> wire.Json | None:
        quote = source.quote(self._now())
        return None if quote is None else wire.quote_answer(source.info.symbol, quote)

    def _mark_price(self, source: MarketSource) -> wire.Json | None:
        mark = source.mark_price(self._now())
        return None if mark is None else wire.mark_price_answer(source.info.symbol, mark)

    def _last_day(self, source: MarketSource) -> wire.Json | None:
        """The exchange's window begins a day before the present minute and ends now."""
        now = self._now()
        start = now // MINUTE_MS * MINUTE_MS - _DAY_MINUTES * MINUTE_MS
        limit = _DAY_MINUTES + 1
        minutes = select(source, interval=MINUTE_MS, start=start, end=None, limit=limit, now=now)
        return wire.ticker_answer(source.info.symbol, minutes, now) if len(minutes) else None


def _one_or_all(query: Query, what: str, answers: Iterable[wire.Json | None]) -> object:
    """The one answer, or a list of those that are known."""
    known = [answer for answer in answers if answer is not None]
    if not known:
        raise not_yet_known(what)
    return known[0] if "symbol" in query else known
