"""The embedded analysts beside the loop: asked once in twenty minutes, on what a decision knew.

A round is written in the transaction of the decision whose facts it read, so that a loop that dies
leaves both or neither, and is read from the next decision on. Generalists weigh by their votes of
the last two days, which are remembered; whoever loads the loop's memory reads them back.

Does not belong here: what the analysts say (``babingepet.swarm``), what a round is and how it is
stored (``swarm.records``), rounds of models (``swarm.rounds``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from babingepet.cycles.btc_reading import btc_reading
from babingepet.market.frames import Candles
from babingepet.replay.analysts import EVERY, HORIZON
from babingepet.signals.inputs import SignalInputs
from babingepet.swarm.analysts.btc import btc_answers
from babingepet.swarm.consensus import agree
from babingepet.swarm.rosters import BTC, RULES
from babingepet.swarm.track_record import MEMORY
from babingepet_resources.warehouse import predictions
from babingepet_services.swarm.records import (
    GENERALISTS,
    Round,
    Vote,
    outcomes_of,
    votes_of_generalists,
    weights_of,
)


@dataclass
class EmbeddedAnalysts:
    """What is remembered of earlier rounds.

    Attributes:
        last: End of the minute of the last round; None before the first.
        votes: The generalists' votes of the last two days.
        outcomes: Returns that are known, by the time they were asked at.
    """

    last: int | None = None
    votes: list[Vote] = field(default_factory=list)
    outcomes: dict[int, float] = field(default_factory=dict)

    def hold(self, inputs: SignalInputs, scores: Mapping[str, float | None]) -> Round | None:
        """Ask all nine, unless they were asked in these twenty minutes; nothing is remembered."""
        as_of = inputs.as_of
        if self.last is not None and self.last // EVERY == as_of // EVERY:
            return None
        fresh = self._new_outcomes(inputs.minutes, as_of)
        known = self.outcomes | fresh
        weighed = weights_of(self.votes, known, as_of)
        answers = btc_answers(btc_reading(inputs, scores))
        return Round(as_of, answers, agree(BTC, answers, weighed), weighed, fresh)

    def take_over(self, held: Round) -> None:
        """Remember a round that is written."""
        since = held.as_of - MEMORY
        said = [Vote(held.as_of, a.agent, a.p_up) for a in held.answers if a.p_up is not None]
        votes = [vote for vote in said if vote.agent in GENERALISTS]
        self.last = held.as_of
        self.votes = [vote for vote in (*self.votes, *votes) if vote.asked >= since]
        known = self.outcomes | held.outcomes
        self.outcomes = {asked: value for asked, value in known.items() if asked >= since}

    def _new_outcomes(self, minutes: Candles, as_of: int) -> dict[int, float]:
        waiting = {vote.asked for vote in self.votes if vote.asked + HORIZON <= as_of}
        return outcomes_of(waiting - self.outcomes.keys(), minutes)


def load_analysts(connection: Connection, as_of: int) -> EmbeddedAnalysts:
    """What the loop before remembered."""
    rows = predictions.since(connection, BTC.market, RULES, as_of - MEMORY)
    return EmbeddedAnalysts(
        last=max((row.as_of for row in rows), default=None),
        votes=votes_of_generalists(rows),
        outcomes={row.as_of: row.outcome for row in rows if row.outcome is not None},
    )
