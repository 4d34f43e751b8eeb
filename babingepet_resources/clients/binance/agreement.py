"""Whether the sockets and REST tell the same of the same minutes.

Belongs here: what is compared, and when. What becomes of a difference belongs to the caller; what
was heard is never overwritten.

A closed candle is compared as it is; the trades of a minute by their sums, with REST's candle of
the minute: that costs a weight of 1, where fetching the trades again would cost 20 a page.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from math import isclose, isnan

import numpy as np

from babingepet.errors import ExchangeUnavailable, InputError
from babingepet.market.frames import Candles, Trades
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.binance.history import BinanceHistory
from babingepet_resources.clients.binance.options import FeedOptions
from babingepet_resources.clients.binance.payloads import CandleRow
from babingepet_resources.clients.binance.plausible import PriceBand
from babingepet_resources.clients.feed import Agreement, Disagreement

MOST = 100
"""Minutes compared at once: so many candles weigh 1, one more weighs 2."""

ROUNDING = 1e-9
"""Relative difference that adding up a minute's quantities in another order can make."""

Sums = tuple[float, float]
"""Base volume of a minute's trades, and that which takers bought."""


class AgreementCheck:
    """Remembers what was heard until REST was asked about it."""

    def __init__(
        self,
        history: BinanceHistory,
        band: PriceBand,
        options: FeedOptions,
        counts: Counter[str],
    ) -> None:
        self._history = history
        self._band = band
        self._options = options
        self._counts = counts
        self._candles: dict[int, CandleRow] = {}
        self._trades: dict[int, Sums] = {}

    def heard_candles(self, rows: Mapping[int, CandleRow]) -> None:
        """Remember closed candles that came through the socket."""
        self._candles |= rows
        self._forget(self._candles)

    def heard_trades(self, open_time: int, trades: Trades) -> None:
        """Remember a minute whose trades all came through the socket, and late ones before it."""
        times = trades.event_time
        early = (times < open_time) & (times >= open_time - MINUTE)
        if open_time - MINUTE in self._trades and early.any():
            base, bought = self._trades[open_time - MINUTE]
            more = _sums(trades.where(early))
            self._trades[open_time - MINUTE] = (base + more[0], bought + more[1])
        self._trades[open_time] = _sums(trades.between(open_time, open_time + MINUTE))
        self._forget(self._trades)

    async def compare(self, as_of: int) -> Agreement | None:
        """Ask REST about the minutes heard; None when it is not time, or REST does not tell.

        The newest minute waits for the next time: its last trades may still be on their way.
        """
        if as_of % (self._options.agree_every * MINUTE):
            return None
        heard = sorted(self._candles.keys() | self._trades.keys())
        heard = [time for time in heard if time < as_of - MINUTE]
        if not heard:
            return None
        start, end = heard[0], min(heard[-1] + MINUTE, heard[0] + MOST * MINUTE)
        try:
            async with asyncio.timeout(self._options.agree_s):
                rows = await self._history.candles("1m", start, end, patient=False)
        except (ExchangeUnavailable, InputError, TimeoutError):
            return None
        plausible = [row for row in rows if self._band.holds(row)]
        compared = tuple(one for row in plausible for one in self._numbers(row))
        differing = tuple(one for one in compared if not _agree(one))
        self._counts["disagreements"] += len(differing)
        for time in range(start, end, MINUTE):
            self._candles.pop(time, None)
            self._trades.pop(time, None)
        return Agreement(start, end, len(compared), differing)

    def _numbers(self, told: CandleRow) -> Iterator[Disagreement]:
        """Every number of a minute that was heard, with what REST says of it."""
        open_time, names = told[0], Candles.column_names()
        candle = self._candles.get(open_time)
        if candle is not None:
            for name, one, other in islice(zip(names, candle, told, strict=True), 1, None):
                yield Disagreement("candles", open_time, name, one, other)
        sums = self._trades.get(open_time)
        if sums is not None:
            for name, one in zip(("base_volume", "taker_buy_base_volume"), sums, strict=True):
                yield Disagreement("trades", open_time, name, one, told[names.index(name)])

    @staticmethod
    def _forget(heard: dict[int, CandleRow] | dict[int, Sums]) -> None:
        while len(heard) > MOST:
            del heard[min(heard)]


def _sums(trades: Trades) -> Sums:
    bought = trades.quantity[~trades.is_buyer_maker]
    return float(np.sum(trades.quantity)), float(np.sum(bought))


def _agree(one: Disagreement) -> bool:
    """Whether both are the same; a column that its source never recorded cannot differ."""
    if isnan(one.heard) or isnan(one.told):
        return True
    if one.feed == "candles":
        return one.heard == one.told
    return isclose(one.heard, one.told, rel_tol=ROUNDING, abs_tol=ROUNDING)
