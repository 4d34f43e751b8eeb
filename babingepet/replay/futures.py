"""A market as it was known at a moment, and the same market with another future.

Belongs here: what lies after a moment, and what else could lie there. Comparing what is told under
either does not (``lookahead``).

A minute is known when it is over, a bar of an hour likewise, a funding rate when it settles.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from babingepet.market.frames import Candles, Floats, Frame, FundingRates
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.replay.market import ReplayMarket

F = TypeVar("F", bound=Frame)

HORIZON = 32 * DAY
"""How far another future reaches: longer than any month."""
NEVER = 2**62

LOST = 0.1
"""Share of minutes that another future lacks."""
WILDNESS = 1.0
"""Deviation of the log by which its prices and volumes miss the true ones."""
RATE = 1e-2
"""Deviation of its funding rates, a hundred times that of true ones."""
RATE_INTERVALS = (1.0, 2.0, 4.0)
"""Hours between its settlements: no listed contract of eight hours has them."""


def known_market(market: ReplayMarket, as_of: int) -> ReplayMarket:
    """What is known at ``as_of``, and nothing after it."""
    return replace(
        market,
        minutes=market.minutes.between(0, as_of - MINUTE + 1),
        hours=market.hours.between(0, as_of - HOUR + 1),
        funding=market.funding.between(0, as_of + 1),
        verdicts=market.verdicts and market.verdicts.where(market.verdicts.known_at <= as_of),
    )


def other_market(market: ReplayMarket, as_of: int, seed: int) -> ReplayMarket:
    """The same past, and a future in which no number is what it was.

    The minute that begins at ``as_of`` exists if it truly did: what it knows at its open is the past.
    """
    random, known = np.random.default_rng((seed, as_of)), known_market(market, as_of)
    minutes = market.minutes.between(as_of - MINUTE + 1, as_of + HORIZON)
    hours = market.hours.between(as_of - HOUR + 1, as_of + HORIZON)
    rates = market.funding.between(as_of + 1, as_of + HORIZON)
    kept = random.random(len(minutes)) >= LOST
    kept[:1] = True
    return replace(
        market,
        minutes=Candles.concat([known.minutes, other_candles(minutes.where(kept), random)]),
        hours=Candles.concat([known.hours, other_candles(hours, random)]),
        funding=FundingRates.concat([known.funding, other_rates(rates, random)]),
    )


def changed(frame: F, **columns: npt.NDArray[Any]) -> F:
    """The frame with some columns replaced."""
    return type(frame)(**frame.columns() | columns)


def other_candles(candles: Candles, random: np.random.Generator) -> Candles:
    """The same moments, at other prices, volumes and taker shares."""
    rows = len(candles)
    opens, closes = np.exp(random.normal(0.0, WILDNESS, (2, rows)))
    top, bottom = np.maximum(opens, closes), np.minimum(opens, closes)
    volume = candles.base_volume * np.exp(random.normal(0.0, WILDNESS, rows)) + random.random(rows)
    return changed(
        candles,
        open=candles.open * opens,
        high=candles.high * top * _beyond(random, rows),
        low=candles.low * bottom / _beyond(random, rows),
        close=candles.close * closes,
        base_volume=volume,
        quote_volume=volume * candles.close * closes,
        trade_count=candles.trade_count + 1.0 + random.integers(0, 1_000, rows),
        taker_buy_base_volume=volume * random.random(rows),
    )


def _beyond(random: np.random.Generator, rows: int) -> Floats:
    return 1.0 + 0.01 * random.random(rows)


def other_rates(rates: FundingRates, random: np.random.Generator) -> FundingRates:
    """Other rates, at other times."""
    rows = len(rates)
    return changed(
        rates,
        funding_time=rates.funding_time + random.integers(1, 60, rows) * MINUTE,
        funding_rate=random.normal(0.0, RATE, rows),
        interval_hours=random.choice(RATE_INTERVALS, rows),
    )
