"""The replay book: runs over years of minutes, their trades and their days.

Revision of the warehouse: 0003. Adds three tables; none of the older ones is touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from babingepet_resources.warehouse.types import KEY, Json, Money

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("replay_runs", "replay_trades", "replay_days")
"""Tables this revision makes: an upgrade is refused when one of that name is there already."""


def upgrade() -> None:
    """Create the three tables."""
    op.create_table(
        "replay_runs",
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("market", KEY, nullable=False),
        sa.Column("symbol", KEY, nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("origin", KEY, nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("capital", Money, nullable=False),
        sa.Column("settings_hash", KEY, nullable=False),
        sa.Column("settings", Json, nullable=False),
        sa.Column("weights_version", KEY, nullable=False),
        sa.Column("weights", Json, nullable=False),
        sa.Column("engine_version", KEY, nullable=False),
        sa.Column("code_version", KEY, nullable=False),
        sa.Column("inputs", Json, nullable=False),
        sa.Column("document", Json, nullable=False),
        sa.Column("ledger_sha256", KEY, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("replay_runs_pkey")),
    )
    _create_trades()
    op.create_table(
        "replay_days",
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("day", KEY, nullable=False),
        sa.Column("symbol", KEY, nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("missing_minutes", sa.BigInteger(), nullable=False),
        sa.Column("equity", Money, nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("exits", sa.BigInteger(), nullable=False),
        sa.Column("decisions", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["replay_runs.run_id"], name=op.f("replay_days_run_id_fkey")
        ),
        sa.PrimaryKeyConstraint("run_id", "day", name=op.f("replay_days_pkey")),
    )


def _create_trades() -> None:
    op.create_table(
        "replay_trades",
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("shadow", sa.Boolean(), nullable=False),
        sa.Column("side", KEY, nullable=False),
        sa.Column("quantity", sa.Double(), nullable=False),
        sa.Column("entry_time", sa.BigInteger(), nullable=False),
        sa.Column("entry_price", sa.Double(), nullable=False),
        sa.Column("exit_time", sa.BigInteger(), nullable=False),
        sa.Column("exit_price", sa.Double(), nullable=False),
        sa.Column("exit_reason", KEY, nullable=False),
        sa.Column("initial_stop_price", sa.Double(), nullable=False),
        sa.Column("stop_price", sa.Double(), nullable=False),
        sa.Column("target_price", sa.Double(), nullable=False),
        sa.Column("peak_price", sa.Double(), nullable=False),
        sa.Column("armed", sa.Boolean(), nullable=False),
        sa.Column("grade", KEY, nullable=False),
        sa.Column("fees_paid", Money, nullable=False),
        sa.Column("funding_paid", Money, nullable=False),
        sa.Column("slippage_paid", Money, nullable=False),
        sa.Column("gross_pnl", Money, nullable=False),
        sa.Column("net_pnl", Money, nullable=False),
        sa.Column("net_return", sa.Double(), nullable=False),
        sa.Column("r_multiple", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["replay_runs.run_id"], name=op.f("replay_trades_run_id_fkey")
        ),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("replay_trades_pkey")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop the three tables, with what they hold."""
    for name in reversed(TABLES):
        op.drop_table(name)
