"""How strong a memory is, how it fades, and how its strength and its fit make a rank.

A strength is a share of 1. It halves every fourteen days since it was last strengthened, so that
fading twice is fading once over both spans. Losses begin stronger: they are the rarer lesson.
"""

from __future__ import annotations

import math

from babingepet.market.intervals import DAY

INITIAL = 0.5
"""Strength of what is new."""
INITIAL_LOSS = 0.6
"""Strength of what is new and ended in a loss."""
HALF_LIFE = 14 * DAY
"""Milliseconds in which a strength halves."""
GAIN = 0.2
"""Share of the way to 1 that a reinforcement goes."""
PRUNE_BELOW = 0.05
"""Below it a memory is forgotten, unless it is pinned: after 46.5 days, a loss after 50.2."""
FAINT = 0.3
"""Share of its fit that a memory without any strength keeps in its rank."""


def effective(strength: float, elapsed: int) -> float:
    """What is left of a strength.

    Args:
        strength: When it was last written, in [0, 1].
        elapsed: Milliseconds since; a negative span (a clock that was set back) fades nothing.

    Example:
        >>> effective(0.5, 14 * 86_400_000)
        0.25
    """
    return strength * math.exp2(-max(0, elapsed) / HALF_LIFE)


def reinforced(left: float) -> float:
    """The strength after one more occurrence; ``left`` is the effective one before it.

    Example:
        >>> reinforced(0.5)
        0.6
    """
    return left + GAIN * (1.0 - left)


def rank(fit: float, left: float) -> float:
    """How far up a memory stands in an answer.

    Args:
        fit: BM25 of its words, larger is better.
        left: Its effective strength.
    """
    return fit * (FAINT + (1.0 - FAINT) * left)
