"""Tables of the analysts: what each answered, what each call cost, which models are given a rest.

Prompts and answers are ``blobs``, stored once under their hash. What they agreed on is a row of
``swarm_verdicts``. Import them from ``tables``.
"""

from __future__ import annotations

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from babingepet_resources.warehouse.columns import (
    count_column,
    key_column,
    metadata,
    money_column,
    number_column,
    text_column,
    time_column,
)

crypto_ai_predictions = Table(
    "crypto_ai_predictions",
    metadata,
    key_column("market"),
    time_column("as_of"),
    key_column("symbol"),
    key_column("agent"),
    key_column("provider"),
    key_column("state"),
    number_column("p_up", null=True),
    key_column("confidence", null=True),
    text_column("reason"),
    key_column("model", null=True),
    key_column("prompt_hash", null=True),
    key_column("answer_hash", null=True),
    time_column("horizon_end"),
    number_column("outcome", null=True),
    time_column("resolved_at", null=True),
    time_column("known_at"),
    PrimaryKeyConstraint("market", "as_of", "symbol", "agent", "provider"),
    Index(None, "market", "agent", "as_of"),
)

swarm_calls = Table(
    "swarm_calls",
    metadata,
    key_column("market"),
    time_column("as_of"),
    key_column("agent"),
    count_column("attempt"),
    key_column("status"),
    key_column("model"),
    key_column("answered_by", null=True),
    key_column("served_by", null=True),
    key_column("prompt_hash"),
    key_column("sent_hash"),
    key_column("answer_hash", null=True),
    count_column("prompt_tokens", null=True),
    count_column("completion_tokens", null=True),
    count_column("cached_tokens", null=True),
    money_column("reserved_usd"),
    money_column("cost_usd", null=True),
    number_column("latency_ms", null=True),
    text_column("detail"),
    time_column("started_at"),
    time_column("ended_at", null=True),
    PrimaryKeyConstraint("market", "as_of", "agent", "attempt"),
    Index(None, "started_at"),
    Index(None, "prompt_hash"),
)

swarm_models = Table(
    "swarm_models",
    metadata,
    key_column("model"),
    count_column("failures"),
    time_column("open_until", null=True),
    text_column("reason"),
    time_column("changed_at"),
    PrimaryKeyConstraint("model"),
)
