"""Answers about the past: candles, trades, settlements and open interest, page by page.

Belongs here: from a query to rows, none of them later than the exchange's clock. Does not belong
here: the present (rest_present.py), weights (rest.py), shapes (wire.py).
"""

from collections.abc import Callable

from babingepet_resources.exchange import parameters, wire
from babingepet_resources.exchange.candles import select
from babingepet_resources.exchange.markets import Markets
from babingepet_resources.exchange.parameters import Query, Refusal, instrument, instruments
from babingepet_resources.exchange.source import AggregateTrade

_HOUR_MS = 3_600_000
"""Longest span of one aggTrades request."""

_DAY_MS = 24 * _HOUR_MS

_TRADES_KEPT_MS = 2 * _DAY_MS
"""Age of trades that /aggTrades still gives; refused with -4166 beyond (seen on 2026-10-07)."""

_STATISTICS_KEPT_MS = 30 * _DAY_MS
"""Age of the figures that /futures/data/* still gives."""


class PastAnswers:
    """Answers as of the exchange's clock.

    Args:
        markets: The instruments.
        now: Reads the clock.
    """

    def __init__(self, markets: Markets, now: Callable[[], int]) -> None:
        self._markets = markets
        self._now = now

    def klines(self, query: Query) -> object:
        """Candles, the forming one included."""
        source = instrument(query, self._markets, "candles")
        interval = parameters.interval(query)
        start, end = parameters.time_range(query)
        limit = parameters.limit(query, default=500, most=1500)
        candles = select(
            source, interval=interval, start=start, end=end, limit=limit, now=self._now()
        )
        return wire.kline_rows(candles, interval)

    def trades(self, query: Query) -> object:
        """Aggregate trades by id, by time, or the newest ones."""
        source = instrument(query, self._markets, "trades")
        first_id = parameters.integer(query, "fromId")
        start, end = _hour(query)
        now = self._now()
        oldest = now - _TRADES_KEPT_MS
        if first_id is None and any(t is not None and t < oldest for t in (start, end)):
            raise _too_old()
        trades = source.trades(
            first_id=first_id,
            start=start,
            end=now if end is None else end,
            now=now,
            limit=parameters.limit(query, default=500, most=1000),
        )
        return [wire.trade_row(trade) for trade in _young_enough(trades, oldest)]

    def funding_rate(self, query: Query) -> object:
        """Settlements of one instrument, or of all in the order of time."""
        start, end = parameters.time_range(query)
        limit = parameters.limit(query, default=100, most=1000)
        now = self._now()
        last = now if end is None else min(end, now)
        sources = instruments(query, self._markets, "funding")
        share = _share(limit, [source.funding_interval_hours for source in sources])
        rows = [
            wire.funding_row(source.info.symbol, settlement)
            for source in sources
            for settlement in source.funding(start, last, share)
        ]
        rows.sort(key=lambda row: row["fundingTime"])
        return rows[-limit:] if start is None else rows[:limit]

    def open_interest(self, query: Query) -> object:
        """Open interest on the grid of a period, of the last 30 days."""
        source = instrument(query, self._markets, "open_interest")
        period = parameters.period(query)
        start, end = parameters.time_range(query)
        limit = parameters.limit(query, default=30, most=500)
        now = self._now()
        oldest = now - _STATISTICS_KEPT_MS
        if start is not None and start < oldest:
            raise Refusal(-1130, "parameter 'startTime' is invalid.")
        last = now - 1 if end is None else min(end, now - 1)
        readings = source.open_interest_history(start, last, period, limit)
        return [
            wire.open_interest_row(source.info.symbol, reading)
            for reading in readings
            if reading.time >= oldest
        ]


def _hour(query: Query) -> tuple[int | None, int | None]:
    """The span of trades; one that has only a beginning is an hour long."""
    start, end = parameters.time_range(query)
    if start is not None and end is None:
        end = start + _HOUR_MS
    if start is not None and end is not None and end - start > _HOUR_MS:
        raise Refusal(
            -1127, "Lookup interval is too big. More than 1 hours between startTime and endTime."
        )
    return start, end


def _share(limit: int, hours: list[int]) -> int:
    """Most rows that one of several instruments can have among the first or last `limit` of all.

    The one that settles most often; one more for settlements that do not fall together.
    """
    if len(hours) == 1:
        return limit
    return min(limit, -(-limit * max(hours) // (min(hours) * len(hours))) + 1)


def _young_enough(trades: list[AggregateTrade], oldest: int) -> list[AggregateTrade]:
    if trades and trades[0].time < oldest:
        raise _too_old()
    return trades


def _too_old() -> Refusal:
    return Refusal(-4166, "Search window is restricted to recent 2 days only.")
