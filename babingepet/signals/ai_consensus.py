"""Where the analysts expect the price in an hour.

score = clip(2 p - 1) * freshness; freshness is 1 up to 25 minutes of age and falls to 0 at 40
minutes, after which the consensus says nothing. Analysts are asked every 20 minutes, so one round
may fail before their word fades.

Inputs: the newest consensus. Warm-up: one consensus. Units: probability. Source: ours.
"""

from __future__ import annotations

import numpy as np

from babingepet.domain.score import Score, clip1, measured, unavailable
from babingepet.market.context import Consensus
from babingepet.market.frames import Floats, Ints
from babingepet.market.intervals import MINUTE, iso
from babingepet.signals.inputs import SignalInputs

NAME = "ai_consensus"

FRESH = 25 * MINUTE
"""Age up to which a consensus counts in full."""
MAX_AGE = 40 * MINUTE
"""Age at which it counts no more."""


def ai_consensus(inputs: SignalInputs) -> Score:
    """Score the newest consensus by its age at ``as_of``."""
    read = _read(inputs)
    if isinstance(read, str):
        return unavailable(NAME, read)
    age = inputs.as_of - read.as_of
    freshness = min(1.0, (MAX_AGE - age) / (MAX_AGE - FRESH))
    return measured(
        NAME,
        clip1(2.0 * read.p_up - 1.0) * freshness,
        read.valid,
        {
            "p_up": read.p_up,
            "agreement": read.agreement,
            "side": read.side,
            "age_minutes": age / MINUTE,
            "freshness": freshness,
            "provider": read.provider,
        },
    )


def consensus_scores(p_up: Floats, ages: Ints) -> Floats:
    """The score of each consensus at its age, ms, of at most 40 minutes; NaN where there is none."""
    freshness = np.minimum(1.0, (MAX_AGE - ages) / (MAX_AGE - FRESH))
    return np.clip(2.0 * p_up - 1.0, -1.0, 1.0) * freshness


def fresh_consensus(inputs: SignalInputs) -> Consensus | None:
    """The consensus that gate and grade may read: the one that is scored, else none."""
    read = _read(inputs)
    return None if isinstance(read, str) else read


def _read(inputs: SignalInputs) -> Consensus | str:
    """The consensus in force, or why there is none."""
    consensus = inputs.consensus
    if consensus is None:
        return "the analysts have not agreed on anything yet"
    if not (0.0 <= consensus.p_up <= 1.0 and 0.0 <= consensus.agreement <= 1.0):
        return "the consensus holds no probability"
    age = inputs.as_of - consensus.as_of
    if age < 0:
        return f"the consensus of {iso(consensus.as_of)} is later than the decision"
    if age > MAX_AGE:
        return f"stale: the last consensus is of {iso(consensus.as_of)}"
    return consensus
