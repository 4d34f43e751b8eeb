"""What a decision may know beside the market, and what its fills cost in slippage.

Revision of the warehouse: 0002. Adds tables for fund flows, headlines and verdicts of analysts, the
source of an account's minute, and slippage, which older rows never recorded (NULL).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from babingepet_resources.warehouse.types import KEY, Json, Money

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("context_feeds", "etf_flows", "news", "swarm_verdicts")
"""Tables this revision makes: an upgrade is refused when one of that name is there already."""


def upgrade() -> None:
    """Create the four tables, then the columns."""
    op.create_table(
        "context_feeds",
        sa.Column("name", KEY, nullable=False),
        sa.Column("market", KEY, nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", "market", "checked_at", name=op.f("context_feeds_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "etf_flows",
        sa.Column("symbol", KEY, nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("flow_usd", sa.Double(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", "day", "source", "known_at", name=op.f("etf_flows_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "news",
        sa.Column("id", KEY, nullable=False),
        sa.Column("market", KEY, nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("event_time", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("polarity", sa.Double(), nullable=True),
        sa.Column("relevance", sa.Double(), nullable=True),
        sa.Column("method", KEY, nullable=True),
        sa.Column("source", KEY, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("news_pkey")),
    )
    op.create_index(
        op.f("news_market_event_time_idx"), "news", ["market", "event_time"], unique=False
    )
    op.create_table(
        "swarm_verdicts",
        sa.Column("market", KEY, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("provider", KEY, nullable=False),
        sa.Column("p_up", sa.Double(), nullable=False),
        sa.Column("agreement", sa.Double(), nullable=False),
        sa.Column("side", sa.BigInteger(), nullable=False),
        sa.Column("valid", sa.BigInteger(), nullable=False),
        sa.Column("degraded", sa.Boolean(), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("market", "as_of", "provider", name=op.f("swarm_verdicts_pkey")),
    )
    _add_columns()


def _add_columns() -> None:
    op.add_column("crypto_sim_positions", sa.Column("slippage_paid", Money, nullable=True))
    op.add_column("sim_portfolio", sa.Column("slippage_paid", Money, nullable=True))
    op.add_column(
        "sim_portfolio", sa.Column("source", KEY, nullable=False, server_default="unknown")
    )
    op.execute(
        "UPDATE sim_portfolio SET source = (SELECT source FROM btc_decisions WHERE "
        "btc_decisions.book = sim_portfolio.book AND "
        "btc_decisions.cycle_id = sim_portfolio.cycle_id)"
    )
    op.drop_index(op.f("sim_portfolio_book_symbol_as_of_idx"), "sim_portfolio")
    op.create_index(
        op.f("sim_portfolio_book_symbol_source_as_of_idx"),
        "sim_portfolio",
        ["book", "symbol", "source", "as_of"],
        unique=False,
    )


def downgrade() -> None:
    """Drop the columns and the four tables, with what they hold."""
    op.drop_index(op.f("sim_portfolio_book_symbol_source_as_of_idx"), "sim_portfolio")
    op.create_index(
        op.f("sim_portfolio_book_symbol_as_of_idx"),
        "sim_portfolio",
        ["book", "symbol", "as_of"],
        unique=False,
    )
    op.drop_column("sim_portfolio", "source")
    op.drop_column("sim_portfolio", "slippage_paid")
    op.drop_column("crypto_sim_positions", "slippage_paid")
    for name in TABLES:
        op.drop_table(name)
