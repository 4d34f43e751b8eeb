"""Query parameters of REST requests, refused in Binance's words.

Belongs here: parsing and the error envelope. Does not belong here: answering.
Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/error-code
"""

import re
from collections.abc import Mapping

from babingepet.errors import InputError
from babingepet_resources.exchange.candles import INTERVALS
from babingepet_resources.exchange.markets import Markets
from babingepet_resources.exchange.source import Feed, MarketSource

Query = Mapping[str, str]

_INTEGER = re.compile("-?[0-9]{1,16}")
"""Milliseconds, ids and limits have at most 16 digits; more would overflow 64 bits."""


PERIODS = ("5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d")
"""Distances at which /futures/data/* states its figures."""


class Refusal(Exception):
    """A request the exchange refuses with its own error envelope.

    Attributes:
        code: Binance's negative error code.
        status: HTTP status.
    """

    def __init__(self, code: int, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def not_recorded(feed: str) -> Refusal:
    """The refusal of a feed this market lacks: -1020, UNSUPPORTED_OPERATION, with the feed named."""
    return Refusal(-1020, f"This operation is not supported: the feed '{feed}' was not recorded.")


def not_yet_known(what: str) -> Refusal:
    """The refusal of something that a recording has not reached yet: trying again later helps."""
    return Refusal(
        -1001,
        f"Internal error; unable to process your request. Please try again: {what} is not known yet.",
        status=503,
    )


def integer(query: Query, name: str) -> int | None:
    """An optional integer.

    Raises:
        Refusal: -1102 when it is not one.
    """
    text = query.get(name)
    if text is None:
        return None
    if not _INTEGER.fullmatch(text):
        raise _malformed(name)
    return int(text)


def limit(query: Query, *, default: int, most: int) -> int:
    """The number of rows.

    Raises:
        Refusal: -1130 outside of 1 to `most`.
    """
    value = integer(query, "limit")
    if value is None:
        return default
    if not 1 <= value <= most:
        raise Refusal(-1130, "Data sent for parameter 'limit' is not valid.")
    return value


def time_range(query: Query) -> tuple[int | None, int | None]:
    """`startTime` and `endTime`, UTC milliseconds, each optional.

    Raises:
        Refusal: -1023 when they are in the wrong order.
    """
    start, end = integer(query, "startTime"), integer(query, "endTime")
    if start is not None and end is not None and start > end:
        raise Refusal(-1023, "Start time is greater than end time.")
    return start, end


def interval(query: Query) -> int:
    """The candle length in milliseconds.

    Raises:
        Refusal: -1102 without one, -1120 for an unknown one.
    """
    name = _mandatory(query, "interval")
    if name not in INTERVALS:
        raise Refusal(-1120, "Invalid interval.")
    return INTERVALS[name]


def period(query: Query) -> int:
    """The distance of statistics in milliseconds.

    Raises:
        Refusal: -1102 without one, -1130 for an unknown one.
    """
    name = _mandatory(query, "period")
    if name not in PERIODS:
        raise Refusal(-1130, "parameter 'period' is invalid.")
    return INTERVALS[name]


def instrument(query: Query, markets: Markets, *feeds: Feed) -> MarketSource:
    """The instrument that is asked about; as the exchange does, small letters are understood.

    Args:
        query: With a `symbol`.
        markets: The exchange's instruments.
        feeds: What it must have one of.

    Raises:
        Refusal: -1102 without a symbol, -1121 for an unknown one, -1020 without such a feed.
    """
    symbol = _mandatory(query, "symbol").upper()
    try:
        source = markets.open(symbol)
    except InputError as error:
        raise Refusal(-1000, f"{symbol} cannot be served: {error}", status=500) from error
    if source is None:
        raise Refusal(-1121, "Invalid symbol.")
    if not source.info.feeds.intersection(feeds):
        raise not_recorded(feeds[0])
    return source


def instruments(query: Query, markets: Markets, *feeds: Feed) -> list[MarketSource]:
    """The instrument that is asked about, or without a symbol all that have such a feed.

    Raises:
        Refusal: As for one; -1020 when no instrument has such a feed.
    """
    if "symbol" in query:
        return [instrument(query, markets, *feeds)]
    found = [source for source in markets.usable() if source.info.feeds.intersection(feeds)]
    if not found:
        raise not_recorded(feeds[0])
    return found


def _mandatory(query: Query, name: str) -> str:
    text = query.get(name)
    if not text:
        raise _malformed(name)
    return text


def _malformed(name: str) -> Refusal:
    return Refusal(
        -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    )
