"""The values that one BTC minute takes and gives: state, market, account, vote."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from babingepet.domain.edge import Edge, Record
from babingepet.domain.money import round8
from babingepet.paper.guards import Guards
from babingepet.paper.position import NO_ORDER, NO_POSITION, ClosedTrade, Ledger, Order, Position
from babingepet.paper.sizing import Size
from babingepet.voting.debounce import Debounce
from babingepet.voting.edge import record_of


class BtcState(NamedTuple):
    """All that one minute hands to the next."""

    ledger: Ledger
    order: Order
    position: Position
    shadow_order: Order
    shadow: Position
    guards: Guards
    debounce: Debounce
    record: Record


class Market(NamedTuple):
    """What the vote reads beside the scores, all at the end of the minute."""

    regime: int
    trend_up: float
    trend_down: float
    agreement: float
    """Of the AI consensus; NaN without one."""
    ai_side: int
    spread_bps: float
    """NaN without a quote."""
    has_ai: bool
    has_book: bool
    data_age: int
    clock_skew: int
    pattern: float
    """Multiplier of the pattern insights; 1 without, 0 skips."""
    check_failed: bool
    paused: bool


class PositionMinute(NamedTuple):
    """What one minute did to one position."""

    position: Position
    closed: ClosedTrade
    funding: float
    fee: float
    """Entry and exit fees paid in this minute."""
    slippage: float
    """What the fills of this minute cost against their reference prices."""
    filled: bool


class AccountMinute(NamedTuple):
    """What happened to the account in steps 1 to 4."""

    filled: bool
    lapsed: bool
    funding: float
    closed: ClosedTrade
    shadow_closed: ClosedTrade
    unrealized_pnl: float
    equity: float


class Reading(NamedTuple):
    """What the scores came to in step 5; the same whatever the account holds."""

    score: float
    coverage: float
    verdict: int
    votes: int
    points: float
    grade: int
    buy_threshold: float
    strong_threshold: float
    pattern: float
    refused: int
    """Bits of the gates that ask nothing of the account."""


class Vote(NamedTuple):
    """What the scores came to in steps 5 and 6."""

    score: float
    coverage: float
    verdict: int
    votes: int
    points: float
    grade: int
    buy_threshold: float
    strong_threshold: float
    edge: Edge
    size: Size
    blocked: int


def initial_state(capital: float) -> BtcState:
    """An account that has not traded."""
    return BtcState(
        Ledger(round8(capital)),
        NO_ORDER,
        NO_POSITION,
        NO_ORDER,
        NO_POSITION,
        Guards(),
        Debounce(),
        record_of(np.empty(0)),
    )
