"""A round of the analysts, whole: what each said, what they agreed on, what became of earlier votes.

What does not belong here: what they say, and asking them.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from babingepet_resources.warehouse import context_feeds, predictions, swarm
from babingepet_resources.warehouse.facts import insert_once
from babingepet_resources.warehouse.records import ReasoningRecord, RoundRecord
from babingepet_resources.warehouse.tables import crypto_ai_reasoning_log


def write(
    connection: Connection, record: RoundRecord, reasoning: Sequence[ReasoningRecord] = ()
) -> None:
    """Store a round; what is stored of it already stays as it is.

    Args:
        connection: A writing connection.
        record: The round.
        reasoning: What it says of itself, beside a decision that is stored.

    Raises:
        InputError: A row of it is not in its ranges; nothing was written.
        IntegrityBroken: Of the reasoning: there is no such decision.
    """
    insert_once(connection, crypto_ai_reasoning_log, reasoning, compared=("text",))
    predictions.resolve(connection, record.outcomes)
    predictions.insert(connection, record.predictions)
    swarm.insert(connection, record.verdicts)
    context_feeds.note(connection, record.checks)
