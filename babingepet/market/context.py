"""What a decision may know beside the market itself: flows, headlines, analysts, hours.

Rows that people or other programs filed in the warehouse. A decision reads those that were known
at ``as_of``; how old each may be is the business of the signal that reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from babingepet.market.frames import Bools, Floats, Frame, Ints


@dataclass(frozen=True, eq=False)
class EtfFlows(Frame):
    """Net creations of the US spot ETFs.

    Shape: one row a trading day of the US exchanges, ascending. A holiday has no row: 0.0 says that
    creations and redemptions cancelled out, not that nobody could trade. Published tables print a
    holiday as 0.0 in every column; whoever reads them drops such rows.
    Units: ``flow_usd`` in US dollars, negative for redemptions.
    """

    TIME: ClassVar[str] = "day"

    day: Ints
    """00:00 UTC of the trading day; its flow is published after that day's US close."""
    flow_usd: Floats


class Headline(NamedTuple):
    """One headline, read for its tone. The text is hostile: it is compared, never interpreted."""

    event_time: int
    """When the outlet published it, UTC milliseconds."""
    known_at: int
    title: str
    """Without the outlet's name, which aggregators append: two outlets print one agency's text."""
    polarity: float
    """-1 (bad for the price) to 1 (good)."""
    relevance: float
    """1 when the title names the instrument, .5 its market, .25 the economy."""


@dataclass(frozen=True, slots=True)
class News:
    """Headlines and the health of their feed.

    Attributes:
        checked_at: When the feed last answered; None when it never did.
        headlines: Ascending by ``event_time``; may hold duplicates from several outlets.
    """

    checked_at: int | None
    headlines: tuple[Headline, ...]


class Consensus(NamedTuple):
    """What the analysts agreed on, once."""

    as_of: int
    """End of the minute whose facts they read."""
    p_up: float
    """Probability that the price is higher an hour later."""
    agreement: float
    """Share of the valid answers on the larger side, 0 to 1."""
    side: int
    """1 bullish, -1 bearish, 0 when neither side is larger."""
    valid: int
    """Answers that counted."""
    provider: str
    """Who answered: ``openrouter``, ``rules``."""


@dataclass(frozen=True, eq=False)
class Verdicts(Frame):
    """What the analysts agreed on, round after round; one row a ``Consensus``, ascending."""

    TIME: ClassVar[str] = "as_of"

    as_of: Ints
    """End of the minute whose facts they read."""
    known_at: Ints
    """When the last answer that counted was in."""
    p_up: Floats
    agreement: Floats
    side: Floats
    """1 bullish, -1 bearish, 0 when neither side is larger."""

    def in_order_of_news(self) -> Verdicts:
        """The verdicts by when they became known, without those that came after a newer one."""
        order = np.argsort(self.known_at, kind="stable")
        told = self.as_of[order]
        is_news = told >= np.maximum.accumulate(told) if len(told) else np.ones(0, np.bool_)
        return Verdicts(**{name: column[order][is_news] for name, column in self.columns().items()})


class HourTable(NamedTuple):
    """How often each UTC hour rose, from all hours before the current month.

    Shape: 24 rows, one an hour of the UTC day.
    """

    since: int
    """Open time of the first hour counted."""
    until: int
    """End of the last hour counted: the first day of the month."""
    rises: Ints
    """Hours that closed above their open."""
    hours: Ints
    """Hours counted."""
    share: Floats
    """Shrunk share of rises."""
    mean_share: float
    """Share of rises over all hours."""
    p_value: Floats
    """Exact two-sided binomial test against ``mean_share``."""
    significant: Bools
    """Whether the hour survives the false discovery rate over all 24 tests."""
