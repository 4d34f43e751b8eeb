"""What the embedded analysts read of a minute: its scores, and how far the price went of late.

Belongs here: one reading, and the moves of every bar for a replay. Does not belong here: what the
analysts make of it (``babingepet.swarm.analysts``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from babingepet.domain.codes import Regime
from babingepet.indicators import volatility_over
from babingepet.market.frames import Candles, Floats
from babingepet.market.history import has_recent_hole
from babingepet.market.intervals import HOUR, INTERVALS
from babingepet.signals.inputs import SignalInputs
from babingepet.signals.ml_features import log_returns
from babingepet.signals.regime import read_regime
from babingepet.swarm.analysts.btc import BtcReading

INTERVAL = "5m"
SPAN = INTERVALS[INTERVAL]
SHORT, LONG = HOUR, 4 * HOUR
LEAST_BARS = LONG // SPAN + 1
"""Bars until the first move of four hours."""


@dataclass(frozen=True, eq=False)
class Moves:
    """How far the price went until the close of each bar; NaN where bars are missing.

    Shape: (n,) each. Units: log returns, and roots of summed squared log returns of the bars.
    """

    ret_1h: Floats
    ret_4h: Floats
    rv_1h: Floats
    rv_4h: Floats


def moves_of(bars: Candles) -> Moves:
    """The moves of every bar; an earlier first bar changes no value of a later one."""
    times, close = bars.open_time, bars.close
    return Moves(
        ret_1h=log_returns(times, close, SHORT),
        ret_4h=log_returns(times, close, LONG),
        rv_1h=volatility_over(close, SHORT // SPAN),
        rv_4h=volatility_over(close, LONG // SPAN),
    )


def btc_reading(inputs: SignalInputs, scores: Mapping[str, float | None]) -> BtcReading:
    """What the analysts read at ``as_of``: the scores of the vote, None where unavailable."""
    moves, regime = _last_moves(inputs), read_regime(inputs)
    rank = regime.score.raw.get("natr_rank") if regime.score.value is not None else None
    return BtcReading(
        scores=scores,
        natr_percentile=None if rank is None else float(rank),
        is_volatile=regime.state is Regime.VOLATILE,
        **moves,
    )


def _last_moves(inputs: SignalInputs) -> dict[str, float | None]:
    bars = inputs.bars[INTERVAL]
    if len(bars) < LEAST_BARS or has_recent_hole(bars.open_time, SPAN, inputs.as_of):
        return {}
    last = moves_of(bars.rows(len(bars) - LEAST_BARS, len(bars)))
    values = {name: float(series[-1]) for name, series in vars(last).items()}
    return {name: None if math.isnan(value) else value for name, value in values.items()}
