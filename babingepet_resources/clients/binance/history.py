"""Past rows by REST: candles, aggregate trades, funding, open interest, page after page.

Belongs here: how each endpoint is paged and what a page costs. Which rows are wanted belongs to
the caller; rows that are unusable are refused here and counted.

Weights: https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, TypeVar

from babingepet.errors import ExchangeUnavailable, InputError
from babingepet.market.instruments import ExchangeFilters
from babingepet.market.intervals import DAY, INTERVALS, MINUTE
from babingepet_resources.clients.binance import payloads
from babingepet_resources.clients.binance.payloads import CandleRow, OpenInterestRow, TradeRow
from babingepet_resources.clients.binance.rest import BinanceRest

KLINE_PAGE = 1_500
"""Most candles in one answer."""

KLINE_WEIGHTS = ((100, 1), (500, 2), (1_000, 5), (KLINE_PAGE, 10))
"""Rows asked for, up to, and what that costs."""

TRADE_PAGE = 1_000
TRADE_WEIGHT = 20
FUNDING_PAGE = 1_000
OPEN_INTEREST_PAGE = 500
OPEN_INTEREST_GRID = "5m"
"""The finest grid on which past open interest is told."""

OPEN_INTEREST_DAYS = 30
"""How far back open interest is told; an earlier start is refused."""

DEFAULT_INTERVAL_HOURS = 8
"""Funding interval of a symbol that ``/fapi/v1/fundingInfo`` does not list as adjusted."""

Row = TypeVar("Row")


class BinanceHistory:
    """What one symbol's past was, as far as the exchange still tells."""

    def __init__(
        self, rest: BinanceRest, symbol: str, absent: frozenset[int], counts: Counter[str]
    ) -> None:
        self._rest = rest
        self._symbol = symbol
        self._absent = absent
        self._counts = counts
        self._interval_hours: float | None = None

    async def require_symbol(self) -> None:
        """Ask for one candle.

        Raises:
            InputError: The exchange does not list the symbol.
        """
        await self._rest.rows(
            "futures_klines", {"symbol": self._symbol, "interval": "1m", "limit": 1}, weight=1
        )
        self._rest.note_listed(self._symbol)

    async def filters(self) -> ExchangeFilters:
        """The limits that an order must keep, as the exchange states them now.

        Raises:
            ExchangeUnavailable: It states none for the symbol.
        """
        answer = await self._rest.call("futures_exchange_info", {}, weight=1)
        try:
            return payloads.filters(answer, self._symbol)
        except payloads.BAD_ROW as error:
            raise ExchangeUnavailable(
                f"The exchange states no limits of an order of {self._symbol}: {error}."
            ) from error

    async def candles(
        self, interval: str, start: int, end: int, *, patient: bool
    ) -> list[CandleRow]:
        """Candles with ``start <= open_time < end``, ascending, each once.

        Raises:
            InputError: The interval is not one of the exchange's.
        """
        if interval not in INTERVALS:
            raise InputError(f"interval {interval!r} is not one of {', '.join(INTERVALS)}.")
        step = INTERVALS[interval]
        found: dict[int, CandleRow] = {}
        async for page in self._kline_pages(interval, start, end, patient=patient):
            for row in self._parsed(page, lambda row: payloads.candle(row, step)):
                if start <= row[0] < end:
                    found[row[0]] = payloads.without(row, self._absent)
        return [found[time] for time in sorted(found)]

    async def _kline_pages(
        self, interval: str, start: int, end: int, *, patient: bool
    ) -> AsyncIterator[list[Any]]:
        step = INTERVALS[interval]
        while start < end:
            limit = min(KLINE_PAGE, -(-(end - start) // step))
            page = await self._rest.rows(
                "futures_klines",
                {
                    "symbol": self._symbol,
                    "interval": interval,
                    "startTime": start,
                    "endTime": end - 1,
                    "limit": limit,
                },
                weight=next(weight for most, weight in KLINE_WEIGHTS if limit <= most),
                patient=patient,
            )
            if not page:
                return
            yield page
            start = _advanced(start, _last(page, 0) + step)

    async def trades_from(self, first_id: int | None, limit: int = TRADE_PAGE) -> list[TradeRow]:
        """One page of aggregate trades from an id on, or the newest ones; ascending."""
        params: dict[str, object] = {"symbol": self._symbol, "limit": limit}
        if first_id is not None:
            params["fromId"] = first_id
        page = await self._rest.rows("futures_aggregate_trades", params, weight=TRADE_WEIGHT)
        return sorted(self._parsed(page, payloads.trade))

    async def funding(self, start: int, end: int, *, patient: bool) -> list[tuple[int, float]]:
        """Settlements with ``start <= funding_time < end``: time and rate, ascending, each once."""
        found: dict[int, float] = {}
        while start < end:
            page = await self._rest.rows(
                "futures_funding_rate",
                {
                    "symbol": self._symbol,
                    "startTime": start,
                    "endTime": end - 1,
                    "limit": FUNDING_PAGE,
                },
                weight=0,
                patient=patient,
            )
            found.update(self._parsed(page, payloads.funding))
            if len(page) < FUNDING_PAGE:
                break
            start = _advanced(start, _last(page, "fundingTime") + 1)
        return sorted((time, rate) for time, rate in found.items() if time < end)

    async def past_open_interest(
        self, start: int, end: int, *, now: int, patient: bool
    ) -> list[OpenInterestRow]:
        """Readings on a grid of five minutes with ``start <= event_time < end``, ascending.

        A page asks for a stretch that it can hold: of a longer one the exchange gives the end.

        Args:
            start: First time; what is older than the exchange tells is left out.
            end: First time no longer wanted.
            now: The exchange's clock.
            patient: See ``BinanceRest.call``.
        """
        step = OPEN_INTEREST_PAGE * INTERVALS[OPEN_INTEREST_GRID]
        found: dict[int, OpenInterestRow] = {}
        oldest = now - OPEN_INTEREST_DAYS * DAY + MINUTE  # the exchange reads its own clock later
        for first in range(max(start, oldest), end, step):
            last = min(first + step, end) - 1
            page = await self._rest.rows(
                "futures_open_interest_hist",
                {
                    "symbol": self._symbol,
                    "period": OPEN_INTEREST_GRID,
                    "startTime": first,
                    "endTime": last,
                    "limit": OPEN_INTEREST_PAGE,
                },
                weight=0,
                patient=patient,
            )
            rows = self._parsed(page, payloads.past_open_interest)
            found |= {row[0]: row for row in rows if first <= row[0] <= last}
        return [found[time] for time in sorted(found)]

    async def open_interest(self) -> OpenInterestRow | None:
        """The present reading; None when the answer is unusable."""
        answer = await self._rest.call("futures_open_interest", {"symbol": self._symbol}, weight=1)
        parsed = self._parsed([answer], payloads.open_interest)
        return parsed[0] if parsed else None

    async def mark_price(self) -> tuple[int, float] | None:
        """The present mark price and its time; None when the answer is unusable."""
        answer = await self._rest.call("futures_mark_price", {"symbol": self._symbol}, weight=1)
        parsed = self._parsed([answer], payloads.premium_index)
        return parsed[0] if parsed else None

    async def interval_hours(self) -> float:
        """Hours between two settlements of the symbol; asked once."""
        if self._interval_hours is None:
            listed = await self._rest.rows("futures_v1_get_funding_info", {}, weight=0)
            hours = [
                hours
                for symbol, hours in self._parsed(listed, payloads.funding_interval)
                if symbol == self._symbol
            ]
            self._interval_hours = hours[0] if hours else DEFAULT_INTERVAL_HOURS
        return self._interval_hours

    def _parsed(self, page: Iterable[Any], parse: Callable[[Any], Row]) -> list[Row]:
        rows = []
        for payload in page:
            try:
                rows.append(parse(payload))
            except payloads.BAD_ROW:
                self._counts["rejected"] += 1
        return rows


def _last(page: list[Any], key: int | str) -> int:
    try:
        return int(page[-1][key])
    except payloads.BAD_ROW as error:
        raise ExchangeUnavailable(f"Binance ended a page with {page[-1]!r}.") from error


def _advanced(start: int, following: int) -> int:
    """Where the next page starts; an exchange that repeats a page would be asked for ever."""
    if following <= start:
        raise ExchangeUnavailable(f"Binance answered with rows before the {start} asked for.")
    return following
