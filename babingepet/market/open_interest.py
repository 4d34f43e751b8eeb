"""What open interest was at a moment, and an hour before it.

Belongs here: which of the readings counts. Readings come each minute where a loop ran and every
five minutes where the past was fetched.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from babingepet.market.frames import OpenInterest
from babingepet.market.intervals import HOUR, MINUTE

TOLERANCE = 10 * MINUTE
"""How old the newest reading may be at a moment: two steps of the grid on which the past is told."""


class OpenInterestHour(NamedTuple):
    """Two readings an hour apart, each with its own time; base units."""

    event_time: int
    open_interest: float
    event_time_before: int
    open_interest_before: float


def reading_at(rows: OpenInterest, time: int) -> tuple[int, float] | None:
    """Time and value of the newest reading at a moment; None when it is too old."""
    newest = int(np.searchsorted(rows.event_time, time, side="right")) - 1
    if newest < 0 or time - int(rows.event_time[newest]) > TOLERANCE:
        return None
    return int(rows.event_time[newest]), float(rows.open_interest[newest])


def hour_until(rows: OpenInterest, as_of: int) -> OpenInterestHour | None:
    """The readings at ``as_of`` and an hour before it; None unless both are known."""
    now, before = reading_at(rows, as_of), reading_at(rows, as_of - HOUR)
    return None if now is None or before is None else OpenInterestHour(*now, *before)
