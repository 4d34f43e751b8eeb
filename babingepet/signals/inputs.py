"""What the BTC signals read: closed candles, the reduced tape and settled funding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from babingepet.market.frames import Candles, FundingRates
from babingepet.market.tape import TapeMinute

TAPE_MINUTES = 241
"""Minutes of reduced tape a decision reads: the newest and the 240 before it."""


@dataclass(frozen=True, eq=False)
class SignalInputs:
    """Facts known at ``as_of``; nothing later.

    Attributes:
        as_of: End of the last closed minute, UTC milliseconds.
        minutes: Closed minutes back to 30 days before the one-minute anchor.
        bars: Closed bars by interval (5m, 15m, 1h, 4h), each back to its anchor.
        tape: Reduced minutes in ascending order; the last one ends at ``as_of`` or is older.
        funding: Settled rates, ascending.
    """

    as_of: int
    minutes: Candles
    bars: Mapping[str, Candles]
    tape: tuple[TapeMinute, ...]
    funding: FundingRates
