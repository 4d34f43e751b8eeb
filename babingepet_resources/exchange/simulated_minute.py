"""One simulated minute in full: the trades that make its candle, and the quotes around them.

Belongs here: a minute's trades, best quotes and book levels, all from (seed, minute). Does not
belong here: candles (simulated_days.py), or serving.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from babingepet_resources.exchange.candles import MINUTE_MS
from babingepet_resources.exchange.simulated_days import (
    DAY_MINUTES,
    EPOCH_MS,
    STEPS_PER_BTC,
    TICKS_PER_USDT,
    Day,
    apportion,
)
from babingepet_resources.exchange.source import AggregateTrade, BookView, Quote
from babingepet_resources.exchange.trade_tape import TapeEntry

_UPDATES_PER_MS = 10_000
"""Room for book update ids: more than the quotes of a minute, so that ids only ever grow."""

_QUOTES_BETWEEN_TRADES = 100
"""Quotes a minute that change sizes only; each trade brings one more with its price."""

_WANDER = 0.15
"""Noise of the trades' path, as a part of the bar's range."""

_SIZE_SPREAD = 1.4
"""Log-normal spread of trade sizes: one in 600 is 23 times the mean, about 500 000 USDT."""

_MINUTE, _BOOK = 2, 3
"""Names of the random streams (0 and 1 belong to the days)."""


@dataclass(frozen=True, slots=True)
class SimulatedMinute:
    """Trades and quotes of a minute, each in the order of time; a trade follows its quote."""

    trades: list[TapeEntry]
    quotes: list[Quote]


def make_minute(day: Day, index: int, seed: int) -> SimulatedMinute:
    """The trades of a candle, exactly.

    The first is at the open, the last at the close, the extremes are touched, and quantities and
    taker buys add up to the candle's.

    Args:
        day: The day of the minute.
        index: Minutes since the epoch.
        seed: The market's seed.
    """
    random = np.random.default_rng([seed, _MINUTE, index])
    minute = index % DAY_MINUTES
    open_time = EPOCH_MS + index * MINUTE_MS
    count = int(day.trade_count[minute])
    times = open_time + np.sort(random.choice(MINUTE_MS, count, replace=False))
    prices = _path(day, minute, count, random)
    is_buy, quantities = _quantities(day, minute, count, random)
    first_id = int(day.first_trade_id[minute])
    trades = [
        TapeEntry(
            time,
            AggregateTrade(
                first_id + k,
                price(ticks),
                quantity(steps),
                first_id + k,
                first_id + k,
                time,
                not buy,
            ),
            1,
        )
        for k, (time, ticks, steps, buy) in enumerate(
            zip(times.tolist(), prices.tolist(), quantities.tolist(), is_buy.tolist(), strict=True)
        )
    ]
    return SimulatedMinute(trades, _quotes(open_time, times, prices - is_buy, random))


def make_book(quote: Quote, levels: int, *, now: int, seed: int) -> BookView:
    """Levels behind a best quote; the first level of each side is the quote itself."""
    random = np.random.default_rng([seed, _BOOK, now])
    gaps = random.integers(1, 4, (2, levels))
    gaps[:, 0] = 0
    sizes = np.ceil(random.lognormal(6.5, 1.0, (2, levels))).astype(np.int64)
    away = np.cumsum(gaps, axis=1)
    bids = (_parse_ticks(quote.bid_price) - away[0]).tolist()
    asks = (_parse_ticks(quote.ask_price) + away[1]).tolist()
    bid_rows = list(zip(map(price, bids), map(quantity, sizes[0].tolist()), strict=True))
    ask_rows = list(zip(map(price, asks), map(quantity, sizes[1].tolist()), strict=True))
    bid_rows[0] = (quote.bid_price, quote.bid_quantity)
    ask_rows[0] = (quote.ask_price, quote.ask_quantity)
    return BookView(update_id(now), now, now, bid_rows, ask_rows)


def price(ticks: int) -> str:
    """Ticks of 0.10 USDT as the exchange writes them."""
    return f"{ticks // TICKS_PER_USDT}.{ticks % TICKS_PER_USDT}0"


def quantity(steps: int) -> str:
    """Steps of 0.001 BTC as the exchange writes them."""
    return f"{steps // STEPS_PER_BTC}.{steps % STEPS_PER_BTC:03d}"


def update_id(time: int, sequence: int = 0) -> int:
    """A book update id that grows with time, and with the quote's number within its minute."""
    return (time - EPOCH_MS) * _UPDATES_PER_MS + sequence


def _path(day: Day, minute: int, count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Prices in ticks, from open to close by way of both extremes."""
    low, high = int(day.low[minute]), int(day.high[minute])
    opened, close = int(day.opened[minute]), int(day.close[minute])
    turns = np.sort(random.choice(np.arange(1, count - 1), 2, replace=False))
    extremes = (low, high) if close >= opened else (high, low)
    steps = np.arange(count)
    line = np.interp(steps, (0, *turns, count - 1), (opened, *extremes, close))
    path = np.rint(line + _WANDER * (high - low) * random.standard_normal(count))
    path = np.clip(path, low, high).astype(np.int64)
    path[[0, *turns, count - 1]] = (opened, *extremes, close)
    return path


def _quantities(
    day: Day, minute: int, count: int, random: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which trades are taker buys, and all quantities in steps, at least one each."""
    total, bought = int(day.volume[minute]), int(day.taker_buy[minute])
    buys = min(max(1, round(count * bought / total)), count - 1)
    is_buy = random.permutation(count) < buys
    weights = random.lognormal(0.0, _SIZE_SPREAD, count)
    steps = np.ones(count, np.int64)
    steps[is_buy] += apportion(bought - buys, weights[is_buy])
    steps[~is_buy] += apportion(total - bought - (count - buys), weights[~is_buy])
    return is_buy, steps


def _quotes(
    open_time: int,
    times: NDArray[np.int64],
    bid_ticks: NDArray[np.int64],
    random: np.random.Generator,
) -> list[Quote]:
    """One tick wide: a taker buys at the ask, sells at the bid; between trades only sizes move."""
    between = open_time + np.sort(random.integers(0, MINUTE_MS, _QUOTES_BETWEEN_TRADES))
    after = np.maximum(np.searchsorted(times, between, side="right") - 1, 0)
    moments = np.concatenate((times, between))
    bids = np.concatenate((bid_ticks, bid_ticks[after]))
    order = np.argsort(moments, kind="stable")
    sizes = np.ceil(random.lognormal(7.0, 1.2, (2, len(order)))).astype(np.int64).tolist()
    rows = zip(moments[order].tolist(), bids[order].tolist(), *sizes, strict=True)
    return [
        Quote(price(bid), quantity(bid_size), price(bid + 1), quantity(ask_size), time)
        for time, bid, bid_size, ask_size in rows
    ]


def _parse_ticks(text: str) -> int:
    return round(float(text) * TICKS_PER_USDT)
