"""A round of the analysts, whole: what each said, what they agreed on, what became of earlier votes.

What does not belong here: what they say, and asking them.
"""

from __future__ import annotations

from sqlalchemy import Connection

from babingepet_resources.warehouse import context_feeds, predictions, swarm
from babingepet_resources.warehouse.records import RoundRecord


def write(connection: Connection, record: RoundRecord) -> None:
    """Store a round; what is stored of it already stays as it is.

    Raises:
        InputError: A row of it is not in its ranges; nothing was written.
    """
    predictions.resolve(connection, record.outcomes)
    predictions.insert(connection, record.predictions)
    swarm.insert(connection, record.verdicts)
    context_feeds.note(connection, record.checks)
