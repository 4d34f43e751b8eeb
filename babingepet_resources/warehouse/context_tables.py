"""Tables of what a decision may know beside the market: fund flows, headlines, verdicts of analysts.

What the analysts were asked and answered, and what it cost, is in ``swarm_tables``.

Written once, as market facts are; what a vendor revises is a row more, with its own ``known_at``.
Import them from ``tables``.
"""

from __future__ import annotations

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from babingepet_resources.warehouse.columns import (
    CLUSTERED,
    count_column,
    flag_column,
    json_column,
    key_column,
    metadata,
    number_column,
    text_column,
    time_column,
)

etf_flows = Table(
    "etf_flows",
    metadata,
    key_column("symbol"),
    time_column("day"),
    key_column("source"),
    number_column("flow_usd"),
    time_column("known_at"),
    PrimaryKeyConstraint("symbol", "day", "source", "known_at"),
    **CLUSTERED,
)

fear_greed = Table(
    "fear_greed",
    metadata,
    time_column("day"),
    key_column("source"),
    count_column("value"),
    time_column("known_at"),
    PrimaryKeyConstraint("day", "source", "known_at"),
    **CLUSTERED,
)

news = Table(
    "news",
    metadata,
    key_column("id"),
    key_column("market"),
    text_column("outlet"),
    text_column("title"),
    text_column("url", null=True),
    time_column("event_time"),
    time_column("known_at"),
    number_column("polarity", null=True),
    number_column("relevance", null=True),
    key_column("method", null=True),
    key_column("source"),
    PrimaryKeyConstraint("id"),
    Index(None, "market", "event_time"),
)

swarm_verdicts = Table(
    "swarm_verdicts",
    metadata,
    key_column("market"),
    time_column("as_of"),
    key_column("provider"),
    number_column("p_up"),
    number_column("agreement"),
    count_column("side"),
    count_column("valid"),
    flag_column("degraded"),
    json_column("detail"),
    time_column("known_at"),
    PrimaryKeyConstraint("market", "as_of", "provider"),
)

crypto_sentiment = Table(
    "crypto_sentiment",
    metadata,
    key_column("market"),
    time_column("as_of"),
    key_column("method"),
    number_column("score", null=True),
    text_column("reason", null=True),
    number_column("weight", null=True),
    count_column("headlines", null=True),
    json_column("detail"),
    time_column("known_at"),
    PrimaryKeyConstraint("market", "as_of", "method"),
)

context_feeds = Table(
    "context_feeds",
    metadata,
    key_column("name"),
    key_column("market"),
    time_column("checked_at"),
    flag_column("ok"),
    text_column("detail"),
    PrimaryKeyConstraint("name", "market", "checked_at"),
    **CLUSTERED,
)
