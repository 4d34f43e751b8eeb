"""Tables of the replay book: what years of minutes came to when they were decided again.

A book of its own: a replay's rows are in these tables only, and go with their run. Import them from
``tables``.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, LargeBinary, PrimaryKeyConstraint, Table

from babingepet_resources.warehouse.columns import (
    CLUSTERED,
    count_column,
    flag_column,
    json_column,
    key_column,
    metadata,
    money_column,
    number_column,
    time_column,
)


def _replayed() -> ForeignKeyConstraint:
    """A row that belongs to a run cannot exist without it."""
    return ForeignKeyConstraint(["run_id"], ["replay_runs.run_id"])


replay_runs = Table(
    "replay_runs",
    metadata,
    key_column("run_id"),
    key_column("market"),
    key_column("symbol"),
    key_column("source"),
    key_column("origin"),
    time_column("start"),
    time_column("end"),
    count_column("minutes"),
    time_column("created_at"),
    money_column("capital"),
    key_column("settings_hash"),
    json_column("settings"),
    key_column("weights_version"),
    json_column("weights"),
    key_column("engine_version"),
    key_column("code_version"),
    json_column("inputs"),
    json_column("document"),
    key_column("ledger_sha256"),
    PrimaryKeyConstraint("run_id"),
)

replay_trades = Table(
    "replay_trades",
    metadata,
    key_column("run_id"),
    count_column("number"),
    flag_column("shadow"),
    key_column("side"),
    number_column("quantity"),
    time_column("entry_time"),
    number_column("entry_price"),
    time_column("exit_time"),
    number_column("exit_price"),
    key_column("exit_reason"),
    number_column("initial_stop_price"),
    number_column("stop_price"),
    number_column("target_price"),
    number_column("peak_price"),
    flag_column("armed"),
    key_column("grade"),
    money_column("fees_paid"),
    money_column("funding_paid"),
    money_column("slippage_paid"),
    money_column("gross_pnl"),
    money_column("net_pnl"),
    number_column("net_return"),
    number_column("r_multiple"),
    PrimaryKeyConstraint("run_id", "number"),
    _replayed(),
    **CLUSTERED,
)

replay_days = Table(
    "replay_days",
    metadata,
    key_column("run_id"),
    key_column("day"),
    key_column("symbol"),
    count_column("minutes"),
    count_column("missing_minutes"),
    money_column("equity"),
    count_column("entries"),
    count_column("exits"),
    Column("decisions", LargeBinary, nullable=False),
    key_column("sha256"),
    PrimaryKeyConstraint("run_id", "day"),
    _replayed(),
)
