"""What the analysts agree on, when enough of them vote.

p = .4 p_g + .6 p_s, where

- p_g = sum(w p) / sum(w) over the generalists' votes, w = the share of their predictions that came
  true (``track_record``)
- p_s = the mean of the personas' votes
- where they answer about symbols, all are equal and weigh by confidence: LOW .5, MED 1, HIGH 1.5
- a group without a vote leaves all to the other

agreement = max(bulls, bears) / votes, with bulls above .55 and bears below .45; the neutral stay in
the denominator. It is a count of correlated opinions, not a probability. Fewer votes than the
quorum are no consensus: nothing is made up or carried over.

Units: probability; entropy in bits, 0 (one side) to 1.585 (three equal thirds). Source: groups,
thresholds and quorum are the product's description; the weights of confidence are ours; the
entropy is Shannon's, A Mathematical Theory of Communication, Bell System Technical Journal 27, 1948.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from babingepet.errors import InputError
from babingepet.swarm.agents import Agent, Group, Roster, Subject
from babingepet.swarm.answers import Answer, Confidence, State, silent

GENERALISTS, PERSONAS = 0.40, 0.60
"""Shares of the two groups."""
BULL, BEAR = 0.55, 0.45
"""A vote above the one is a bull's, below the other a bear's."""
ROUNDING = 1e-12
"""A vote this close to a threshold is on it: neutral."""
UNPROVEN = 0.5
"""Weight of a generalist without a record: (0 + 5) / (0 + 10)."""
CONFIDENCE_WEIGHTS: Mapping[Confidence, float] = {
    Confidence.LOW: 0.5,
    Confidence.MED: 1.0,
    Confidence.HIGH: 1.5,
}

_IN_WORDS: Mapping[State, str] = {
    State.ABSTAIN: "abstained",
    State.INVALID: "gave no valid answer",
    State.TIMEOUT: "did not answer in time",
    State.BUDGET_STOPPED: "not asked, the money was spent",
    State.STALE_INPUT: "not asked, the facts were too old",
    State.UNAVAILABLE: "unavailable",
}


@dataclass(frozen=True, slots=True)
class Agreed:
    """A consensus.

    Attributes:
        p_up: Probability that the price is higher at the horizon.
        p_generalists: Of the generalists alone; None when none voted.
        p_personas: Of the personas alone; None when none voted.
        bulls: Votes above .55.
        bears: Votes below .45.
        valid: Votes.
        asked: Agents of the roster.
        agreement: Share of the votes on the larger side, 0 to 1.
        side: 1 bullish, -1 bearish, 0 when neither side is larger.
        entropy: Of the shares of bulls, bears and neutral votes, in bits.
        pairwise: Mean distance of two votes, 0 to .98.
        degraded: Whether an agent of the roster did not vote.
        is_low: Whether most votes about a symbol are of LOW confidence, which bars the pick.
    """

    p_up: float
    p_generalists: float | None
    p_personas: float | None
    bulls: int
    bears: int
    valid: int
    asked: int
    agreement: float
    side: int
    entropy: float
    pairwise: float
    degraded: bool
    is_low: bool


@dataclass(frozen=True, slots=True)
class NoQuorum:
    """Too few votes for a consensus.

    Attributes:
        valid: Votes.
        needed: Votes that were needed.
        asked: Agents of the roster.
        reason: The same, and what became of the others, in a sentence.
    """

    valid: int
    needed: int
    asked: int
    reason: str


def agree(
    roster: Roster, answers: Iterable[Answer], weights: Mapping[str, float]
) -> Agreed | NoQuorum:
    """Put the answers about one instrument together; their order does not matter.

    An agent of the roster without an answer is unavailable.

    Args:
        roster: Who was asked.
        answers: At most one an agent.
        weights: Of the generalists, by name, positive; one without a record weighs .5.

    Raises:
        InputError: An answer is of nobody on the roster, an agent answers twice, or a weight is
            not positive.
    """
    _expect_weights(weights)
    by_agent = _by_agent(roster, answers)
    votes = [
        _Vote(agent, answer.p_up, answer.confidence)
        for agent, answer in zip(roster.agents, by_agent.values(), strict=True)
        if answer.p_up is not None and answer.confidence is not None
    ]
    if len(votes) < roster.quorum:
        return NoQuorum(len(votes), roster.quorum, len(by_agent), _why_none(roster, by_agent))
    weighted = [(vote, _weight(roster, vote, weights)) for vote in votes]
    means = {group: _mean(weighted, group) for group in {vote.agent.group for vote in votes}}
    bulls = sum(vote.p_up > BULL + ROUNDING for vote in votes)
    bears = sum(vote.p_up < BEAR - ROUNDING for vote in votes)
    low = sum(vote.confidence is Confidence.LOW for vote in votes)
    return Agreed(
        p_up=_blend(means),
        p_generalists=means.get(Group.GENERALIST),
        p_personas=means.get(Group.PERSONA),
        bulls=bulls,
        bears=bears,
        valid=len(votes),
        asked=len(by_agent),
        agreement=max(bulls, bears) / len(votes),
        side=(bulls > bears) - (bears > bulls),
        entropy=entropy((bulls, len(votes) - bulls - bears, bears)),
        pairwise=_pairwise(votes),
        degraded=len(votes) < len(by_agent),
        is_low=roster.subject is Subject.SYMBOLS and 2 * low > len(votes),
    )


class _Vote(NamedTuple):
    agent: Agent
    p_up: float
    confidence: Confidence


def _by_agent(roster: Roster, answers: Iterable[Answer]) -> Mapping[str, Answer]:
    """The answers in the order of the roster."""
    given: dict[str, Answer] = {}
    for answer in answers:
        if answer.agent not in roster.names:
            raise InputError(f"answers: {answer.agent} is not on the roster of {roster.market}.")
        if answer.agent in given:
            raise InputError(f"answers: {answer.agent} answers twice.")
        given[answer.agent] = answer
    return {
        name: given.get(name) or silent(name, State.UNAVAILABLE, "it was not asked")
        for name in roster.names
    }


def _expect_weights(weights: Mapping[str, float]) -> None:
    for name, weight in weights.items():
        if not 0.0 < weight < math.inf:
            raise InputError(f"weights: {name} weighs {weight}; a weight is positive and finite.")


def _weight(roster: Roster, vote: _Vote, weights: Mapping[str, float]) -> float:
    if roster.subject is Subject.SYMBOLS:
        return CONFIDENCE_WEIGHTS[vote.confidence]
    if vote.agent.group is Group.GENERALIST:
        return weights.get(vote.agent.name, UNPROVEN)
    return 1.0


def _mean(weighted: Sequence[tuple[_Vote, float]], group: Group) -> float:
    """Weighted mean of the votes of a group that has some, summed in the order of the roster."""
    total, weight = 0.0, 0.0
    for vote, of_vote in weighted:
        if vote.agent.group is group:
            total += of_vote * vote.p_up
            weight += of_vote
    return total / weight


def _blend(by_group: Mapping[Group, float]) -> float:
    """The groups that voted, by their shares; of two the shares sum to 1."""
    if len(by_group) == 1:
        return next(iter(by_group.values()))
    return GENERALISTS * by_group[Group.GENERALIST] + PERSONAS * by_group[Group.PERSONA]


def entropy(counts: Iterable[int]) -> float:
    """Disagreement of counts in bits: -sum(s log2 s) over their shares.

    Example:
        >>> entropy((2, 0, 2))
        1.0
    """
    counted = [count for count in counts if count]
    n = sum(counted)
    return math.fsum(count / n * math.log2(n / count) for count in counted)


def _pairwise(votes: Sequence[_Vote]) -> float:
    """Mean distance of two votes; a quorum holds two."""
    distances = [abs(one.p_up - other.p_up) for one, other in combinations(votes, 2)]
    return math.fsum(distances) / len(distances)


def _why_none(roster: Roster, by_agent: Mapping[str, Answer]) -> str:
    """How many voted, how many were needed, and what became of the others."""
    names: dict[State, list[str]] = {state: [] for state in State}
    for name, answer in by_agent.items():
        names[answer.state].append(name)
    others = [
        f"{', '.join(names[state])}: {words}" for state, words in _IN_WORDS.items() if names[state]
    ]
    voted = (
        f"{len(names[State.VOTE])} of {len(by_agent)} analysts voted, {roster.quorum} are needed"
    )
    return "; ".join([voted, *others])
