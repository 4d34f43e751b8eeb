"""What a cycle reads each minute is found by its key, however many years the tables hold."""

import pytest
from sqlalchemy import event

from babingepet_resources.warehouse import (
    candles,
    context_feeds,
    etf_flows,
    news,
    predictions,
    swarm,
    swarm_calls,
)
from tests.resources.warehouse import builders as b
from tests.resources.warehouse.context_builders import MARKET

LATER = b.START * 2


@pytest.mark.parametrize(
    "read",
    [
        lambda c: candles.first_open(c, b.SYMBOL, "1h", b.SOURCE),
        lambda c: news.read(c, MARKET, b.START, LATER, known_until=LATER),
        lambda c: swarm.latest(c, MARKET, known_until=LATER),
        lambda c: context_feeds.last_ok(c, "news", MARKET, known_until=LATER),
        lambda c: etf_flows.read(c, MARKET, until=LATER, known_until=LATER, limit_days=40),
        lambda c: context_feeds.present(c, MARKET),
        lambda c: swarm_calls.concluded(c, MARKET, b.START, "gpt", "hash", ["answered"]),
        lambda c: swarm_calls.next_attempt(c, MARKET, b.START, "gpt"),
        lambda c: swarm_calls.spent(c, MARKET, b.START, day=b.START, month=b.START),
        lambda c: predictions.resolved(c, MARKET, "gpt", "rules", known_until=LATER, limit=50),
        lambda c: predictions.unresolved(c, MARKET, since=b.START, until=LATER),
        lambda c: predictions.page(c, MARKET, before=LATER, rounds=20),
    ],
    ids=[
        "first_open",
        "news",
        "swarm",
        "last_ok",
        "etf_flows",
        "present",
        "concluded",
        "next_attempt",
        "spent",
        "resolved",
        "unresolved",
        "page",
    ],
)
def test_a_context_read_never_scans_a_table(sqlite_database, read):
    asked = []

    @event.listens_for(sqlite_database.engine, "before_cursor_execute")
    def remember(_connection, _cursor, statement, parameters, *_):
        asked.append((statement, parameters))

    with sqlite_database.reading() as connection:
        read(connection)
        statement, parameters = asked[-1]
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    steps = [row.detail for row in plan]
    tables = {
        "crypto_candles", "news", "swarm_verdicts", "context_feeds", "etf_flows", "swarm_calls",
        "crypto_ai_predictions",
    }  # fmt: skip
    scanned = [step for step in steps if any(step.startswith(f"SCAN {name}") for name in tables)]
    assert any(step.startswith("SEARCH") for step in steps)
    assert scanned == []
