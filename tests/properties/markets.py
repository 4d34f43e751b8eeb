"""Strategies for markets: short drawn patterns, repeated until a signal has warmed up.

A pattern shrinks to something readable; a drawn array of ten thousand prices would not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from babingepet.market.frames import Candles, Trades
from babingepet.market.intervals import DAY, INTERVALS, MINUTE
from babingepet.market.tape import Quote, TapeMinute
from babingepet.signals.inputs import SignalInputs
from tests import factories as f

Floats = npt.NDArray[np.float64]

steps = st.lists(st.floats(-0.05, 0.05), min_size=1, max_size=12)
"""Log returns of a bar."""
reaches = st.lists(st.floats(0.0, 0.05), min_size=1, max_size=5)
"""How far a bar reaches beyond its open and close, as a fraction."""
volumes = st.lists(st.just(0.0) | st.floats(1e-3, 1e6), min_size=1, max_size=7).filter(any)
"""Of a bar; some bars may be without, never all."""
shares = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=7)
"""Of the volume, what was bought."""
prices = st.floats(1e-6, 1e9)


def tiled(pattern: Sequence[float], count: int) -> Floats:
    """A pattern repeated to a length."""
    return np.resize(np.asarray(pattern, float), count)


def walked(price: float, pattern: Sequence[float], count: int) -> Floats:
    """Closes of a pattern of returns, pulled back so that no pattern leaves the range of prices."""
    moves = tiled(pattern, count)
    logs: Floats = np.clip((moves - moves.mean() * 0.9).cumsum(), -12.0, 12.0)
    return price * np.exp(logs)


@st.composite
def candles(draw: st.DrawFn, /, count: int, **where: Any) -> Candles:
    """Candles of a drawn pattern."""
    close = walked(draw(prices), draw(steps), count)
    before = np.concatenate([close[:1], close[:-1]])
    reach = tiled(draw(reaches), count)
    volume = tiled(draw(volumes), count)
    return f.candles(
        closes=close,
        open=before,
        high=np.maximum(close, before) * (1.0 + reach),
        low=np.minimum(close, before) * (1.0 - reach),
        base_volume=volume,
        taker_buy_base_volume=volume * tiled(draw(shares), count),
        **where,
    )


PRICES = ("open", "high", "low", "close")


def scaled(frame: Candles, factor: float) -> Candles:
    """The same candles in another unit of price."""
    columns = frame.columns()
    return Candles(**columns | {name: columns[name] * factor for name in PRICES})


def reflected(frame: Candles, about: float) -> Candles:
    """The candles with every price as far on the other side of ``about``, buyers for sellers."""
    columns = frame.columns()
    turned = {"open": "open", "high": "low", "low": "high", "close": "close"}
    prices = {name: about - columns[source] for name, source in turned.items()}
    sold = frame.base_volume - frame.taker_buy_base_volume
    return Candles(**columns | prices | {"taker_buy_base_volume": sold})


def walk(random: np.random.Generator, count: int, **where: Any) -> Candles:
    """Candles of a random walk, in which no two numbers are alike by chance."""
    close = 100.0 * np.exp(random.normal(random.normal(0, 3e-4), 1e-3, count).cumsum())
    before = np.concatenate([close[:1], close[:-1]])
    up, down = np.abs(random.normal(0.0, 5e-4, (2, count)))
    volume = random.gamma(2.0, 5.0, count)
    return f.candles(
        closes=close,
        open=before,
        high=np.maximum(close, before) * (1.0 + up),
        low=np.minimum(close, before) * (1.0 - down),
        base_volume=volume,
        taker_buy_base_volume=volume * random.uniform(0.1, 0.9, count),
        **where,
    )


def random_bars(random: np.random.Generator) -> dict[str, Candles]:
    """Enough bars of every derived interval."""
    return {
        name: walk(random, 160, first=f.NOON // span * span - 160 * span, interval=name)
        for name, span in INTERVALS.items()
        if name not in {"1m", "1d"}
    }


def random_inputs(seed: int) -> SignalInputs:
    """Everything that the signals of candles, tape and funding read, all of them warmed up."""
    random = np.random.default_rng(seed)
    return f.signal_inputs(
        minutes=walk(random, 25 * DAY // MINUTE, first=f.NOON - 25 * DAY),
        bars=random_bars(random),
        tape=tuple(_tape_minute(random, f.NOON - back * MINUTE) for back in range(70, 0, -1)),
        funding=f.funding((f.NOON, float(random.normal(1e-4, 2e-4)))),
    )


def _tape_minute(random: np.random.Generator, start: int) -> TapeMinute:
    mids = 100.0 * np.exp(random.normal(0.0, 1e-5, 60).cumsum())
    mid = float(mids[-1])
    bid_size, ask_size = (float(size) for size in random.gamma(1.0, 3.0, 2) + 1e-3)
    print_ = (
        start + 7,
        100.0,
        5_000.0 + float(random.gamma(1.0, 5e3)),
        bool(random.random() < 0.5),
    )
    return f.tape_minute(
        start,
        mids=mids,
        order_flow_imbalance=float(random.normal(0.0, 10.0)),
        last_quote=Quote(start + MINUTE - 1, mid - 0.05, bid_size, mid + 0.05, ask_size),
        prints=f.trades(print_) if random.random() < 0.3 else Trades.empty(),
    )


def in_another_unit(inputs: SignalInputs, factor: float) -> SignalInputs:
    """The same market with every price multiplied."""
    tape = tuple(
        replace(
            minute,
            mids=minute.mids * factor,
            prints=Trades(**minute.prints.columns() | {"price": minute.prints.price * factor}),
            last_quote=minute.last_quote
            and minute.last_quote._replace(
                bid_price=minute.last_quote.bid_price * factor,
                ask_price=minute.last_quote.ask_price * factor,
            ),
        )
        for minute in inputs.tape
    )
    bars = {name: scaled(frame, factor) for name, frame in inputs.bars.items()}
    return replace(inputs, minutes=scaled(inputs.minutes, factor), bars=bars, tape=tape)


def wild_inputs(seed: int) -> SignalInputs:
    """Inputs whose every number may lie anywhere a price, a size or a rate could ever lie.

    Prices from 1e-12 to 1e15, sizes and volumes from 1e-6 to 1e9, many of them 0; rates of any
    double; markets that stand still, that jump by any factor, that only rise.
    """
    random = np.random.default_rng(seed)

    def sizes(count: int) -> Floats:
        return 10.0 ** random.uniform(-6.0, 9.0, count)

    def bars(count: int, interval: str, first: int) -> Candles:
        close = _wild_prices(random, count)
        before = np.concatenate([close[:1], close[:-1]])
        volume = np.where(random.random(count) < random.random(), 0.0, sizes(count))
        return f.candles(
            closes=close, first=first, interval=interval, open=before,
            high=np.maximum(close, before), low=np.minimum(close, before), base_volume=volume,
            taker_buy_base_volume=volume * random.choice([0.0, 1.0, 0.5, random.random()]),
        )  # fmt: skip

    def tape_minute(start: int) -> TapeMinute:
        bid, ask = (float(price) for price in np.sort(_wild_prices(random, 2)))
        bid_size, ask_size, quantity, flow = sizes(4).tolist()
        return f.tape_minute(
            start,
            mids=_wild_prices(random, 60),
            order_flow_imbalance=flow * float(random.normal()),
            last_quote=Quote(start + MINUTE - 1, bid, bid_size, ask, ask_size),
            prints=f.trades((start + 7, ask, quantity, bool(random.random() < 0.5))),
        )

    spans = {name: span for name, span in INTERVALS.items() if name not in {"1m", "1d"}}
    rate = float(random.normal() * 10.0 ** random.uniform(-10.0, 300.0))
    return f.signal_inputs(
        minutes=bars(25 * DAY // MINUTE, "1m", f.NOON - 25 * DAY),
        bars={n: bars(160, n, f.NOON // span * span - 160 * span) for n, span in spans.items()},
        tape=tuple(tape_minute(f.NOON - back * MINUTE) for back in range(70, 0, -1)),
        funding=f.funding((f.NOON, rate)),
    )


def _wild_prices(random: np.random.Generator, count: int) -> Floats:
    level = random.uniform(-12.0, 15.0)
    if random.random() < 0.5:
        return 10.0 ** random.uniform(-12.0, 15.0, count)
    step = 10.0 ** random.uniform(-16.0, 0.0)
    logs = np.clip(random.normal(random.normal(), step, count).cumsum() * step, -20.0, 20.0)
    prices: Floats = np.clip(10.0**level * np.exp(logs), 1e-12, 1e15)
    return prices
