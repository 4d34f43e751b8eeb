"""What each analyst said in the rounds of a period: made by the embedded ones, or read from the store.

Nobody is asked a model's question here: what was not stored is not there. Belongs here: rounds as
arrays. Does not belong here: what they were worth (``value``), whether they came true
(``calibrated``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from babingepet.errors import InputError
from babingepet.market.frames import Bools, Floats
from babingepet.replay.analysts import Answers, begin_of, weigh
from babingepet.swarm.answers import State
from babingepet.swarm.rosters import BTC, RULES
from babingepet_resources.warehouse import predictions, swarm
from babingepet_resources.warehouse.records import PredictionRecord, VerdictRecord

Names = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Said:
    """Rounds, and who said what in them.

    Shape: rounds in the order of ``answers``; tables (agents, n) in the order of the roster.

    Attributes:
        answers: The votes, and what came of them.
        states: ``State`` of each answer.
        models: That answered; None without an answer.
        providers: Of each round.
        left_out: Stored verdicts of the period that no stored answers belong to.
        unlike: Rounds of the period whose stored verdict is not what the answers come to.
    """

    answers: Answers
    states: Names
    models: Names
    providers: tuple[str, ...]
    left_out: int = 0
    unlike: int = 0

    def within(self, start: int, end: int) -> Bools:
        """Which rounds read the facts of start <= as_of < end."""
        mask: Bools = (self.answers.as_of >= start) & (self.answers.as_of < end)
        return mask


def said_by_rules(answers: Answers) -> Said:
    """What the embedded analysts said."""
    votes = answers.votes
    return Said(
        answers,
        np.where(np.isnan(votes), State.ABSTAIN.value, State.VOTE.value).astype(object),
        np.full(votes.shape, RULES, dtype=object),
        (RULES,) * votes.shape[1],
    )


def said_live(connection: Connection, symbol: str, start: int, end: int) -> Said:
    """What was stored of the rounds that decisions with start <= as_of < end depend on.

    Raises:
        InputError: No answer is stored, or one is of nobody on the roster.
    """
    since = begin_of(start)
    by_round: dict[tuple[int, str], list[PredictionRecord]] = defaultdict(list)
    for one in predictions.between(connection, BTC.market, since, end):
        if one.symbol == symbol:
            by_round[one.as_of, one.provider].append(one)
    verdicts = swarm.read(connection, BTC.market, since, end)
    if not by_round:
        raise InputError(
            f"--replay-ai stored: no answer of an analyst about {symbol} is stored in this period"
        )
    told = {(one.as_of, one.provider): one for one in verdicts}
    rounds = [_Round.of(answers, told.get(key)) for key, answers in by_round.items()]
    rounds.sort(key=lambda one: (one.as_of, one.known_at, one.provider))
    answers = _answers(rounds)
    return Said(
        answers,
        _table(rounds, "states"),
        _table(rounds, "models"),
        tuple(one.provider for one in rounds),
        left_out=sum(key not in by_round and key[0] >= start for key in told),
        unlike=_unlike(rounds, answers, start),
    )


@dataclass(frozen=True)
class _Round:
    as_of: int
    provider: str
    known_at: int
    votes: Sequence[float]
    states: Sequence[str]
    models: Sequence[str | None]
    outcome: float
    verdict: VerdictRecord | None

    @classmethod
    def of(cls, answers: Sequence[PredictionRecord], verdict: VerdictRecord | None) -> _Round:
        by_agent = {one.agent: one for one in answers}
        if unknown := sorted(by_agent.keys() - set(BTC.names)):
            raise InputError(f"crypto_ai_predictions: {unknown[0]} is none of the nine analysts")
        seats = [by_agent.get(name) for name in BTC.names]
        outcomes = (one.outcome for one in answers if one.outcome is not None)
        last = max(one.known_at for one in answers)
        return cls(
            as_of=answers[0].as_of,
            provider=answers[0].provider,
            known_at=last if verdict is None else verdict.known_at,
            votes=[np.nan if one is None or one.p_up is None else one.p_up for one in seats],
            states=[State.UNAVAILABLE if one is None else one.state for one in seats],
            models=[None if one is None else one.model for one in seats],
            outcome=next(outcomes, np.nan),
            verdict=verdict,
        )


def _answers(rounds: Sequence[_Round]) -> Answers:
    as_of = np.array([one.as_of for one in rounds])
    votes = np.array([one.votes for one in rounds], dtype=np.float64).T
    outcomes = np.array([one.outcome for one in rounds], dtype=np.float64)
    weights = _weights(rounds, votes, outcomes)
    return Answers(as_of, np.array([one.known_at for one in rounds]), votes, weights, outcomes)


def _weights(rounds: Sequence[_Round], votes: Floats, outcomes: Floats) -> Mapping[str, Floats]:
    """The weights that a verdict was made with; where it does not tell, those of the record then.

    Each provider has a record of its own.
    """
    weights: dict[str, Floats] = defaultdict(lambda: np.empty(len(rounds)))
    providers = np.array([one.provider for one in rounds])
    as_ofs = np.array([one.as_of for one in rounds])
    for provider in np.unique(providers):
        mine = providers == provider
        for name, values in weigh(as_ofs[mine], votes[:, mine], outcomes[mine]).items():
            weights[name][mine] = values
    for row, one in enumerate(rounds):
        detail: Mapping[str, Any] = {} if one.verdict is None else one.verdict.detail
        told = detail.get("weights", {})
        for name in weights.keys() & told.keys():
            weights[name][row] = told[name]
    return dict(weights)


def _table(rounds: Sequence[_Round], field: str) -> Names:
    return np.array([getattr(one, field) for one in rounds], dtype=object).T


def _unlike(rounds: Sequence[_Round], answers: Answers, start: int) -> int:
    agreed = answers.agree()
    stored = [
        (np.nan, np.nan, 0) if v is None else (v.p_up, v.agreement, v.side)
        for v in (one.verdict for one in rounds)
    ]
    made = np.array([agreed.p_up, agreed.agreement, agreed.side]).T
    same = (made == stored) | (np.isnan(made) & np.isnan(stored))
    return int(np.count_nonzero(~same.all(axis=1) & (answers.as_of >= start)))
