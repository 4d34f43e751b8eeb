"""Open interest, the fear and greed index, and the files that rows came from.

Revision of the warehouse: 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from babingepet_resources.warehouse.types import KEY

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("crypto_open_interest", "fear_greed", "market_files")
"""Tables this revision makes: an upgrade is refused when one of that name is there already."""


def upgrade() -> None:
    """Create the three tables."""
    op.create_table(
        "crypto_open_interest",
        sa.Column("symbol", KEY, nullable=False),
        sa.Column("event_time", sa.BigInteger(), nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("open_interest", sa.Double(), nullable=False),
        sa.Column("notional", sa.Double(), nullable=True),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "symbol", "event_time", "source", name=op.f("crypto_open_interest_pkey")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fear_greed",
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "source", "known_at", name=op.f("fear_greed_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "market_files",
        sa.Column("sha256", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("symbol", KEY, nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("origin", KEY, nullable=False),
        sa.Column("rows_read", sa.BigInteger(), nullable=False),
        sa.Column("rows_written", sa.BigInteger(), nullable=False),
        sa.Column("rows_rejected", sa.BigInteger(), nullable=False),
        sa.Column("first_time", sa.BigInteger(), nullable=True),
        sa.Column("last_time", sa.BigInteger(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "sha256", "kind", "symbol", "source", name=op.f("market_files_pkey")
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop the three tables, with what they hold."""
    for name in TABLES:
        op.drop_table(name)
