"""Compile every rule once, so that the first decision after set-up does not wait 10 s for it.

``python -m babingepet.warm`` runs at set-up; it decides one minute and replays an hour of a made-up
flat market whose columns have the very types of a real one.
"""

from __future__ import annotations

import shutil

import numpy as np

from babingepet.compiled import cache_folder
from babingepet.cycles.btc import CAPITAL, CycleInputs, run_cycle
from babingepet.cycles.btc_values import initial_state
from babingepet.cycles.settings import BtcSettings
from babingepet.market.frames import Candles, FundingRates, Quotes, Trades
from babingepet.market.history import DERIVED, BarHistory
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.market.tape import reduce_minute
from babingepet.replay.baselines import coin_flips
from babingepet.replay.market import BAR_FEEDS, ReplayMarket
from babingepet.replay.run import replay
from babingepet.signals.inputs import SignalInputs
from babingepet.signals.ml_features import features

DAYS = 34
PRICE, WAVE, VOLUME = 100_000.0, 500.0, 5.0


def made_up_minutes(start: int, count: int) -> Candles:
    """Minutes of a market that only swings, with an hourly wave."""
    open_time = start + np.arange(count) * MINUTE
    close = PRICE + WAVE * np.sin(open_time / HOUR)
    volume = np.full(count, VOLUME)
    return Candles(
        open_time,
        close,
        close + 1.0,
        close - 1.0,
        close,
        volume,
        volume * close,
        volume,
        volume / 2,
    )


def warm_up() -> None:
    """Decide one minute, then replay an hour."""
    start = 20_000 * DAY
    minutes = made_up_minutes(start, DAYS * DAY // MINUTE + 90)
    history = BarHistory(minutes.rows(0, len(minutes) - 1), Candles.empty())
    history.append(minutes.rows(len(minutes) - 1, len(minutes)))
    as_of = history.end
    tape = reduce_minute(
        as_of - MINUTE,
        Trades.from_rows([(1, as_of - 2, PRICE, 6.0, True)]),
        Quotes.from_rows([(1, as_of - 2, PRICE, 1.0, PRICE + 1, 1.0)]),
        previous=None,
        trades_from=as_of - HOUR,
        quotes_from=as_of - MINUTE,
        book=None,
        minimum_notional=1.0,
        bucket_volume=VOLUME,
    )
    inputs = SignalInputs(
        as_of,
        history.minutes(as_of),
        {name: history.bars(name, as_of) for name in DERIVED},
        (tape,),
        FundingRates.from_rows([(as_of // (8 * HOUR) * 8 * HOUR, 1e-4, 8.0, False)]),
    )
    feeds = frozenset({"candles", "taker_volume", "trades", "quotes", "funding"})
    cycle = CycleInputs("BTCUSDT", "simulated", inputs, feeds, clock=as_of)
    run_cycle(cycle, initial_state(CAPITAL), BtcSettings())
    features(inputs, {})  # a cycle reads them only once a model has earned its place
    market = ReplayMarket(
        "BTCUSDT", "simulated", minutes, Candles.empty(), inputs.funding, BAR_FEEDS
    )
    coin_flips(replay(market, start=as_of - HOUR), runs=1)


def drop_old_caches() -> None:
    """Remove the compiled rules of other sources than these."""
    current = cache_folder()
    for folder in current.parent.glob("compiled-*"):
        if folder != current:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    drop_old_caches()
    warm_up()
