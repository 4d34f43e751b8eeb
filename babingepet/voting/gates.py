"""Every reason that forbids an entry; all failing ones are returned, an entry needs none."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from babingepet.compiled import rule
from babingepet.domain.codes import Gate, Grade, Regime
from babingepet.voting.aggregate import in_hours
from babingepet.voting.rules import ROUNDING, VotingRules

STALE_DATA, LOW_COVERAGE = 1 << Gate.STALE_DATA, 1 << Gate.LOW_COVERAGE
HOLD, HOUR_BLOCK = 1 << Gate.HOLD, 1 << Gate.HOUR_BLOCK
REGIME_RANGING, VOTES_LT_4 = 1 << Gate.REGIME_RANGING, 1 << Gate.VOTES_LT_4
AI_AGREEMENT, DAILY_DD = 1 << Gate.AI_AGREEMENT, 1 << Gate.DAILY_DD
WEEKLY_DD, COOLDOWN = 1 << Gate.WEEKLY_DD, 1 << Gate.COOLDOWN
GRADE, EDGE = 1 << Gate.GRADE, 1 << Gate.EDGE
PATTERN_SKIP, DEBOUNCE = 1 << Gate.PATTERN_SKIP, 1 << Gate.DEBOUNCE
POSITION_OPEN, MIN_NOTIONAL = 1 << Gate.POSITION_OPEN, 1 << Gate.MIN_NOTIONAL
CHECK_FAILED, CLOCK_SKEW, PAUSED = 1 << Gate.CHECK_FAILED, 1 << Gate.CLOCK_SKEW, 1 << Gate.PAUSED

SHADOWED = EDGE | PATTERN_SKIP
"""Gates behind which a size-0 shadow trade runs, so that the record can be unlearned."""

UNTRADABLE_REGIMES = 1 << Regime.RANGING | 1 << Regime.UNKNOWN
LEAST_GRADE = Grade.B.value


class MarketGates(NamedTuple):
    """What the market and the vote say."""

    data_age: int
    """Clock less ``as_of``, ms."""
    clock_skew: int
    coverage: float
    verdict: int
    hour: int
    regime: int
    votes: int
    agreement: float
    """Of the AI consensus; NaN without one."""
    grade: int
    check_failed: bool
    paused: bool


class AccountGates(NamedTuple):
    """What the account and its record say."""

    day_hit: bool
    week_hit: bool
    cooling: bool
    no_edge: bool
    pattern: float
    settled: bool
    in_position: bool
    fraction: float
    quantity: float


@rule
def market_gates(g: MarketGates, rules: VotingRules) -> int:
    """Failing gates of the market, as bits."""
    blocked = 0
    if g.data_age > rules.max_data_age:
        blocked |= STALE_DATA
    if g.coverage < rules.min_coverage - ROUNDING:
        blocked |= LOW_COVERAGE
    if g.verdict == 0:
        blocked |= HOLD
    if in_hours(rules.blocked_hours, g.hour):
        blocked |= HOUR_BLOCK
    if (UNTRADABLE_REGIMES >> g.regime) & 1:
        blocked |= REGIME_RANGING
    if g.votes < rules.min_votes:
        blocked |= VOTES_LT_4
    if g.grade < LEAST_GRADE:
        blocked |= GRADE
    return blocked | trust_gates(g, rules)


@rule
def trust_gates(g: MarketGates, rules: VotingRules) -> int:
    """Failing gates of what the decision would rest on: consensus, checks, clock, the operator."""
    blocked = 0
    missing = np.isnan(g.agreement)
    if (missing and rules.ai_required) or g.agreement < rules.min_agreement - ROUNDING:
        blocked |= AI_AGREEMENT
    if g.check_failed:
        blocked |= CHECK_FAILED
    if abs(g.clock_skew) > rules.max_clock_skew or g.data_age < -rules.max_clock_skew:
        blocked |= CLOCK_SKEW
    if g.paused:
        blocked |= PAUSED
    return blocked


@rule
def account_gates(g: AccountGates) -> int:
    """Failing gates of the account, as bits."""
    blocked = DAILY_DD if g.day_hit else 0
    if g.week_hit:
        blocked |= WEEKLY_DD
    if g.cooling:
        blocked |= COOLDOWN
    if g.no_edge:
        blocked |= EDGE
    if g.pattern <= 0.0:
        blocked |= PATTERN_SKIP
    if not g.settled:
        blocked |= DEBOUNCE
    if g.in_position:
        blocked |= POSITION_OPEN
    if g.fraction > 0.0 and g.quantity <= 0.0:
        blocked |= MIN_NOTIONAL
    return blocked
