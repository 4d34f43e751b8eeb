"""What a replay reads: the recorded market of one instrument, and the rules it is decided under."""

from __future__ import annotations

from dataclasses import dataclass

from babingepet.cycles.btc import BASE_BOOK, CAPITAL, WeightBook
from babingepet.cycles.settings import BtcSettings
from babingepet.errors import ConfigurationError
from babingepet.market.context import Verdicts
from babingepet.market.frames import Candles, FundingRates
from babingepet.signals.registry import SWARM

BAR_FEEDS = frozenset({"candles", "taker_volume", "funding"})
"""Feeds of a recorded market that a replay can read: what is computed from trades, quotes or
headlines is not replayed."""
READ_FEEDS = BAR_FEEDS | {SWARM}


@dataclass(frozen=True, eq=False)
class ReplayMarket:
    """A recorded market, all of it.

    Attributes:
        symbol: The exchange's name of the instrument.
        source: Where the facts come from: binance, recorded, simulated.
        minutes: Closed one-minute candles, ascending; holes are missing rows.
        hours: Closed hourly candles from before the first minute; may be empty.
        funding: Settled rates, ascending; may be empty.
        feeds: The kinds of feed that are read, a subset of ``READ_FEEDS``.
        verdicts: What analysts answered live; None to ask the embedded ones, if the feed is there.
        asked_since: First moment at which the embedded ones are asked, UTC ms.

    Raises:
        ConfigurationError: A feed that no replay reads.
    """

    symbol: str
    source: str
    minutes: Candles
    hours: Candles
    funding: FundingRates
    feeds: frozenset[str]
    verdicts: Verdicts | None = None
    asked_since: int = 0

    def __post_init__(self) -> None:
        if unread := self.feeds - READ_FEEDS:
            raise ConfigurationError(f"no replay reads the feeds {', '.join(sorted(unread))}")


BASE_SETTINGS = BtcSettings()


@dataclass(frozen=True, slots=True)
class ReplayRules:
    """What decides: the settings of every stage, the weights of the vote, the capital in USDT."""

    settings: BtcSettings = BASE_SETTINGS
    book: WeightBook = BASE_BOOK
    capital: float = CAPITAL


BASE_RULES = ReplayRules()
