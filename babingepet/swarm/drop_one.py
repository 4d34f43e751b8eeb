"""What each agent is worth: the consensus without it, and the split of what all came to.

Whatever is measured of a consensus (net profit of a replay, its Brier score) is measured with all
agents, without any, and without each one. Then

    effect of all = value(all) - value(none)
    marginal of i = value(all) - value(all but i)
    effect of all = sum of the marginals + interaction

The interaction is what no agent loses alone: positive when agents repeat each other (dropping one
of two twins costs nothing, dropping both all), negative when they need each other (dropping either
costs all, and it is counted twice). It is stated beside the marginals, never spread over them.

Replaying with one agent less, and measuring, belongs to services; answers are read from the store,
so that nobody is asked again.

Units: those of the value. Source: ablation is folklore; the interaction is its remainder, by
definition.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from babingepet.errors import InputError
from babingepet.swarm.agents import Roster
from babingepet.swarm.answers import Answer
from babingepet.swarm.consensus import Agreed, NoQuorum, agree


@dataclass(frozen=True, slots=True)
class Split:
    """The effect of all agents, split.

    Attributes:
        effect: Value with all agents less the value with none.
        marginals: By agent, value with all less the value without it.
        interaction: Effect less the sum of the marginals.
    """

    effect: float
    marginals: Mapping[str, float]
    interaction: float


def without(
    roster: Roster, answers: Iterable[Answer], agent: str, weights: Mapping[str, float]
) -> Agreed | NoQuorum:
    """The consensus had one agent not answered; quorum and weights stay.

    Raises:
        InputError: The agent is not on the roster, or as ``agree`` says.
    """
    if agent not in roster.names:
        raise InputError(f"agent: {agent} is not on the roster of {roster.market}.")
    return agree(roster, (answer for answer in answers if answer.agent != agent), weights)


def without_each(
    roster: Roster, answers: Iterable[Answer], weights: Mapping[str, float]
) -> Mapping[str, Agreed | NoQuorum]:
    """The consensus without each agent of the roster, by its name."""
    given = tuple(answers)
    return {name: without(roster, given, name, weights) for name in roster.names}


def split(with_all: float, with_none: float, without_one: Mapping[str, float]) -> Split:
    """Split what all agents came to.

    Args:
        with_all: Value with all agents.
        with_none: Value without any consensus.
        without_one: Value without each agent, by its name.

    Raises:
        InputError: A value is not finite; it is named.

    Example:
        >>> split(10.0, 0.0, {"one": 10.0, "its twin": 10.0}).interaction
        10.0
    """
    for name, value in {"all": with_all, "none": with_none, **without_one}.items():
        if not math.isfinite(value):
            raise InputError(f"value: with or without {name} it is {value}, not a number.")
    effect = with_all - with_none
    marginals = {name: with_all - value for name, value in without_one.items()}
    return Split(effect, marginals, effect - math.fsum(marginals.values()))
