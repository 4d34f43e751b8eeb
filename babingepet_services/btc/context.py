"""What is filed beside the BTC market, as it was known at a decision, and all a decision reads.

Other programs file it: imports, the swarm, the news feed. A feed of context belongs to a run when
the warehouse held something of it when the run loaded its history.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from babingepet.domain.decision import canonical_json, sha256
from babingepet.learning.seasonality import hour_table
from babingepet.market.context import Consensus, EtfFlows, HourTable, News
from babingepet.market.frames import Candles, FundingRates
from babingepet.market.history import DERIVED, BarHistory
from babingepet.market.intervals import month_start
from babingepet.market.open_interest import OpenInterestHour
from babingepet.market.tape import TapeMinute
from babingepet.signals.inputs import SignalInputs
from babingepet_resources.warehouse import context_feeds, etf_flows, swarm
from babingepet_services.capture.content import row_bytes
from babingepet_services.context.sentiment import read_news

MARKET = "BTC"
"""Under which flows, headlines and verdicts are filed."""
FLOW_DAYS = 30
"""Trading days of flows that are read; a score needs 20 that were published."""


@dataclass(frozen=True, slots=True)
class Context:
    """Flows, headlines and the newest verdict that were known at a decision."""

    etf_flows: EtfFlows = field(default_factory=EtfFlows.empty)
    news: News | None = None
    consensus: Consensus | None = None

    def manifest(self) -> dict[str, Any]:
        """What a decision read of it: rows and content hashes."""
        return {
            "etf_flows": {
                "rows": len(self.etf_flows),
                "sha256": sha256(row_bytes(self.etf_flows)),
            },
            "news": self.news
            and {
                "checked_at": self.news.checked_at,
                "rows": len(self.news.headlines),
                "sha256": sha256(canonical_json({"headlines": self.news.headlines})),
            },
            "consensus": self.consensus
            and {
                "as_of": self.consensus.as_of,
                "sha256": sha256(canonical_json(self.consensus._asdict())),
            },
        }


def read_context(connection: Connection, feeds: frozenset[str], as_of: int) -> Context:
    """Read the feeds that belong to the run, as they were known at ``as_of``."""
    flows, headlines, verdict = EtfFlows.empty(), None, None
    if "etf_flow" in feeds:
        flows = etf_flows.read(
            connection, MARKET, until=as_of, known_until=as_of, limit_days=FLOW_DAYS
        )
    if "news" in feeds:
        headlines = read_news(connection, MARKET, as_of)
    if "swarm" in feeds:
        verdict = swarm.latest(connection, MARKET, known_until=as_of)
    return Context(flows, headlines, verdict)


def present_feeds(connection: Connection) -> frozenset[str]:
    """Feeds of context that the warehouse holds something of."""
    return context_feeds.present(connection, MARKET)


def signal_inputs(
    history: BarHistory,
    tape: tuple[TapeMinute, ...],
    funding: FundingRates,
    context: Context,
    as_of: int,
    open_interest: OpenInterestHour | None = None,
) -> SignalInputs:
    """All that the signals may read at ``as_of``."""
    return SignalInputs(
        as_of=as_of,
        minutes=history.minutes(as_of),
        bars={interval: history.bars(interval, as_of) for interval in DERIVED},
        tape=tape,
        funding=funding,
        hour_table=_hour_table(history.hours_before_month(as_of), month_start(as_of)),
        etf_flows=context.etf_flows,
        news=context.news,
        consensus=context.consensus,
        open_interest=open_interest,
    )


@lru_cache(maxsize=4)  # the same hours come for a month
def _hour_table(hours: Candles, month: int) -> HourTable | None:
    return hour_table(hours, month)
