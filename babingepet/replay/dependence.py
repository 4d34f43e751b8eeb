"""What is said of something that depends on the future: which, when, and how it came to light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from babingepet.replay.told import Difference

NO_FUTURE, OTHER_FUTURE = "nothing after it", "another future"
OTHER_REST = "another rest of the minute"
RESUMED = "a run that ends there and another that goes on"


@dataclass(frozen=True, slots=True)
class Dependence:
    """Something that was told and depends on what happened later.

    Attributes:
        as_of: End of the minute that it was told of, UTC milliseconds.
        part: What depends: ``signal NAME``, ``gate NAME``, ``fill: FIELD``, ``ledger: FIELD``.
        told: With the true future; None is nothing.
        otherwise: With the other one; None is nothing.
        cut: Moment after which the future differed, UTC milliseconds.
        future: Which other future told it.
    """

    as_of: int
    part: str
    told: float | None
    otherwise: float | None
    cut: int
    future: str

    @property
    def ahead(self) -> int:
        """It looked further ahead than this, ms; negative when it read on in its own minute."""
        return self.cut - self.as_of


def dependence(difference: Difference, future: str, cut: int) -> Dependence:
    """What a difference between the truth and another future says."""
    as_of, part, *values = difference
    told, otherwise = (None if np.isnan(value) else float(value) for value in values)
    return Dependence(as_of, part, told, otherwise, cut, future)


def earlier(one: Dependence | None, other: Dependence | None) -> Dependence | None:
    """The one of the earlier minute, the first one in a tie."""
    if one is None or other is None:
        return one or other
    return other if other.as_of < one.as_of else one
