"""Which models are left alone for a while: five failures in a row, and no credit.

What belongs here: what counts as a failure and for how long a model rests. What does not: the rows
and who may claim a trial (``warehouse.swarm_models``). The database remembers, since each round is
a program of its own.
"""

from __future__ import annotations

from sqlalchemy import Connection

from babingepet.market.intervals import HOUR, MINUTE
from babingepet_resources.clients.openrouter.values import Attempt, Status
from babingepet_resources.warehouse import swarm_models
from babingepet_resources.warehouse.records import ModelRecord

MOST_FAILURES = 5
"""In a row, after which a model rests."""

REST = HOUR
"""How long, ms."""

TRIAL = MINUTE
"""For how long whoever tries a rested model is the only one, ms: three times as long as an attempt."""

EVERY_MODEL = "*"
"""Row of what holds for the key and so for all models: that its credit is used up."""

_SAY_NOTHING = {Status.UNREACHABLE, Status.UNAUTHORIZED, Status.UNSUPPORTED}
"""Ends that are no model's doing: our network, our key, our request."""


def refusal(connection: Connection, model: str, now: int) -> str | None:
    """Why a model must not be asked now; None when it may, perhaps as the one trial of it.

    Args:
        connection: A writing connection.
        model: Who is to be asked.
        now: UTC ms.
    """
    rows = [row for row in swarm_models.read(connection, [EVERY_MODEL, model]) if row.open_until]
    for row in rows:
        if row.open_until is not None and row.open_until > now:
            return _sentence(row)
    for row in rows:
        if not swarm_models.claim_trial(connection, row.model, now=now, until=now + TRIAL):
            return _sentence(row)
    return None


def note(connection: Connection, model: str, attempt: Attempt, *, asked_at: int, now: int) -> None:
    """Let an attempt count for or against its model.

    Args:
        connection: A writing connection.
        model: Who was asked.
        attempt: How it ended.
        asked_at: When it was asked, UTC ms.
        now: UTC ms.
    """
    reason = f"{attempt.status}: {attempt.detail}"
    both = [EVERY_MODEL, model]
    if attempt.status is Status.ANSWERED:
        swarm_models.recover(connection, both, asked_at=asked_at, now=now)
    elif attempt.status in _SAY_NOTHING:
        swarm_models.give_back(connection, both, asked_at=asked_at, now=now)
    elif attempt.status is Status.OUT_OF_CREDIT:
        swarm_models.rest(connection, EVERY_MODEL, reason, now=now, until=now + REST)
    else:
        swarm_models.fail(connection, model, reason, now=now, most=MOST_FAILURES, until=now + REST)


def _sentence(row: ModelRecord) -> str:
    who = "Every model" if row.model == EVERY_MODEL else row.model
    return f"{who} rests after {row.failures} failures in a row; the last one: {row.reason}"
