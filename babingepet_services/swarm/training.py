"""Which models gave the votes of a period, and whether they may have read what came of it.

A model that was trained on the hours it is asked about does not predict them. Belongs here: votes
against cut-off dates. Does not belong here: the dates (``clients.openrouter.catalogue``).
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np

from babingepet.market.frames import Bools
from babingepet.market.intervals import SECOND
from babingepet.swarm.answers import State
from babingepet.swarm.rosters import BTC, RULES
from babingepet_resources.clients.openrouter.catalogue import Cutoff, model_named
from babingepet_services.swarm.said import Said

UNKNOWN, UNTRAINED, ALL, SOME, NONE = "unknown", "untrained", "all", "some", "none"
"""Of a model's votes, how many are about hours before the end of its training."""


def models_of(said: Said, within: Bools) -> list[dict[str, Any]]:
    """A row a model that voted, by name, as JSON values.

    Args:
        said: Who said what.
        within: Rounds that count.
    """
    votes = (said.states == State.VOTE.value) & within & (said.models != np.array(None))
    names = sorted({str(name) for name in said.models[votes]})
    return [_row(said, votes & (said.models == name), name) for name in names]


def cutoff_of(model: str | None) -> Cutoff | None:
    """Up to where a model has read; None where nobody said, and for the rules, which read nothing."""
    return None if model in {None, RULES} else model_named(model).cutoff


def is_before_cutoff(model: str | None, as_of: int) -> bool | None:
    """Whether a model may have read what came of a moment; None when nobody said how far it read."""
    cutoff = cutoff_of(model)
    if cutoff is None:
        return False if model == RULES else None
    return as_of < _end_of(cutoff)


def _row(said: Said, votes: Bools, model: str) -> dict[str, Any]:
    cutoff = cutoff_of(model)
    count = int(votes.sum())
    row: dict[str, Any] = {
        "model": model,
        "agents": [name for name, mine in zip(BTC.names, votes, strict=True) if mine.any()],
        "votes": count,
        "cutoff": None,
        "cutoff_source": None,
        "votes_before_cutoff": 0 if model == RULES else None,
        "before_cutoff": UNTRAINED if model == RULES else UNKNOWN,
    }
    if cutoff is None:
        return row
    before = int((votes & (said.answers.as_of < _end_of(cutoff))).sum())
    return row | {
        "cutoff": cutoff.last_day.isoformat(),
        "cutoff_source": cutoff.source,
        "votes_before_cutoff": before,
        "before_cutoff": ALL if before == count else SOME if before else NONE,
    }


def _end_of(cutoff: Cutoff) -> int:
    """The first moment after the last day that the model may know, UTC ms."""
    midnight = datetime.combine(cutoff.last_day + timedelta(days=1), time(), UTC)
    return int(midnight.timestamp()) * SECOND
