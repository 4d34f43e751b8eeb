"""The REST side: each route of the exchange, what it weighs and who answers it.

Belongs here: the table of routes and request weights. Does not belong here: the answers
(rest_present.py, rest_past.py), HTTP plumbing (server.py), shapes (wire.py), or faults.
Source of the weights: https://developers.binance.com/docs/derivatives/usds-margined-futures, and
for klines and depth what the exchange counted on 2026-10-07.
"""

from collections.abc import Callable
from typing import NamedTuple

from babingepet_resources.exchange.markets import Markets
from babingepet_resources.exchange.parameters import Query
from babingepet_resources.exchange.rest_past import PastAnswers
from babingepet_resources.exchange.rest_present import DEPTH_LEVELS, PresentAnswers

_DEPTH_WEIGHTS = dict(zip(DEPTH_LEVELS, (2, 2, 2, 2, 5, 10, 20), strict=True))
"""What numbers of book levels weigh; 1 when none, or a wrong one, is asked for."""


class Route(NamedTuple):
    """A path's handler and its request weight."""

    answer: Callable[[Query], object]
    weight: Callable[[Query], int]


def routes(markets: Markets, now: Callable[[], int]) -> dict[str, Route]:
    """Every route by path.

    Args:
        markets: The exchange's instruments.
        now: Reads the exchange's clock.
    """
    present, past = PresentAnswers(markets, now), PastAnswers(markets, now)
    return {
        "/fapi/v1/ping": Route(lambda _: {}, _constant(1)),
        "/fapi/v1/time": Route(lambda _: {"serverTime": now()}, _constant(1)),
        "/fapi/v1/exchangeInfo": Route(present.exchange_info, _constant(1)),
        "/fapi/v1/klines": Route(past.klines, _kline_weight),
        "/fapi/v1/aggTrades": Route(past.trades, _constant(20)),
        "/fapi/v1/depth": Route(present.depth, _depth_weight),
        "/fapi/v1/ticker/24hr": Route(present.ticker, _by_symbol(1, 40)),
        "/fapi/v1/ticker/bookTicker": Route(present.quotes, _by_symbol(2, 5)),
        "/fapi/v1/premiumIndex": Route(present.premium_index, _by_symbol(1, 10)),
        "/fapi/v1/fundingRate": Route(past.funding_rate, _constant(0)),
        "/fapi/v1/fundingInfo": Route(present.funding_info, _constant(0)),
        "/fapi/v1/openInterest": Route(present.open_interest, _constant(1)),
        "/futures/data/openInterestHist": Route(past.open_interest, _constant(0)),
    }


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
    limit = query.get("limit", "")
    return _DEPTH_WEIGHTS.get(int(limit), 1) if limit.isdecimal() else 1
