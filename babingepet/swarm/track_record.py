"""How often one agent was right, over its last 50 predictions whose outcome was known.

weight = (hits + 5) / (n + 10): its share of hits, drawn towards one half while little is known. A hit
is a p on the side the price went to: (p - .5) * return > 0. A p of .5 takes no side and a return of
0 has none: both are left out of n, not replaced by older predictions. Predictions of more than two
days ago do not weigh: so a round is the same wherever a replay began.

Units: probability; returns over the horizon as fractions. Source: fifty predictions are the
product's description; the prior, Laplace's rule with ten imagined predictions, is ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from babingepet.market.frames import Floats, Ints
from babingepet.market.intervals import DAY

MEMORY = 2 * DAY
"""Age up to which a prediction weighs; fifty of them, one every 20 minutes, take 17 hours."""
WINDOW = 50
"""Predictions that count, and that an agent is shown of its own."""
PRIOR_HITS, PRIOR_N = 5, 10
"""Imagined hits of imagined predictions."""
NO_SIDE = 0.5


class Prediction(NamedTuple):
    """One vote whose outcome is known."""

    as_of: int
    """When the agent was asked, UTC milliseconds."""
    resolved_at: int
    """When its outcome became known."""
    p_up: float
    outcome: float
    """Return over the horizon."""

    @property
    def came_up(self) -> bool:
        """Whether the price was higher, which is what p_up is the probability of."""
        return self.outcome > 0.0


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """Hits of the n predictions that took a side."""

    hits: int
    n: int

    @property
    def weight(self) -> float:
        """Weight of a generalist's vote."""
        return (self.hits + PRIOR_HITS) / (self.n + PRIOR_N)


class PromptRow(NamedTuple):
    """One of an agent's own predictions, as it is shown to it."""

    as_of: int
    p_up: float
    outcome: float
    brier: float
    """Mean squared error of this prediction and the shown ones before it."""


def known(predictions: Iterable[Prediction], as_of: int) -> tuple[Prediction, ...]:
    """The last 50 resolved by ``as_of``, oldest first; their order when given does not matter."""
    return tuple(sorted(p for p in predictions if p.resolved_at <= as_of))[-WINDOW:]


def track_record(predictions: Iterable[Prediction], as_of: int) -> TrackRecord:
    """Hits of one agent among the last 50 predictions resolved by ``as_of``.

    Example:
        >>> right, wrong = Prediction(0, 60, 0.7, 0.01), Prediction(20, 80, 0.7, -0.01)
        >>> track_record([right, wrong, wrong._replace(p_up=0.5)], as_of=80)
        TrackRecord(hits=1, n=2)
    """
    sided = [
        (prediction.p_up - NO_SIDE) * prediction.outcome
        for prediction in known(predictions, as_of)
        if prediction.as_of >= as_of - MEMORY
        and prediction.p_up != NO_SIDE
        and prediction.outcome != 0.0
    ]
    return TrackRecord(sum(product > 0.0 for product in sided), len(sided))


def prompt_rows(predictions: Iterable[Prediction], as_of: int) -> tuple[PromptRow, ...]:
    """One agent's last 50 predictions resolved by ``as_of``, newest first."""
    rows: list[PromptRow] = []
    total = 0.0
    for n, prediction in enumerate(known(predictions, as_of), start=1):
        total += (prediction.p_up - prediction.came_up) ** 2
        rows.append(PromptRow(prediction.as_of, prediction.p_up, prediction.outcome, total / n))
    return tuple(reversed(rows))


def weights(
    names: Iterable[str], predictions: Mapping[str, Iterable[Prediction]], as_of: int
) -> dict[str, float]:
    """Weight of each agent by its own predictions; one without any weighs .5."""
    return {name: track_record(predictions.get(name, ()), as_of).weight for name in names}


def weight_series(as_ofs: Ints, votes: Floats, outcomes: Floats, horizon: int) -> Floats:
    """``track_record(...).weight`` of one agent at every round.

    Args:
        as_ofs: When the rounds were held, ascending, (n,).
        votes: Its vote in each; NaN where it had none.
        outcomes: Return over the horizon of each; NaN where it is not known.
        horizon: From a round to its outcome, ms.
    """
    counts = ~np.isnan(votes) & ~np.isnan(outcomes)
    times, sides = as_ofs[counts], (votes[counts] - NO_SIDE) * outcomes[counts]
    hits = np.concatenate([[0], np.cumsum(sides > 0.0)])
    sided = np.concatenate([[0], np.cumsum(sides != 0.0)])
    stop = np.searchsorted(times, as_ofs - horizon, side="right")
    first = np.maximum(stop - WINDOW, np.searchsorted(times, as_ofs - MEMORY))
    first = np.minimum(first, stop)
    n = sided[stop] - sided[first]
    weights: Floats = (hits[stop] - hits[first] + PRIOR_HITS) / (n + PRIOR_N)
    return weights
