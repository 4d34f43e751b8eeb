"""What the record says an entry is worth: odds from what exits really paid.

The trail closes most winners long before the target, so the nominal odds of +2.5 % to -0.6 %
would let everything pass: measured, the average win is .9 % and the average loss .7 %.
"""

from __future__ import annotations

import numpy as np

from babingepet.compiled import rule
from babingepet.domain.edge import Edge, Record
from babingepet.market.frames import Floats

RECORD = 100
"""Closed trades, real and shadow, that the odds rest on."""
PRIOR_WINS, PRIOR_LOSSES = 6.0, 14.0
PRIOR_WIN, PRIOR_LOSS = 0.0238, 0.0072
"""Net return of a full target and of a full stop, after costs."""
SLOPE = 0.25
"""Probability gained per point of score above the threshold."""
LEAST_P, MOST_P = 0.05, 0.60


@rule
def record_of(returns: Floats) -> Record:
    """Sum a record up, oldest first."""
    wins, won, losses, lost = 0, 0.0, 0, 0.0
    for value in returns:
        if value > 0.0:
            wins += 1
            won += value
        elif value < 0.0:
            losses += 1
            lost += -value
    return Record(returns, wins, won, losses, lost)


@rule
def add_return(record: Record, value: float) -> Record:
    """The record with one more closed trade; the oldest leaves beyond 100."""
    kept = min(len(record.returns), RECORD - 1)
    returns = np.empty(kept + 1)
    returns[:kept] = record.returns[len(record.returns) - kept :]
    returns[kept] = value
    return record_of(returns)


@rule
def edge_of(record: Record, score: float, threshold: float) -> Edge:
    """Odds of an entry with this score; a breakeven trade counts in n only."""
    n = len(record.returns)
    win = (record.won + PRIOR_WINS * PRIOR_WIN) / (record.wins + PRIOR_WINS)
    loss = (record.lost + PRIOR_LOSSES * PRIOR_LOSS) / (record.losses + PRIOR_LOSSES)
    p = (record.wins + PRIOR_WINS) / (n + PRIOR_WINS + PRIOR_LOSSES)
    p = min(max(p + SLOPE * (abs(score) - threshold), LEAST_P), MOST_P)
    return Edge(p, win, loss, p * win - (1.0 - p) * loss)
