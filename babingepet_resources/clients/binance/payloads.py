"""Binance's payloads, one function each: vendor names in, a row in our frame's order out.

Belongs here: field names, units and what makes a row unusable. Whoever calls decides what happens
to a refused row; nothing here talks to the exchange.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures (market data REST
endpoints and websocket market streams).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, nan
from typing import Any, NamedTuple

from babingepet.market.frames import BookLevels
from babingepet.market.instruments import ExchangeFilters
from babingepet.market.intervals import MINUTE

BAD_ROW = (ValueError, TypeError, KeyError, IndexError, OverflowError)
"""What the functions below raise for a payload that must not be passed on."""

CandleRow = tuple[int, float, float, float, float, float, float, float, float]
TradeRow = tuple[int, int, float, float, bool]
QuoteRow = tuple[int, int, float, float, float, float]
OpenInterestRow = tuple[int, float, float]

_TAKER_ROUNDING = 1e-9
"""Relative slack when a taker volume is compared with the whole volume; both are decimals."""


def candle(row: Sequence[Any], interval: int) -> CandleRow:
    """Row of ``/fapi/v1/klines``: a list of open time, o, h, l, c, volume, close time, ...

    Args:
        row: The vendor's list of twelve.
        interval: Length of the candle, milliseconds.

    Raises:
        ValueError: A price is not positive and finite, high and low contradict each other, a
            volume is negative, or the times do not fit the interval's grid.
    """
    open_time = int(row[0])
    if open_time % interval or int(row[6]) != open_time + interval - 1:
        raise ValueError(f"candle {row[0]}..{row[6]} is not on the grid of {interval} ms")
    open_, high, low, close = (
        _positive(row[1]),
        _positive(row[2]),
        _positive(row[3]),
        _positive(row[4]),
    )
    if high < max(open_, close) or low > min(open_, close):
        raise ValueError(f"candle {open_time}: open or close outside of high {high} and low {low}")
    base, quote, trades = _amount(row[5]), _amount(row[7]), _amount(row[8])
    taker = _amount(row[9])
    if taker > base * (1 + _TAKER_ROUNDING):
        raise ValueError(f"candle {open_time}: taker volume {taker} exceeds volume {base}")
    return open_time, open_, high, low, close, base, quote, trades, taker


def closed_candle(data: Mapping[str, Any]) -> CandleRow | None:
    """Candle of a ``<symbol>@kline_1m`` message; None while it is still forming (``x`` false)."""
    k = data["k"]
    if k["x"] is not True:
        return None
    if k["i"] != "1m":
        raise ValueError(f"a candle of {k['i']} on the one-minute stream")
    row = (k["t"], k["o"], k["h"], k["l"], k["c"], k["v"], k["T"], k["q"], k["n"], k["V"])
    return candle(row, MINUTE)


def without(row: CandleRow, absent: frozenset[int]) -> CandleRow:
    """The candle with NaN in the positions that its source never recorded (zero on the wire)."""
    if not absent:
        return row
    return tuple(nan if place in absent else value for place, value in enumerate(row))  # type: ignore[return-value]


def trade(data: Mapping[str, Any]) -> TradeRow:
    """An aggregate trade, ``<symbol>@aggTrade`` or a row of ``/fapi/v1/aggTrades``.

    ``a`` id, ``T`` trade time, ``p`` price, ``q`` quantity, ``m`` buyer is the maker.
    """
    if not isinstance(data["m"], bool):
        raise TypeError("m is not a boolean")
    return int(data["a"]), int(data["T"]), _positive(data["p"]), _positive(data["q"]), data["m"]


def quote(data: Mapping[str, Any]) -> QuoteRow:
    """A ``<symbol>@bookTicker`` message: ``u`` update id, ``E`` event time, ``b B a A`` best quotes.

    An empty side comes as price zero and is refused: there is no best quote to speak of.
    """
    return (
        int(data["u"]),
        int(data["E"]),
        _positive(data["b"]),
        _amount(data["B"]),
        _positive(data["a"]),
        _amount(data["A"]),
    )


class MarkPrice(NamedTuple):
    """A ``<symbol>@markPrice@1s`` message.

    Attributes:
        event_time: ``E``.
        mark_price: ``p``.
        funding_rate: ``r``, what the next settlement would be now, a fraction per interval.
        next_funding_time: ``T``; zero for instruments without funding.
    """

    event_time: int
    mark_price: float
    funding_rate: float | None
    next_funding_time: int


def mark_price(data: Mapping[str, Any]) -> MarkPrice:
    """Parse a mark price message; an empty ``r`` means that the rate is not known."""
    rate = None if data["r"] == "" else _finite(data["r"])
    return MarkPrice(int(data["E"]), _positive(data["p"]), rate, int(data["T"]))


def premium_index(data: Mapping[str, Any]) -> tuple[int, float]:
    """Answer of ``/fapi/v1/premiumIndex``: time and mark price."""
    return int(data["time"]), _positive(data["markPrice"])


def funding(data: Mapping[str, Any]) -> tuple[int, float]:
    """Row of ``/fapi/v1/fundingRate``: time floored to the minute (it trails by some ms), rate."""
    time = int(data["fundingTime"])
    return time - time % MINUTE, _finite(data["fundingRate"])


def funding_interval(data: Mapping[str, Any]) -> tuple[str, float]:
    """Row of ``/fapi/v1/fundingInfo``: symbol, hours between two settlements."""
    return str(data["symbol"]), _positive(data["fundingIntervalHours"])


def open_interest(data: Mapping[str, Any]) -> OpenInterestRow:
    """Answer of ``/fapi/v1/openInterest``: time, base units; what it is worth is not told."""
    return int(data["time"]), _amount(data["openInterest"]), nan


def past_open_interest(data: Mapping[str, Any]) -> OpenInterestRow:
    """Row of ``/futures/data/openInterestHist``: time, base units, quote currency."""
    return (
        int(data["timestamp"]),
        _amount(data["sumOpenInterest"]),
        _amount(data["sumOpenInterestValue"]),
    )


def book(data: Mapping[str, Any]) -> BookLevels:
    """A ``<symbol>@depth20@100ms`` message: ``b`` and ``a`` are [price, quantity], best first."""
    bids = [(_positive(price), _amount(size)) for price, size in data["b"]]
    asks = [(_positive(price), _amount(size)) for price, size in data["a"]]
    if bids != sorted(bids, reverse=True) or asks != sorted(asks):
        raise ValueError("book levels are not in order")
    depth = max(len(bids), len(asks))
    missing = (nan, nan)
    rows = [
        (
            level,
            *(bids[level] if level < len(bids) else missing),
            *(asks[level] if level < len(asks) else missing),
        )
        for level in range(depth)
    ]
    return BookLevels.from_rows(rows)


def filters(data: Mapping[str, Any], symbol: str) -> ExchangeFilters:
    """The symbol's limits in ``/fapi/v1/exchangeInfo``; of two lot filters the stricter counts.

    Raises:
        KeyError: The symbol or one of its filters is not listed.
        ValueError: A limit is not a positive number.
    """
    listings = {listing["symbol"]: listing for listing in data["symbols"]}
    stated = {one["filterType"]: one for one in listings[symbol]["filters"]}
    lots = [stated[name] for name in ("LOT_SIZE", "MARKET_LOT_SIZE") if name in stated]
    return ExchangeFilters(
        price_tick=_positive(stated["PRICE_FILTER"]["tickSize"]),
        quantity_step=max(_positive(lot["stepSize"]) for lot in lots),
        min_quantity=max(_positive(lot["minQty"]) for lot in lots),
        min_notional=_positive(stated["MIN_NOTIONAL"]["notional"]),
    )


def _positive(value: Any) -> float:  # noqa: ANN401 - whatever the exchange sent
    number = float(value)
    if not 0 < number < inf:
        raise ValueError(f"{value!r} is not a positive number")
    return number


def _amount(value: Any) -> float:  # noqa: ANN401 - whatever the exchange sent
    number = float(value)
    if not 0 <= number < inf:
        raise ValueError(f"{value!r} is not a number of zero or more")
    return number


def _finite(value: Any) -> float:  # noqa: ANN401 - whatever the exchange sent
    number = float(value)
    if not -inf < number < inf:
        raise ValueError(f"{value!r} is not a finite number")
    return number
