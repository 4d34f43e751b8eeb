"""A round of the analysts as people and scripts read it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from babingepet_resources.warehouse import swarm

NEVER = 2**62
"""Later than any time: a made-up market may be ahead of this machine's clock."""


def newest_verdict(
    connection: Connection, market: str, *, known_until: int = NEVER
) -> dict[str, Any] | None:
    """The newest verdict with every answer behind it, as JSON values; None without any.

    Keys: as_of, provider, p_up, agreement, side, valid, and those of its detail (p_generalists,
    p_personas, bulls, bears, asked, entropy, pairwise, weights{}, answers[]). Times are UTC ms.
    """
    consensus = swarm.latest(connection, market, known_until=known_until)
    if consensus is None:
        return None
    detail = swarm.detail(connection, market, consensus.as_of, consensus.provider)
    return {**consensus._asdict(), **(detail or {})}
