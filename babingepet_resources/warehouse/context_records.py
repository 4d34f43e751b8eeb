"""What the warehouse keeps beside the market: one frozen dataclass per kind of row.

Import them from ``records``. Whoever reads them for a decision gets the engine's values instead
(``babingepet.market.context``).
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from babingepet_resources.warehouse.vetting import clean


@dataclass(frozen=True)
class EtfFlowRecord:
    """One day's net creations of the funds that hold an asset, as a source told them."""

    symbol: str
    """The asset: ``BTC``."""
    day: int
    """00:00 UTC of the trading day."""
    source: str
    flow_usd: float
    """Negative for redemptions."""
    known_at: int
    """When the source said so; a revision has a later one."""


@dataclass(frozen=True)
class FearGreedRecord:
    """One day's fear and greed index, as a source told it."""

    day: int
    """00:00 UTC of the day."""
    source: str
    value: int
    """0 (extreme fear) to 100 (extreme greed)."""
    known_at: int
    """When the source said so; a revision has a later one."""


@dataclass(frozen=True)
class NewsRecord:
    """One headline of one feed; ``id`` is made of what does not change when it is fetched again.

    Attributes:
        market: Whom it concerns: ``BTC``.
        outlet: Who published it, for people; may be empty.
        title: Stored cleaned (``vetting.clean``).
        event_time: When the outlet published it.
        known_at: When we first held it.
        source: The feed it came by.
        url: Stored only when it is a plain http or https address.
        polarity: -1 (bad for the price) to 1 (good); None while nobody has read it for its tone.
        relevance: 0 to 1; None while nobody has.
        method: Who gave polarity and relevance: ``lexicon``, or a model's name.
    """

    market: str
    outlet: str
    title: str
    event_time: int
    known_at: int
    source: str
    url: str | None = None
    polarity: float | None = None
    relevance: float | None = None
    method: str | None = None

    @property
    def id(self) -> str:
        """SHA-256 of market, source, title without case and width, and time of publication."""
        folded = unicodedata.normalize("NFKC", clean(self.title)).casefold()
        # A line end cannot occur in any part: names have none, and the title is cleaned.
        parts = (self.market, self.source, " ".join(folded.split()), str(self.event_time))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class VerdictRecord:
    """What the analysts of a market agreed on, once.

    Attributes:
        market: Whose price: ``BTC``.
        as_of: End of the minute whose facts they read.
        provider: Who answered: ``openrouter``, ``rules``.
        p_up: Probability that the price is higher at their horizon.
        agreement: Share of the valid answers on the larger side, 0 to 1.
        side: 1 bullish, -1 bearish, 0 when neither side is larger.
        valid: Answers that counted.
        degraded: Whether some did not.
        known_at: When the last answer that counted was in.
        detail: Each analyst's answer, for people.
    """

    market: str
    as_of: int
    provider: str
    p_up: float
    agreement: float
    side: int
    valid: int
    degraded: bool
    known_at: int
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SentimentRecord:
    """The tone of the headlines that were known at a moment.

    Attributes:
        market: Whom they concern: ``BTC``.
        as_of: The moment.
        method: Who read them for their tone, joined by ``+``; ``none`` without any.
        score: -1 to 1; None when there is none.
        reason: Why there is none; None with a score.
        weight: Of all stories together; None without a score.
        headlines: Stories that counted; None without a score.
        detail: What else the signal told, for people.
        known_at: When it was scored.
    """

    market: str
    as_of: int
    method: str
    score: float | None
    reason: str | None
    weight: float | None
    headlines: int | None
    known_at: int
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FeedCheckRecord:
    """One attempt to ask a context feed: ``etf_flow``, ``news``, ``swarm``."""

    name: str
    market: str
    checked_at: int
    ok: bool
    """Whether it answered; an answer without rows is an answer."""
    detail: str = ""
    """Why not, or what came; stored cleaned."""
