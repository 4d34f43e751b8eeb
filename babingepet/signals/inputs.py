"""What the BTC signals read: closed candles, the reduced tape, settled funding, and context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from babingepet.market.context import Consensus, EtfFlows, HourTable, News
from babingepet.market.frames import Candles, Floats, FundingRates
from babingepet.market.open_interest import OpenInterestHour
from babingepet.market.tape import TapeMinute

TAPE_MINUTES = 241
"""Minutes of reduced tape a decision reads: the newest and the 240 before it."""


class DirectionModel(Protocol):
    """A trained model of one side's trades; how it was trained is not the signal's business."""

    @property
    def version(self) -> str:
        """Name under which the model is kept."""
        ...

    @property
    def base_rate(self) -> float:
        """Share of winning trades in its training window, in (0, 1)."""
        ...

    def probability(self, features: Floats) -> float:
        """Probability that an entry now ends with a net profit; features of shape (30,)."""
        ...


class Models(NamedTuple):
    """The models that have earned their place, one a side."""

    long: DirectionModel | None = None
    short: DirectionModel | None = None


NO_MODELS = Models()


@dataclass(frozen=True, eq=False)
class SignalInputs:
    """Facts known at ``as_of``; nothing later.

    Attributes:
        as_of: End of the last closed minute, UTC milliseconds.
        minutes: Closed minutes back to 30 days before the one-minute anchor.
        bars: Closed bars by interval (5m, 15m, 1h, 4h), each back to its anchor.
        tape: Reduced minutes in ascending order; the last one ends at ``as_of`` or is older.
        funding: Settled rates, ascending.
        hour_table: How often each hour rose before this month; None while history is too short.
        etf_flows: Daily flows that were filed, ascending.
        news: Headlines of the last day; None without a news feed.
        consensus: The newest consensus of the analysts, if any.
        open_interest: Contracts open now and an hour ago; None unless both are known.
        models: Models that have earned their place.
    """

    as_of: int
    minutes: Candles
    bars: Mapping[str, Candles]
    tape: tuple[TapeMinute, ...]
    funding: FundingRates
    hour_table: HourTable | None = None
    etf_flows: EtfFlows = field(default_factory=EtfFlows.empty)
    news: News | None = None
    consensus: Consensus | None = None
    open_interest: OpenInterestHour | None = None
    models: Models = NO_MODELS
