"""Strategies for markets: short drawn patterns, repeated until a signal has warmed up.

A pattern shrinks to something readable; a drawn array of ten thousand prices would not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from babingepet.market.frames import Candles
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


def scaled(frame: Candles, factor: float) -> Candles:
    """The same candles in another unit of price."""
    columns = frame.columns()
    return Candles(**columns | {n: columns[n] * factor for n in ("open", "high", "low", "close")})
