"""What the record of closed trades says about the next one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Record(NamedTuple):
    """Net returns on notional of the last 100 closed trades, oldest first, and their sums."""

    returns: npt.NDArray[np.float64]
    wins: int
    won: float
    losses: int
    lost: float


class Edge(NamedTuple):
    """Odds of one entry."""

    p: float
    """Probability of a win."""
    win: float
    """Mean net return of a win, fraction of notional."""
    loss: float
    """Mean net loss, positive fraction of notional."""
    expected: float
    """p * win - (1 - p) * loss."""
