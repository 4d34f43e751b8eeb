"""Every table of the warehouse, and the metadata that holds them all.

What belongs here: nothing but the names. Columns, keys and indexes are in the six modules below;
how tables come to be is in ``migrations``, and a test holds the two together.
"""

from __future__ import annotations

from babingepet_resources.warehouse.columns import metadata
from babingepet_resources.warehouse.context_tables import (
    context_feeds,
    crypto_sentiment,
    etf_flows,
    fear_greed,
    news,
    swarm_verdicts,
)
from babingepet_resources.warehouse.cycle_tables import (
    blobs,
    btc_decisions,
    crypto_ai_reasoning_log,
    crypto_signals,
    crypto_sim_positions,
    cycle_inputs,
    sim_portfolio,
)
from babingepet_resources.warehouse.market_tables import (
    crypto_candles,
    crypto_funding,
    crypto_open_interest,
    crypto_order_flow,
    crypto_orderbook,
    crypto_trades,
    market_files,
    market_gaps,
)
from babingepet_resources.warehouse.replay_tables import (
    replay_days,
    replay_runs,
    replay_trades,
)
from babingepet_resources.warehouse.service_tables import (
    data_checks,
    loop_lease,
    outbox,
    warehouse_meta,
)
from babingepet_resources.warehouse.swarm_tables import (
    crypto_ai_predictions,
    swarm_calls,
    swarm_models,
)

__all__ = [
    "blobs",
    "btc_decisions",
    "context_feeds",
    "crypto_ai_predictions",
    "crypto_ai_reasoning_log",
    "crypto_candles",
    "crypto_funding",
    "crypto_open_interest",
    "crypto_order_flow",
    "crypto_orderbook",
    "crypto_sentiment",
    "crypto_signals",
    "crypto_sim_positions",
    "crypto_trades",
    "cycle_inputs",
    "data_checks",
    "etf_flows",
    "fear_greed",
    "loop_lease",
    "market_files",
    "market_gaps",
    "metadata",
    "news",
    "outbox",
    "replay_days",
    "replay_runs",
    "replay_trades",
    "sim_portfolio",
    "swarm_calls",
    "swarm_models",
    "swarm_verdicts",
    "warehouse_meta",
]
