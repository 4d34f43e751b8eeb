"""``consensus.agree`` about one instrument at every moment at once, for a replay that walks years.

The formulas, thresholds and order of summing are those of ``consensus``, so that every moment has the
very bits of a live round. Only votes come in: what became of the other questions has no columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from babingepet.errors import InputError
from babingepet.market.frames import Codes, Floats, Ints
from babingepet.swarm.agents import Group, Roster, Subject
from babingepet.swarm.consensus import BEAR, BULL, GENERALISTS, PERSONAS, ROUNDING, UNPROVEN


@dataclass(frozen=True, eq=False)
class ConsensusSeries:
    """One row a moment.

    Shape: (n,) each, in the order of the votes.
    """

    p_up: Floats
    """Probability that the price is higher at the horizon; NaN without a quorum."""
    agreement: Floats
    """Share of the votes on the larger side; NaN without a quorum."""
    side: Codes
    """1, -1, or 0 when neither side is larger or there is no quorum."""
    valid: Ints
    """Votes."""


def agree_series(
    roster: Roster, votes: Floats, weights: Mapping[str, float | Floats]
) -> ConsensusSeries:
    """Put the votes of every moment together.

    Args:
        roster: Of a market with one instrument: confidence has no columns.
        votes: Shape (agents, n) in the order of the roster; NaN is no vote.
        weights: Of the generalists by name, one number or one a moment; one without weighs .5.

    Raises:
        InputError: The roster answers about symbols, the rows are not its agents, or a weight is
            not positive.
    """
    _expect(roster, votes, weights)
    generalists = group_series(roster, votes, Group.GENERALIST, weights)
    personas = group_series(roster, votes, Group.PERSONA, weights)
    both = GENERALISTS * generalists + PERSONAS * personas
    p_up = np.where(
        np.isnan(generalists), personas, np.where(np.isnan(personas), generalists, both)
    )
    valid = np.count_nonzero(~np.isnan(votes), axis=0)
    bulls = np.count_nonzero(votes > BULL + ROUNDING, axis=0)
    bears = np.count_nonzero(votes < BEAR - ROUNDING, axis=0)
    enough = valid >= roster.quorum
    return ConsensusSeries(
        p_up=np.where(enough, p_up, np.nan),
        agreement=np.where(enough, np.maximum(bulls, bears) / np.maximum(valid, 1), np.nan),
        side=np.where(enough, np.sign(bulls - bears), 0).astype(np.int8),
        valid=valid.astype(np.int64),
    )


def _expect(roster: Roster, votes: Floats, weights: Mapping[str, float | Floats]) -> None:
    if roster.subject is not Subject.MARKET:
        raise InputError(f"roster: {roster.market} answers about symbols, which has no series.")
    if votes.ndim != 2 or len(votes) != len(roster.agents):  # noqa: PLR2004
        raise InputError(
            f"votes: shape {votes.shape}, needed is ({len(roster.agents)}, moments) for"
            f" {roster.market}."
        )
    for name, weight in weights.items():
        if not np.all(np.isfinite(weight) & (np.asarray(weight) > 0.0)):
            raise InputError(f"weights: those of {name} are not all positive and finite.")


def group_series(
    roster: Roster, votes: Floats, group: Group, weights: Mapping[str, float | Floats]
) -> Floats:
    """Weighted mean of a group's votes at every moment; NaN where it has none."""
    is_proven = group is Group.GENERALIST
    members = [
        (weights.get(agent.name, UNPROVEN) if is_proven else 1.0, of_agent)
        for agent, of_agent in zip(roster.agents, votes, strict=True)
        if agent.group is group
    ]
    return weighted_mean(members, votes.shape[1])


def weighted_mean(columns: Iterable[tuple[float | Floats, Floats]], moments: int) -> Floats:
    """Mean of weighted columns, summed in their order; NaN is left out, nothing left is NaN."""
    total, weight = np.zeros(moments), np.zeros(moments)
    for share, column in columns:
        is_there = ~np.isnan(column)
        total += np.where(is_there, share * column, 0.0)
        weight += np.where(is_there, share, 0.0)
    mean = np.full(moments, np.nan)
    np.divide(total, weight, out=mean, where=weight > 0.0)
    return mean
