"""Query parameters of REST requests, refused in Binance's words.

Belongs here: parsing and the error envelope. Does not belong here: answering.
Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/error-code
"""

import re
from collections.abc import Mapping

from babingepet_resources.exchange.candles import INTERVALS

_INTEGER = re.compile("-?[0-9]{1,16}")
"""Milliseconds, ids and limits have at most 16 digits; more would overflow 64 bits."""


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


def integer(query: Mapping[str, str], name: str) -> int | None:
    """An optional integer.

    Raises:
        Refusal: -1102 when it is not one.
    """
    text = query.get(name)
    if text is None:
        return None
    if not _INTEGER.fullmatch(text):
        raise Refusal(
            -1102,
            f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.",
        )
    return int(text)


def limit(query: Mapping[str, str], *, default: int, most: int) -> int:
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


def time_range(query: Mapping[str, str]) -> tuple[int | None, int | None]:
    """`startTime` and `endTime`, UTC milliseconds, each optional.

    Raises:
        Refusal: -1023 when they are in the wrong order.
    """
    start, end = integer(query, "startTime"), integer(query, "endTime")
    if start is not None and end is not None and start > end:
        raise Refusal(-1023, "Start time is greater than end time.")
    return start, end


def interval(query: Mapping[str, str]) -> int:
    """The candle length in milliseconds.

    Raises:
        Refusal: -1102 without one, -1120 for an unknown one.
    """
    name = query.get("interval")
    if not name:
        raise Refusal(
            -1102,
            "Mandatory parameter 'interval' was not sent, was empty/null, or malformed.",
        )
    if name not in INTERVALS:
        raise Refusal(-1120, "Invalid interval.")
    return INTERVALS[name]
