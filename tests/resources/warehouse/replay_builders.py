"""Rows of the replay book with boring defaults: a test names only what matters to it."""

import hashlib
from decimal import Decimal
from typing import Any

from babingepet.market.intervals import DAY, day_key
from babingepet_resources.warehouse import records as r
from tests.resources.warehouse.builders import START

RUN = "replay-20261122T221005Z-3f2a9c"
CREATED = 1_795_385_405_000


def run(run_id: str = RUN, **changes: Any) -> r.ReplayRunRecord:
    values: dict[str, Any] = {
        "run_id": run_id,
        "market": "btc",
        "symbol": "BTCUSDT",
        "source": "recorded",
        "origin": "command",
        "start": START,
        "end": START + 3 * DAY,
        "minutes": 4_320,
        "created_at": CREATED,
        "capital": Decimal("1000.00000000"),
        "settings_hash": "5" * 64,
        "settings": {"blocked_hours": [3, 4], "leverage": 2.0},
        "weights_version": "base",
        "weights": {"vpin": 0.11, "vwap": 0.07},
        "engine_version": "1a2b3c",
        "code_version": "0.1.0",
        "inputs": {"files": [{"kind": "candles", "path": "BTCUSDT.parquet", "sha256": "c" * 64}]},
        "document": {"net_pnl": -1.5, "trades": 2, "profit_factor": None},
        "ledger_sha256": "3f2a9c" + "0" * 58,
    }
    return r.ReplayRunRecord(**(values | changes))


def trade(number: int, run_id: str = RUN, **changes: Any) -> r.ReplayTradeRecord:
    values: dict[str, Any] = {
        "run_id": run_id,
        "number": number,
        "shadow": False,
        "side": "LONG",
        "quantity": 0.002,
        "entry_time": START + number * 3_600_000,
        "entry_price": 100_000.1,
        "exit_time": START + number * 3_600_000 + 600_000,
        "exit_price": 100_500.7,
        "exit_reason": "TRAIL",
        "initial_stop_price": 99_000.0,
        "stop_price": 100_500.5,
        "target_price": 103_000.0,
        "peak_price": 100_900.0,
        "armed": True,
        "grade": "A",
        "fees_paid": Decimal("0.08020000"),
        "funding_paid": Decimal("-0.00000001"),
        "slippage_paid": Decimal("0.01000000"),
        "gross_pnl": Decimal("1.00120000"),
        "net_pnl": Decimal("0.92100001"),
        "net_return": 0.0046,
        "r_multiple": 0.46,
    }
    return r.ReplayTradeRecord(**(values | changes))


def day(
    number: int, run_id: str = RUN, *, content: bytes | None = None, **changes: Any
) -> r.ReplayDayRecord:
    decisions = bytes(range(256)) + str(number).encode() if content is None else content
    values: dict[str, Any] = {
        "run_id": run_id,
        "day": day_key(START + number * DAY),
        "symbol": "BTCUSDT",
        "minutes": 1_440,
        "missing_minutes": 0,
        "equity": Decimal("999.25000000"),
        "entries": 1,
        "exits": 1,
        "sha256": hashlib.sha256(decisions).hexdigest(),
        "decisions": decisions,
    }
    return r.ReplayDayRecord(**(values | changes))
