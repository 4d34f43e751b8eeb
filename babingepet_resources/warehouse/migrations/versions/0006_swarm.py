"""What analysts answer and cost, models at rest, and the tone of headlines.

Revision of the warehouse: 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from babingepet_resources.warehouse.types import KEY, Json, Money

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("crypto_ai_predictions", "crypto_sentiment", "swarm_calls", "swarm_models")
"""Tables this revision makes: an upgrade is refused when one of that name is there already."""


def upgrade() -> None:
    """Create the four tables."""
    op.create_table(
        "crypto_ai_predictions",
        sa.Column("market", KEY, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("symbol", KEY, nullable=False),
        sa.Column("agent", KEY, nullable=False),
        sa.Column("provider", KEY, nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("p_up", sa.Double(), nullable=True),
        sa.Column("confidence", KEY, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("model", KEY, nullable=True),
        sa.Column("prompt_hash", KEY, nullable=True),
        sa.Column("answer_hash", KEY, nullable=True),
        sa.Column("horizon_end", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Double(), nullable=True),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "market", "as_of", "symbol", "agent", "provider",
            name=op.f("crypto_ai_predictions_pkey"),
        ),
    )  # fmt: skip
    op.create_index(
        op.f("crypto_ai_predictions_market_agent_as_of_idx"),
        "crypto_ai_predictions",
        ["market", "agent", "as_of"],
    )
    op.create_table(
        "crypto_sentiment",
        sa.Column("market", KEY, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("method", KEY, nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("weight", sa.Double(), nullable=True),
        sa.Column("headlines", sa.BigInteger(), nullable=True),
        sa.Column("detail", Json, nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("market", "as_of", "method", name=op.f("crypto_sentiment_pkey")),
    )
    op.create_table(
        "swarm_calls",
        sa.Column("market", KEY, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("agent", KEY, nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("model", KEY, nullable=False),
        sa.Column("answered_by", KEY, nullable=True),
        sa.Column("served_by", KEY, nullable=True),
        sa.Column("prompt_hash", KEY, nullable=False),
        sa.Column("sent_hash", KEY, nullable=False),
        sa.Column("answer_hash", KEY, nullable=True),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=True),
        sa.Column("completion_tokens", sa.BigInteger(), nullable=True),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=True),
        sa.Column("reserved_usd", Money, nullable=False),
        sa.Column("cost_usd", Money, nullable=True),
        sa.Column("latency_ms", sa.Double(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint(
            "market", "as_of", "agent", "attempt", name=op.f("swarm_calls_pkey")
        ),
    )
    op.create_index(op.f("swarm_calls_started_at_idx"), "swarm_calls", ["started_at"])
    op.create_index(op.f("swarm_calls_prompt_hash_idx"), "swarm_calls", ["prompt_hash"])
    op.create_table(
        "swarm_models",
        sa.Column("model", KEY, nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("open_until", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("model", name=op.f("swarm_models_pkey")),
    )


def downgrade() -> None:
    """Drop the four tables, with what they hold."""
    for name in TABLES:
        op.drop_table(name)
