"""Simulated quotes and the book behind them.

Belongs here: best quotes around a minute's trades, the levels behind a quote, and what changed
between two books. Does not belong here: trades (simulated_minute.py), or serving.

The size at a price is drawn from (seed, side, price, the price's own period of some seconds), so
that a book can be asked for at any moment, its levels stay while the market moves past them, and
the top of a deep book is the shallow one.
"""

from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from babingepet_resources.exchange.candles import MINUTE_MS
from babingepet_resources.exchange.instruments import Instrument
from babingepet_resources.exchange.simulated_minute import Prints
from babingepet_resources.exchange.simulated_path import EPOCH_MS, remember
from babingepet_resources.exchange.source import BookView, Quote

BOOK_STEP_MS = 100
"""Distance of two states of the book that are told of."""

_UPDATES_PER_MS = 10_000
"""Room for book update ids: more than the quotes of a minute, so that ids only ever grow."""

_QUOTES_BETWEEN_TRADES = 420
"""Quotes a minute that change sizes only; each trade brings one more with its price."""

_WIDE, _WIDTH = 0.003, 2.0
"""Odds of a spread wider than a tick in a usual minute, and how many ticks more then."""

_MOST_WIDE = 0.12

_BEST_USDT, _BEST_MEMORY = 200_000.0, 12.0
"""Median value of a best level of BTCUSDT, and the quotes that its size is remembered for."""

_EATEN, _HEAPED = 2.1, 1.0
"""Log spread of best sizes below and above the median: takers leave next to nothing of many."""

_BEHIND_USDT, _BEHIND_SPREAD, _DEEPER = 2_300.0, 2.2, 0.25
"""Median value of a level behind it, its log spread, and its growth with each doubling of depth."""

_THINNER, _STEPS = 0.5, 3
"""Depth falls with this power of the minute's volatility, in thirds of a halving: most levels stay
when a minute follows another."""

_LEAN = 0.12
"""Log size that the side gains which the price moves away from next."""

_STEADY_MS = 8_000
"""How long the size at one price stays, on average; its periods begin at a moment of its own."""

_QUOTE = 4
"""Name of the random stream."""

_BID, _ASK = 0, 1

_KEY = 2**38
"""More steps than a level ever holds: a price and a quantity in one whole number."""


@dataclass(frozen=True, slots=True)
class Quotes:
    """Best quotes of a minute in the order of time; arrays of one length.

    Attributes:
        time: UTC milliseconds; a trade's quote comes before it.
        bid: Best bid in ticks.
        ask: Best ask in ticks.
        bid_steps: Quantity at the bid in steps.
        ask_steps: Quantity at the ask in steps.
        of_trade: Position of the trade that it comes before; -1 between trades.
        thinness: What the levels behind are multiplied with.
    """

    time: NDArray[np.int64]
    bid: NDArray[np.int64]
    ask: NDArray[np.int64]
    bid_steps: NDArray[np.int64]
    ask_steps: NDArray[np.int64]
    of_trade: NDArray[np.int64]
    thinness: float

    def at(self, position: int, instrument: Instrument) -> Quote:
        """One of them as the exchange writes it."""
        return self.written(slice(position, position + 1), instrument)[0]

    def written(self, chosen: slice, instrument: Instrument) -> list[Quote]:
        """Some of them as the exchange writes them."""
        columns = zip(
            instrument.prices(self.bid[chosen].tolist()),
            instrument.quantities(self.bid_steps[chosen].tolist()),
            instrument.prices(self.ask[chosen].tolist()),
            instrument.quantities(self.ask_steps[chosen].tolist()),
            self.time[chosen].tolist(),
            strict=True,
        )
        return [Quote(*row) for row in columns]


def make_quotes(prints: Prints, index: int, key: tuple[int, int], instrument: Instrument) -> Quotes:
    """A taker buys at the ask and sells at the bid; between trades only sizes move.

    Args:
        prints: Trades of the minute.
        index: Minutes since the epoch.
        key: What the random streams are named after.
        instrument: Facts of the instrument.
    """
    random = np.random.default_rng([*key, _QUOTE, index])
    count = len(prints.time)
    wide = random.random(count) < min(_MOST_WIDE, _WIDE * prints.agitation**2)
    spread = 1 + wide * random.geometric(1 / (1 + _WIDTH * prints.agitation), count)
    bids = np.maximum(np.where(prints.is_buy, prints.ticks - spread, prints.ticks), 1)
    opened = EPOCH_MS + index * MINUTE_MS
    between = opened + np.sort(random.integers(0, MINUTE_MS, _QUOTES_BETWEEN_TRADES))
    after = np.maximum(np.searchsorted(prints.time, between, side="right") - 1, 0)
    moments = np.concatenate((prints.time, between))
    order = np.argsort(moments, kind="stable")
    bid = np.concatenate((bids, bids[after]))[order]
    ask = np.maximum(np.concatenate((bids + spread, (bids + spread)[after]))[order], bid + 1)
    thinness = 2.0 ** (-np.rint(_THINNER * _STEPS * np.log2(prints.agitation)) / _STEPS)
    noise = random.standard_normal((2, len(order)))
    lean = _LEAN * np.sign(np.diff(bid, append=bid[-1]))
    best = _BEST_USDT * _depth(instrument) * thinness / _step_value(instrument, float(bid[0]))
    sizes = [
        np.ceil(best * np.exp(_skewed(remember(row, _BEST_MEMORY)) + side * lean))
        for row, side in zip(noise, (1, -1), strict=True)
    ]
    return Quotes(
        moments[order], bid, ask, sizes[_BID].astype(np.int64), sizes[_ASK].astype(np.int64),
        np.where(order < count, order, -1), thinness,
    )  # fmt: skip


class Book:
    """The levels behind the best quotes of one instrument.

    Args:
        key: What the sizes are drawn from.
        instrument: Facts of the instrument.
    """

    def __init__(self, key: tuple[int, int], instrument: Instrument) -> None:
        self._instrument = instrument
        self._salt = np.random.default_rng([*key, _QUOTE]).integers(0, 2**63, 2, dtype=np.uint64)

    def views(
        self, quotes: Quotes, positions: NDArray[np.int64], times: NDArray[np.int64], levels: int
    ) -> list[BookView]:
        """Books at `times`, each behind the quote at its position.

        A price is never below a tick: a book near zero has fewer levels.
        """
        levels = min(levels, int(quotes.bid[positions].min()) // 2)
        rows: list[list[list[tuple[str, str]]]] = []
        for side in (_BID, _ASK):
            best = (quotes.bid, quotes.ask)[side][positions]
            size = (quotes.bid_steps, quotes.ask_steps)[side][positions]
            ticks, steps = self._side(side, best, size, times, levels, quotes.thinness)
            rows.append(self._written(ticks, steps))
        return [
            BookView(update_id(time), time, time, bids, asks)
            for time, bids, asks in zip(times.tolist(), *rows, strict=True)
        ]

    def _written(
        self, ticks: NDArray[np.int64], steps: NDArray[np.int64]
    ) -> list[list[tuple[str, str]]]:
        """Levels as the exchange writes them; those that stay are written once."""
        keys = (ticks * _KEY + steps).tolist()
        distinct = list(set(chain.from_iterable(keys)))
        levels = zip(
            self._instrument.prices(key // _KEY for key in distinct),
            self._instrument.quantities(key % _KEY for key in distinct),
            strict=True,
        )
        written = dict(zip(distinct, levels, strict=True))
        return [[written[key] for key in row] for row in keys]

    def _side(
        self,
        side: int,
        best: NDArray[np.int64],
        size: NDArray[np.int64],
        times: NDArray[np.int64],
        levels: int,
        thinness: float,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Prices in ticks and quantities in steps, best first. Shape (len(times), levels).

        Of each pair of neighbouring ticks one holds a level, the same one for all time.
        """
        depth = np.arange(1, levels)
        pair = best[:, None] // 2 + (depth if side == _ASK else -depth)
        salt = self._salt[side]
        drawn = _hash(pair.astype(np.uint64) ^ salt)
        ticks = 2 * pair + (drawn & np.uint64(1)).astype(np.int64)
        phase = (drawn >> np.uint64(8)).astype(np.int64) & 0x3FFF
        period = (times[:, None] + phase) // (_STEADY_MS + (phase & 0xFFF))
        chance = _hash(drawn ^ period.astype(np.uint64) ^ salt)
        median = _BEHIND_USDT * _depth(self._instrument) * thinness * (depth + 1) ** _DEEPER
        value = ticks * _step_value(self._instrument, 1.0)
        steps = np.ceil(median / value * np.exp(_BEHIND_SPREAD * _normal(chance))).astype(np.int64)
        return (
            np.concatenate((best[:, None], ticks), axis=1),
            np.concatenate((size[:, None], steps), axis=1),
        )


def difference(
    before: list[tuple[str, str]], after: list[tuple[str, str]], nothing: str
) -> list[tuple[str, str]]:
    """Levels of one side that changed; those that are gone with a quantity of `nothing`."""
    held, holds = dict(before), dict(after)
    gone = [(price, nothing) for price in held if price not in holds]
    return [level for level in after if held.get(level[0]) != level[1]] + gone


def update_id(time: int, sequence: int = 0) -> int:
    """A book update id that grows with time, and with the quote's number within its minute."""
    return (time - EPOCH_MS) * _UPDATES_PER_MS + sequence


def _skewed(noise: NDArray[np.float64]) -> NDArray[np.float64]:
    return noise * np.where(noise < 0, _EATEN, _HEAPED)


def _step_value(instrument: Instrument, ticks: float) -> float:
    """What one quantity step is worth in USDT."""
    return ticks / instrument.ticks_per_unit / instrument.steps_per_unit


def _depth(instrument: Instrument) -> float:
    """Depth next to that of BTCUSDT: it goes with the square root of turnover."""
    return float(np.sqrt(instrument.daily_volume / 8_000))


def _hash(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Well mixed bits of each value (the finaliser of SplitMix64)."""
    values = (values + np.uint64(0x9E3779B97F4A7C15)).astype(np.uint64)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _normal(bits: NDArray[np.uint64]) -> NDArray[np.float64]:
    """About standard normal: four 16-bit uniforms added up, within 3.5 deviations."""
    parts = (bits[..., None] >> np.array((0, 16, 32, 48), np.uint64)) & np.uint64(0xFFFF)
    drawn: NDArray[np.float64] = (parts.sum(axis=-1) / 65_536.0 - 2.0) * np.sqrt(3.0)
    return drawn
