"""The first tables.

Revision of the warehouse: 0001. There is no way down: going back to an older version means
restoring the backup made before the upgrade.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from babingepet_resources.warehouse.types import KEY, ROW_ID, Json, Money

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table of the first version, and the mark that they are ours."""
    op.create_table(
        "blobs",
        sa.Column("hash", KEY, nullable=False),
        sa.Column("codec", KEY, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("blobs_pkey")),
    )
    op.create_table(
        "btc_decisions",
        sa.Column("book", KEY, nullable=False),
        sa.Column("cycle_id", KEY, nullable=False),
        sa.Column("symbol", KEY, nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("clock", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("owner", KEY, nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("coverage", sa.Double(), nullable=False),
        sa.Column("verdict", KEY, nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.Column("grade", KEY, nullable=True),
        sa.Column("blocked_by", Json, nullable=False),
        sa.Column("position", Json, nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("decision_hash", KEY, nullable=False),
        sa.Column("inputs_hash", KEY, nullable=False),
        sa.Column("state_before_hash", KEY, nullable=False),
        sa.Column("state_after_hash", KEY, nullable=False),
        sa.Column("settings_hash", KEY, nullable=False),
        sa.Column("weights_version", KEY, nullable=False),
        sa.Column("engine_version", KEY, nullable=False),
        sa.Column("code_version", KEY, nullable=False),
        sa.PrimaryKeyConstraint("book", "cycle_id", name=op.f("btc_decisions_pkey")),
        sa.UniqueConstraint(
            "book", "symbol", "as_of", name=op.f("btc_decisions_book_symbol_as_of_key")
        ),
    )
    op.create_table(
        "crypto_candles",
        sa.Column("symbol", KEY, nullable=False),
        sa.Column("interval", KEY, nullable=False),
        sa.Column("open_time", sa.BigInteger(), nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("open", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("close", sa.Double(), nullable=False),
        sa.Column("base_volume", sa.Double(), nullable=False),
        sa.Column("quote_volume", sa.Double(), nullable=True),
        sa.Column("trade_count", sa.Double(), nullable=True),
        sa.Column("taker_buy_base_volume", sa.Double(), nullable=True),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("derived", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(
            "symbol", "interval", "open_time", "source", name=op.f("crypto_candles_pkey")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "crypto_funding",
        sa.Column("symbol", KEY, nullable=False),
        sa.Column("funding_time", sa.BigInteger(), nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("funding_rate", sa.Double(), nullable=False),
        sa.Column("interval_hours", sa.Double(), nullable=False),
        sa.Column("derived", sa.Boolean(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "symbol", "funding_time", "source", name=op.f("crypto_funding_pkey")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "crypto_order_flow",
        sa.Column("symbol", KEY, nullable=False),
        sa.Column("open_time", sa.BigInteger(), nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("trade_count", sa.BigInteger(), nullable=False),
        sa.Column("taker_buy_base_volume", sa.Double(), nullable=False),
        sa.Column("taker_sell_base_volume", sa.Double(), nullable=False),
        sa.Column("quote_count", sa.BigInteger(), nullable=False),
        sa.Column("order_flow_imbalance", sa.Double(), nullable=True),
        sa.Column("trades_from", sa.BigInteger(), nullable=True),
        sa.Column("quotes_from", sa.BigInteger(), nullable=True),
        sa.Column("summary", Json, nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "symbol", "open_time", "source", name=op.f("crypto_order_flow_pkey")
        ),
    )
    op.create_table(
        "crypto_orderbook",
        sa.Column("symbol", KEY, nullable=False),
        sa.Column("event_time", sa.BigInteger(), nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("bid_price", sa.Double(), nullable=False),
        sa.Column("bid_size", sa.Double(), nullable=False),
        sa.Column("ask_price", sa.Double(), nullable=False),
        sa.Column("ask_size", sa.Double(), nullable=False),
        sa.Column("spread_bps", sa.Double(), nullable=False),
        sa.Column("book_imbalance", sa.Double(), nullable=True),
        sa.Column("levels", Json, nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "symbol", "event_time", "source", name=op.f("crypto_orderbook_pkey")
        ),
    )
    op.create_table(
        "crypto_trades",
        sa.Column("symbol", KEY, nullable=False),
        sa.Column("trade_id", sa.BigInteger(), nullable=False),
        sa.Column("event_time", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.Double(), nullable=False),
        sa.Column("quantity", sa.Double(), nullable=False),
        sa.Column("notional", sa.Double(), nullable=False),
        sa.Column("taker_side", KEY, nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "symbol", "event_time", "trade_id", "source", name=op.f("crypto_trades_pkey")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "data_checks",
        sa.Column("name", KEY, nullable=False),
        sa.Column("asset", KEY, nullable=False),
        sa.Column("partition", KEY, nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("blocking", sa.Boolean(), nullable=False),
        sa.Column("severity", KEY, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("evaluated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "name", "asset", "partition", "source", name=op.f("data_checks_pkey")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "loop_lease",
        sa.Column("name", KEY, nullable=False),
        sa.Column("owner", KEY, nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("heartbeat_at", sa.BigInteger(), nullable=False),
        sa.Column("acquired_at", sa.BigInteger(), nullable=False),
        sa.Column("cycle_id", KEY, nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("loop_lease_pkey")),
    )
    op.create_table(
        "market_gaps",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("symbol", KEY, nullable=False),
        sa.Column("feed", KEY, nullable=False),
        sa.Column("start_time", sa.BigInteger(), nullable=False),
        sa.Column("end_time", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("detected_at", sa.BigInteger(), nullable=False),
        sa.Column("repaired_at", sa.BigInteger(), nullable=True),
        sa.Column("repaired_from", KEY, nullable=True),
        sa.Column("cycles_affected", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("market_gaps_pkey")),
        sa.UniqueConstraint(
            "symbol",
            "feed",
            "start_time",
            "end_time",
            "source",
            name=op.f("market_gaps_symbol_feed_start_time_end_time_source_key"),
        ),
    )
    op.create_table(
        "outbox",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("topic", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("outbox_pkey")),
        sa.UniqueConstraint("key", name=op.f("outbox_key_key")),
    )
    op.create_index(
        "outbox_pending_idx",
        "outbox",
        ["id"],
        unique=False,
        sqlite_where=sa.text("delivered_at IS NULL"),
        postgresql_where=sa.text("delivered_at IS NULL"),
    )
    op.create_table(
        "warehouse_meta",
        sa.Column("key", KEY, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("warehouse_meta_pkey")),
    )
    op.create_table(
        "crypto_ai_reasoning_log",
        sa.Column("book", KEY, nullable=False),
        sa.Column("cycle_id", KEY, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "cycle_id"],
            ["btc_decisions.book", "btc_decisions.cycle_id"],
            name=op.f("crypto_ai_reasoning_log_book_cycle_id_fkey"),
        ),
        sa.PrimaryKeyConstraint(
            "book", "cycle_id", "kind", name=op.f("crypto_ai_reasoning_log_pkey")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "crypto_signals",
        sa.Column("book", KEY, nullable=False),
        sa.Column("cycle_id", KEY, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("signal", KEY, nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("observations", sa.BigInteger(), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("raw", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "cycle_id"],
            ["btc_decisions.book", "btc_decisions.cycle_id"],
            name=op.f("crypto_signals_book_cycle_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("book", "cycle_id", "signal", name=op.f("crypto_signals_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "crypto_sim_positions",
        sa.Column("book", KEY, nullable=False),
        sa.Column("position_id", KEY, nullable=False),
        sa.Column("symbol", KEY, nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("shadow", sa.Boolean(), nullable=False),
        sa.Column("side", KEY, nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("entry_cycle_id", KEY, nullable=False),
        sa.Column("entry_time", sa.BigInteger(), nullable=False),
        sa.Column("entry_price", sa.Double(), nullable=False),
        sa.Column("quantity", sa.Double(), nullable=False),
        sa.Column("initial_stop_price", sa.Double(), nullable=False),
        sa.Column("stop_price", sa.Double(), nullable=False),
        sa.Column("target_price", sa.Double(), nullable=False),
        sa.Column("peak_price", sa.Double(), nullable=False),
        sa.Column("armed", sa.Boolean(), nullable=False),
        sa.Column("exit_cycle_id", KEY, nullable=True),
        sa.Column("exit_time", sa.BigInteger(), nullable=True),
        sa.Column("exit_price", sa.Double(), nullable=True),
        sa.Column("exit_reason", KEY, nullable=True),
        sa.Column("fees_paid", Money, nullable=False),
        sa.Column("funding_paid", Money, nullable=False),
        sa.Column("gross_pnl", Money, nullable=True),
        sa.Column("net_pnl", Money, nullable=True),
        sa.Column("net_return", sa.Double(), nullable=True),
        sa.Column("r_multiple", sa.Double(), nullable=True),
        sa.Column("grade", KEY, nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "entry_cycle_id"],
            ["btc_decisions.book", "btc_decisions.cycle_id"],
            name=op.f("crypto_sim_positions_book_entry_cycle_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("book", "position_id", name=op.f("crypto_sim_positions_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("crypto_sim_positions_book_status_exit_time_idx"),
        "crypto_sim_positions",
        ["book", "status", "exit_time"],
        unique=False,
    )
    op.create_table(
        "cycle_inputs",
        sa.Column("book", KEY, nullable=False),
        sa.Column("cycle_id", KEY, nullable=False),
        sa.Column("inputs_hash", KEY, nullable=False),
        sa.Column("manifest", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "cycle_id"],
            ["btc_decisions.book", "btc_decisions.cycle_id"],
            name=op.f("cycle_inputs_book_cycle_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("book", "cycle_id", name=op.f("cycle_inputs_pkey")),
    )
    op.create_table(
        "sim_portfolio",
        sa.Column("book", KEY, nullable=False),
        sa.Column("cycle_id", KEY, nullable=False),
        sa.Column("symbol", KEY, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("cash", Money, nullable=False),
        sa.Column("unrealized_pnl", Money, nullable=False),
        sa.Column("equity", Money, nullable=False),
        sa.Column("exposure", sa.Double(), nullable=False),
        sa.Column("realized_pnl", Money, nullable=False),
        sa.Column("fees_paid", Money, nullable=False),
        sa.Column("funding_paid", Money, nullable=False),
        sa.Column("day_anchor", Money, nullable=False),
        sa.Column("week_anchor", Money, nullable=False),
        sa.Column("drawdown", sa.Double(), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "cycle_id"],
            ["btc_decisions.book", "btc_decisions.cycle_id"],
            name=op.f("sim_portfolio_book_cycle_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("book", "cycle_id", name=op.f("sim_portfolio_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("sim_portfolio_book_symbol_as_of_idx"),
        "sim_portfolio",
        ["book", "symbol", "as_of"],
        unique=False,
    )
    op.execute("INSERT INTO warehouse_meta (key, value) VALUES ('product', 'babingepet')")
