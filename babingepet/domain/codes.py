"""Enumerations of the trading domain, numbered so that compiled rules can carry them."""

from __future__ import annotations

from enum import IntEnum, unique


@unique
class Side(IntEnum):
    """Direction of a position or an order."""

    SHORT = -1
    FLAT = 0
    LONG = 1


@unique
class Verdict(IntEnum):
    """What the weighted score says; the sign is the side."""

    STRONG_SELL = -2
    SELL = -1
    HOLD = 0
    BUY = 1
    STRONG_BUY = 2


@unique
class Regime(IntEnum):
    """State of the market over 15-minute bars."""

    UNKNOWN = 0
    VOLATILE = 1
    TRENDING_UP = 2
    TRENDING_DOWN = 3
    RANGING = 4
    NEUTRAL = 5


@unique
class Grade(IntEnum):
    """Quality of an entry; only A and B are traded."""

    A = 3
    B = 2
    C = 1
    D = 0


@unique
class ExitReason(IntEnum):
    """Why a position was closed. ``*_GAP``: the bar opened beyond the stop and filled there."""

    NONE = 0
    STOP_LOSS = 1
    TRAIL = 2
    CHANDELIER = 3
    STOP_LOSS_GAP = 4
    TRAIL_GAP = 5
    CHANDELIER_GAP = 6
    TARGET = 7
    TIME = 8
    LIQUIDATION = 9
    DRAWDOWN = 10


@unique
class Gate(IntEnum):
    """Reasons that forbid an entry, in the order in which they are reported.

    The value is the bit in a decision's set of failing gates. Exits pass no gate.
    """

    STALE_DATA = 0
    LOW_COVERAGE = 1
    HOLD = 2
    HOUR_BLOCK = 3
    REGIME_RANGING = 4
    VOTES_LT_4 = 5
    AI_AGREEMENT = 6
    DAILY_DD = 7
    WEEKLY_DD = 8
    COOLDOWN = 9
    GRADE = 10
    EDGE = 11
    PATTERN_SKIP = 12
    DEBOUNCE = 13
    POSITION_OPEN = 14
    MIN_NOTIONAL = 15
    CHECK_FAILED = 16
    CLOCK_SKEW = 17
    PAUSED = 18


def failing(blocked: int) -> tuple[Gate, ...]:
    """The gates whose bits are set, in reporting order.

    Example:
        >>> [gate.name for gate in failing(0b1100)]
        ['HOLD', 'HOUR_BLOCK']
    """
    return tuple(gate for gate in Gate if blocked >> gate & 1)
