"""The nine embedded Bitcoin analysts and their consensus at every moment at once.

The rules are those of ``btc``, summed in the same order, so that every moment has the very bits of
a live round; a replay of years asks them in milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from babingepet.errors import InputError
from babingepet.market.frames import Bools, Floats
from babingepet.swarm.analysts.blend import CENTRE, REACH
from babingepet.swarm.analysts.btc import (
    CONSERVATIVE_FILTER,
    FADE_4H,
    FLOOR,
    OWN_SCORE,
    RISK_MANAGER,
    SCORES,
    SHARES,
    STRETCH_1H,
    USUAL,
    VOICES,
    WILD,
)
from babingepet.swarm.consensus import ROUNDING
from babingepet.swarm.consensus_series import ConsensusSeries, agree_series, weighted_mean
from babingepet.swarm.rosters import BTC


@dataclass(frozen=True, eq=False)
class BtcColumns:
    """What the analysts read at n moments; NaN is unavailable.

    Shape: (n,) each; units and names are those of ``BtcReading``. A score that is left out is
    unavailable throughout.
    """

    scores: Mapping[str, Floats]
    ret_1h: Floats
    ret_4h: Floats
    rv_1h: Floats
    rv_4h: Floats
    natr_percentile: Floats
    is_volatile: Bools

    def __post_init__(self) -> None:
        unknown = sorted(self.scores.keys() - {*SCORES, OWN_SCORE})
        if unknown:
            raise InputError(f"scores: {', '.join(unknown)} is no score of the vote.")
        others = (self.ret_4h, self.rv_1h, self.rv_4h, self.natr_percentile, self.is_volatile)
        if {len(column) for column in (*self.scores.values(), *others)} != {len(self.ret_1h)}:
            raise InputError("columns: the analysts' columns are not equally long.")


def btc_votes(columns: BtcColumns) -> Floats:
    """Votes of shape (9, n) in the order of the roster; NaN is an abstention."""
    unavailable = np.full(len(columns.ret_1h), np.nan)
    readings = {name: columns.scores.get(name, unavailable) for name in SCORES}
    mean = weighted_mean(((1.0, column) for column in readings.values()), len(unavailable))
    leans = {
        RISK_MANAGER: _risk_manager(mean, columns),
        CONSERVATIVE_FILTER: _conservative_filter(readings, mean),
    }
    readings[STRETCH_1H] = _stretch(columns.ret_1h, columns.rv_1h)
    readings[FADE_4H] = -_stretch(columns.ret_4h, columns.rv_4h)
    for name, shares in SHARES.items():
        columns_read = ((share, readings[of]) for share, of in shares)
        leans[name] = weighted_mean(columns_read, len(unavailable))
    return np.array([CENTRE + REACH * np.clip(leans[name], -1.0, 1.0) for name in BTC.names])


def btc_series(
    columns: BtcColumns, weights: Mapping[str, float | Floats] | None = None
) -> ConsensusSeries:
    """The analysts' consensus at every moment.

    Args:
        columns: What they read.
        weights: Of the generalists, as in ``agree_series``; without any all weigh .5.
    """
    return agree_series(BTC, btc_votes(columns), weights or {})


def _stretch(move: Floats, usual: Floats) -> Floats:
    """clip(move / (2 usual)); 0 while nothing moves, NaN where either is."""
    moves = np.where(usual == 0.0, 0.0, move) / np.where(usual == 0.0, 1.0, USUAL * usual)
    return np.where(np.isnan(move), np.nan, np.clip(moves, -1.0, 1.0))


def _risk_manager(mean: Floats, columns: BtcColumns) -> Floats:
    is_wild = columns.is_volatile | (columns.natr_percentile >= WILD - ROUNDING)
    return np.where(is_wild & ~np.isnan(mean), 0.0, mean)


def _conservative_filter(readings: Mapping[str, Floats], mean: Floats) -> Floats:
    speaks = [
        (np.abs(readings[name]) >= FLOOR - ROUNDING) & (readings[name] * mean > 0.0)
        for name in SCORES
    ]
    is_heard = np.count_nonzero(speaks, axis=0) >= VOICES
    return np.where(is_heard | np.isnan(mean), mean, 0.0)
