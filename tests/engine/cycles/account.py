"""Plays minutes through the compiled cycle, one after the other; the test names what differs."""

from __future__ import annotations

from typing import Any

import numpy as np

from babingepet.cycles.btc_minute import btc_minute
from babingepet.cycles.btc_values import AccountMinute, Vote
from babingepet.domain.codes import failing
from babingepet.market.intervals import MINUTE
from babingepet.signals.registry import BASE_WEIGHTS
from tests import factories as f

HOLD = f.scores(others=0.0)
BUY, SELL = f.scores(others=0.25), f.scores(others=-0.25)
"""A score of .22: above the plain threshold, below the strong one."""
STRONG_BUY, STRONG_SELL = f.scores(others=0.5), f.scores(others=-0.5)

WEIGHTS = np.array(BASE_WEIGHTS)
ALL = np.ones(len(WEIGHTS), np.bool_)


class Account:
    """An account whose minutes follow each other from ``time`` on.

    Args:
        overrides: Settings as ``key=value``.
        time: Open of the first minute.
        capital: Starting cash.
        parts: Parts of the starting state.
    """

    def __init__(
        self, *overrides: str, time: int = f.NOON, capital: float = 1_000.0, **parts: Any
    ) -> None:
        self.settings = f.settings(*overrides)
        self.state = f.state(capital, **parts)
        self.time = time
        self.account: AccountMinute
        self.vote: Vote

    def minute(self, *ohlc: float, scores: Any = HOLD, market: Any = None, **bar: Any) -> Account:
        """Play one minute; without prices it stays at 100."""
        self.state, self.account, self.vote = btc_minute(
            self.state,
            f.bar(*(ohlc or (100.0,)), time=self.time, **bar),
            scores,
            WEIGHTS,
            ALL,
            market or f.market(),
            self.settings,
        )
        self.time += MINUTE
        return self

    def miss(self, minutes: int = 1) -> Account:
        """Let minutes pass without a cycle."""
        self.time += minutes * MINUTE
        return self

    @property
    def blocked(self) -> list[str]:
        """Failing gates of the last minute."""
        return [gate.name for gate in failing(self.vote.blocked)]

    @property
    def ordered(self) -> int:
        """Side of the order that the last minute gave, 0 for none."""
        return int(self.state.order.side)

    @property
    def shadowed(self) -> int:
        """Side of the shadow order that the last minute gave, 0 for none."""
        return int(self.state.shadow_order.side)
