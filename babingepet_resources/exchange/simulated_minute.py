"""One simulated minute of trades: those that make its candle, exactly.

Belongs here: taker orders split into prints, their times, sides, sizes and prices, and which of
them were liquidations; all from (instrument, seed, minute). Does not belong here: candles
(simulated_days.py), quotes and the book (simulated_book.py), or serving.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from babingepet_resources.exchange.candles import MINUTE_MS
from babingepet_resources.exchange.instruments import Instrument
from babingepet_resources.exchange.simulated_days import Day, apportion
from babingepet_resources.exchange.simulated_path import DAY_MINUTES, EPOCH_MS, remember
from babingepet_resources.exchange.source import AggregateTrade
from babingepet_resources.exchange.trade_tape import TapeEntry

_SWEEP = 0.26
"""Part of the prints that go on with the order of the print before, one price level further."""

_BURSTS, _BURST_SECONDS = 0.5, 4.0
"""Spread of the log rate of orders from second to second, and how long a burst lasts."""

_METAORDERS = ((0.50, 50.0), (0.48, 10.0), (0.72, 0.1))
"""What the sides of orders remember, in orders: long parents, short parents, none."""

_WARM_UP = 150
"""Orders before the minute's first that its sides remember."""

_WANDER = 0.22
"""What the flow moves the price between its turns, as a part of the bar's range."""

_SIZE_SPREAD, _LARGEST_WEIGHT = 2.3, 160.0
"""Log-normal spread of sizes and their bound in medians: the largest 1 % are about 30 % of volume."""

_LARGE_USDT = 500_000
_LARGE_INFORMED = 4.0
"""How much more often large orders are on the side that knows something."""

_LARGE_TAIL = 1.6
"""Pareto exponent of large orders above that size."""

_LARGE_PER_USDT = 1 / 5e6
"""Large orders for each USDT of turnover: one in a minute of 5 million."""

_MOST_OF_A_SIDE = 0.4
"""Part of one side's volume that its large orders may take together."""

_LIQUIDATED, _MOST_LIQUIDATED = 25.0, 0.4
"""Part of a side's trades that are liquidations for each log return of forced moves; its bound."""

_MINUTE, _LIQUIDATION = 3, 5
"""Names of the random streams."""


@dataclass(frozen=True, slots=True)
class Prints:
    """Aggregate trades of a minute in the order of time; arrays of one length.

    Attributes:
        first_id: Id of the first one; the others follow without a gap.
        time: UTC milliseconds; the prints of one order share theirs.
        ticks: Price in ticks.
        steps: Quantity in steps, at least one.
        is_buy: Whether the taker bought.
        liquidated: Whether the taker was a liquidation.
        agitation: Volatility of the minute as a multiple of what is usual.
    """

    first_id: int
    time: NDArray[np.int64]
    ticks: NDArray[np.int64]
    steps: NDArray[np.int64]
    is_buy: NDArray[np.bool_]
    liquidated: NDArray[np.bool_]
    agitation: float

    def entries(self, instrument: Instrument) -> list[TapeEntry]:
        """The same as the exchange writes them."""
        rows = zip(
            range(self.first_id, self.first_id + len(self.time)), self.time.tolist(),
            instrument.prices(self.ticks.tolist()),
            instrument.quantities(self.steps.tolist()),
            (~self.is_buy).tolist(), strict=True,
        )  # fmt: skip
        return [
            TapeEntry(time, AggregateTrade(number, price, size, number, number, time, maker), 1)
            for number, time, price, size, maker in rows
        ]


def make_prints(day: Day, index: int, key: tuple[int, int], instrument: Instrument) -> Prints:
    """The trades of a candle, exactly.

    The first is at the open, the last at the close, the extremes are touched, and quantities and
    taker buys add up to the candle's.

    Args:
        day: The day of the minute.
        index: Minutes since the epoch.
        key: What the random streams are named after.
        instrument: Facts of the instrument.
    """
    random = np.random.default_rng([*key, _MINUTE, index])
    minute = index % DAY_MINUTES
    count = int(day.trade_count[minute])
    order = _orders(count, random)
    time = EPOCH_MS + index * MINUTE_MS + _times(int(order[-1]) + 1, random)[order]
    is_buy = _sides(day, minute, order, random)
    ticks = _path(day, minute, order, is_buy, random)
    value = float(day.close[minute]) / instrument.ticks_per_unit / instrument.steps_per_unit
    steps = _sizes(day, minute, order, is_buy, value, random)
    liquidated = _liquidations(
        day, minute, is_buy, np.random.default_rng([*key, _LIQUIDATION, index])
    )
    return Prints(
        int(day.first_trade_id[minute]), time, ticks, steps, is_buy, liquidated,
        float(day.agitation[minute]),
    )  # fmt: skip


def _orders(count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Which taker order each print belongs to, from 0; there are at least two."""
    begins = random.random(count) >= _SWEEP
    begins[0] = begins[-1] = True
    orders: NDArray[np.int64] = np.cumsum(begins) - 1
    return orders


def _times(count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Milliseconds of the minute at which orders come: bursts and pauses."""
    seconds = np.exp(_BURSTS * remember(random.standard_normal(60), _BURST_SECONDS))
    passed = np.concatenate(((0.0,), np.cumsum(seconds)))
    moments = np.sort(random.random(count)) * passed[-1]
    times = np.interp(moments, passed, np.linspace(0, MINUTE_MS, 61)).astype(np.int64)
    inside: NDArray[np.int64] = np.minimum(times, MINUTE_MS - 1)
    return inside


def _sides(
    day: Day, minute: int, order: NDArray[np.int64], random: np.random.Generator
) -> NDArray[np.bool_]:
    """Which prints are taker buys: about their part of the volume, with a long memory."""
    total = int(order[-1]) + 1
    noise = random.standard_normal((len(_METAORDERS), total + _WARM_UP))
    urge = sum(
        share * (remember(row, memory) if memory > 1 else row)[_WARM_UP:]
        for (share, memory), row in zip(_METAORDERS, noise, strict=True)
    )
    ranked = np.argsort(-np.asarray(urge), kind="stable")
    prints = np.cumsum(np.bincount(order)[ranked])
    wanted = len(order) * int(day.taker_buy[minute]) / int(day.volume[minute])
    buys = min(max(1, int(np.searchsorted(prints, wanted))), total - 1)
    buying = np.zeros(total, np.bool_)
    buying[ranked[:buys]] = True
    return buying[order]


def _path(
    day: Day,
    minute: int,
    order: NDArray[np.int64],
    is_buy: NDArray[np.bool_],
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """Prices in ticks, from open to close by way of both extremes.

    Between these turns the flow moves the price: what takers bought lifts it. A buy prints at the
    ask, a tick above the bid, a sell at the bid; each further print of an order one level on.
    """
    low, high = int(day.low[minute]), int(day.high[minute])
    opened, close = int(day.opened[minute]), int(day.close[minute])
    count = len(order)
    turns = np.sort(random.choice(np.arange(1, count - 1), 2, replace=False))
    extremes = (low, high) if close >= opened else (high, low)
    pins = np.array((0, *turns, count - 1))
    steps = np.arange(count)
    side = np.where(is_buy, 1, -1)
    flow = np.cumsum(side + random.standard_normal(count))
    flow -= np.interp(steps, pins, flow[pins])
    widest = max(1e-9, float(np.abs(flow).max()))
    line = np.interp(steps, pins, (opened, *extremes, close))
    bid = np.floor(line + _WANDER * (high - low) * flow / widest)
    level = steps - np.searchsorted(order, order)
    prices = np.where(is_buy, bid + 1, bid) + side * level
    path: NDArray[np.int64] = np.clip(prices, low, high).astype(np.int64)
    path[pins] = (opened, *extremes, close)
    return path


def _sizes(
    day: Day,
    minute: int,
    order: NDArray[np.int64],
    is_buy: NDArray[np.bool_],
    value: float,
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """Quantities in steps, at least one each; `value` is what one step is worth in USDT."""
    total, bought = int(day.volume[minute]), int(day.taker_buy[minute])
    weights = np.exp(_SIZE_SPREAD * random.standard_normal(len(order)))
    weights /= 1 + weights / _LARGEST_WEIGHT
    favour = np.exp(_LARGE_INFORMED * float(day.urge[minute]) * np.where(is_buy, 1, -1))
    large = _large_orders(total * value, order, favour, random)
    steps = np.ones(len(order), np.int64)
    for chosen, volume in ((is_buy, bought), (~is_buy, total - bought)):
        mine = _with_large(weights[chosen], order[chosen], large, volume * value)
        steps[chosen] += apportion(volume - int(chosen.sum()), mine)
    return steps


def _large_orders(
    turnover: float,
    order: NDArray[np.int64],
    favour: NDArray[np.float64],
    random: np.random.Generator,
) -> list[tuple[int, float]]:
    """Orders that are large, and for how many USDT; those of several prints are chosen first."""
    odds = np.bincount(order) * np.bincount(order, favour)
    count = min(random.poisson(turnover * _LARGE_PER_USDT), len(odds))
    chosen = random.choice(len(odds), count, replace=False, p=odds / odds.sum())
    amounts = _LARGE_USDT * (1 + random.pareto(_LARGE_TAIL, count))
    return list(zip(chosen.tolist(), amounts.tolist(), strict=True))


def _with_large(
    weights: NDArray[np.float64],
    order: NDArray[np.int64],
    large: list[tuple[int, float]],
    turnover: float,
) -> NDArray[np.float64]:
    """Weights of one side's prints, with those of its large orders set to come out as wanted."""
    left = _MOST_OF_A_SIDE * turnover
    wanted: list[tuple[NDArray[np.intp], float]] = []
    for number, amount in large:
        prints = np.flatnonzero(order == number)
        if len(prints) and amount <= left and len(prints) < len(order):
            left -= amount
            wanted.append((prints, amount))
    result = weights.copy()
    for prints, _ in wanted:
        result[prints] = 0.0
    taken = sum(amount for _, amount in wanted)
    scale = result.sum() / (turnover - taken) if wanted else 0.0
    for prints, amount in wanted:
        shares = 0.5 + weights[prints] / weights[prints].sum()
        result[prints] = amount * scale * shares / shares.sum()
    return result


def _liquidations(
    day: Day, minute: int, is_buy: NDArray[np.bool_], random: np.random.Generator
) -> NDArray[np.bool_]:
    """Falls force longs to sell, rises force shorts to buy; a few are forced at any time."""
    forced = float(day.forced[minute])
    share = min(_MOST_LIQUIDATED, 0.002 + _LIQUIDATED * abs(forced))
    liquidated: NDArray[np.bool_] = (is_buy == (forced > 0)) & (random.random(len(is_buy)) < share)
    return liquidated
