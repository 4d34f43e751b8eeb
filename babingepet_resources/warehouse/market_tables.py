"""Tables of market facts: they happened at a time, became known at another, and have a source.

Written once: a stored fact never changes. Import them from ``tables``.
"""

from __future__ import annotations

from sqlalchemy import Column, PrimaryKeyConstraint, Table, UniqueConstraint

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
from babingepet_resources.warehouse.types import ROW_ID

crypto_candles = Table(
    "crypto_candles",
    metadata,
    key_column("symbol"),
    key_column("interval"),
    time_column("open_time"),
    key_column("source"),
    number_column("open"),
    number_column("high"),
    number_column("low"),
    number_column("close"),
    number_column("base_volume"),
    number_column("quote_volume", null=True),
    number_column("trade_count", null=True),
    number_column("taker_buy_base_volume", null=True),
    time_column("known_at"),
    flag_column("derived"),
    PrimaryKeyConstraint("symbol", "interval", "open_time", "source"),
    **CLUSTERED,
)

crypto_trades = Table(
    "crypto_trades",
    metadata,
    key_column("symbol"),
    count_column("trade_id"),
    time_column("event_time"),
    number_column("price"),
    number_column("quantity"),
    number_column("notional"),
    key_column("taker_side"),
    key_column("source"),
    time_column("known_at"),
    PrimaryKeyConstraint("symbol", "event_time", "trade_id", "source"),
    **CLUSTERED,
)

crypto_order_flow = Table(
    "crypto_order_flow",
    metadata,
    key_column("symbol"),
    time_column("open_time"),
    key_column("source"),
    count_column("trade_count"),
    number_column("taker_buy_base_volume"),
    number_column("taker_sell_base_volume"),
    count_column("quote_count"),
    number_column("order_flow_imbalance", null=True),
    time_column("trades_from", null=True),
    time_column("quotes_from", null=True),
    json_column("summary"),
    time_column("known_at"),
    PrimaryKeyConstraint("symbol", "open_time", "source"),
)

crypto_orderbook = Table(
    "crypto_orderbook",
    metadata,
    key_column("symbol"),
    time_column("event_time"),
    key_column("source"),
    number_column("bid_price"),
    number_column("bid_size"),
    number_column("ask_price"),
    number_column("ask_size"),
    number_column("spread_bps"),
    number_column("book_imbalance", null=True),
    json_column("levels"),
    time_column("known_at"),
    PrimaryKeyConstraint("symbol", "event_time", "source"),
)

crypto_funding = Table(
    "crypto_funding",
    metadata,
    key_column("symbol"),
    time_column("funding_time"),
    key_column("source"),
    number_column("funding_rate"),
    number_column("interval_hours"),
    flag_column("derived"),
    time_column("known_at"),
    PrimaryKeyConstraint("symbol", "funding_time", "source"),
    **CLUSTERED,
)

crypto_open_interest = Table(
    "crypto_open_interest",
    metadata,
    key_column("symbol"),
    time_column("event_time"),
    key_column("source"),
    number_column("open_interest"),
    number_column("notional", null=True),
    time_column("known_at"),
    PrimaryKeyConstraint("symbol", "event_time", "source"),
    **CLUSTERED,
)

market_files = Table(
    "market_files",
    metadata,
    key_column("sha256"),
    key_column("kind"),
    key_column("symbol"),
    key_column("source"),
    text_column("name"),
    key_column("origin"),
    count_column("rows_read"),
    count_column("rows_written"),
    count_column("rows_rejected"),
    time_column("first_time", null=True),
    time_column("last_time", null=True),
    time_column("read_at"),
    PrimaryKeyConstraint("sha256", "kind", "symbol", "source"),
    **CLUSTERED,
)

market_gaps = Table(
    "market_gaps",
    metadata,
    Column("id", ROW_ID, autoincrement=True),
    key_column("symbol"),
    key_column("feed"),
    time_column("start_time"),
    time_column("end_time"),
    text_column("reason"),
    key_column("source"),
    time_column("detected_at"),
    time_column("repaired_at", null=True),
    key_column("repaired_from", null=True),
    count_column("cycles_affected"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("symbol", "feed", "start_time", "end_time", "source"),
)
