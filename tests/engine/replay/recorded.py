"""Recorded months as a market to replay, whole, with holes, and with stretched candles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from babingepet.market.frames import Candles, FundingRates
from babingepet.market.intervals import DAY
from babingepet.replay.market import BAR_FEEDS, ReplayMarket, ReplayRules
from tests import factories as f
from tests.parity import walks
from tests.parity.recorded import funding_rates, spot_minutes

FIRST = walks.FIRST
DAYS = 100

EAGER = ReplayRules(
    f.settings("buy_threshold=0.06", "strong_threshold=0.14", "min_votes=2", "blocked_hours=")
)
"""Rules under which a hundred days hold some dozens of trades."""


def market_of(folder: Path, minutes: Candles) -> ReplayMarket:
    """These minutes with the recorded funding and no hours before them."""
    return ReplayMarket(
        "BTCUSDT", "recorded", minutes, Candles.empty(), funding_rates(folder), BAR_FEEDS
    )


def hundred_days(folder: Path) -> ReplayMarket:
    """2023-06-01 to 2023-09-08."""
    return market_of(folder, spot_minutes(folder, FIRST, DAYS))


def with_holes(market: ReplayMarket, folder: Path, seed: int = 5) -> ReplayMarket:
    """The market without about one minute in forty, in runs of up to ten."""
    whole = walks.Market(market.minutes, Candles.empty())
    holed = walks.with_holes(whole, FIRST, FIRST + DAYS * DAY, seed)
    return market_of(folder, holed.minutes)


def stretched(market: ReplayMarket, seed: int = 6) -> ReplayMarket:
    """The market with one candle in five hundred reaching 10 % up or down."""
    random = np.random.default_rng(seed)
    minutes = market.minutes
    high, low = minutes.high.copy(), minutes.low.copy()
    rows = random.integers(0, len(minutes), len(minutes) // 500)
    up, down = rows[::2], rows[1::2]
    high[up] *= 1.10
    low[down] *= 0.90
    return replace(market, minutes=Candles(**minutes.columns() | {"high": high, "low": low}))


def without_funding(market: ReplayMarket) -> ReplayMarket:
    """The market as a recording without settlements."""
    feeds = market.feeds - {"funding"}
    return replace(market, funding=FundingRates.empty(), feeds=feeds)
