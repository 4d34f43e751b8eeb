"""What the loop reports of each BTC asset, by its key.

Does not belong here: what a report says (``babingepet_services.btc_day``), and how it becomes
metadata (``babingepet_assets.reporting``).
"""

from __future__ import annotations

from collections.abc import Mapping

from babingepet_services.btc_day.day import Describe
from babingepet_services.btc_day.decided import (
    describe_decisions,
    describe_portfolio,
    describe_positions,
    describe_signals,
)
from babingepet_services.btc_day.market import (
    describe_candles,
    describe_funding,
    describe_order_book,
    describe_order_flow,
)
from babingepet_services.btc_day.open_interest import describe_open_interest
from babingepet_services.market.feed_health import with_feed_health

REPORTS: Mapping[str, Describe] = {
    "btc/candles": with_feed_health(describe_candles),
    "btc/order_flow": with_feed_health(describe_order_flow),
    "btc/order_book": describe_order_book,
    "btc/funding": describe_funding,
    "btc/open_interest": describe_open_interest,
    "btc/signals": describe_signals,
    "btc/decisions": describe_decisions,
    "btc/positions": describe_positions,
    "btc/portfolio": describe_portfolio,
}
"""In the order of the graph."""
