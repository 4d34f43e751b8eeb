"""What a cycle reads each minute is found by its key, however many years the tables hold."""

import pytest
from sqlalchemy import event

from babingepet_resources.warehouse import candles, context_feeds, etf_flows, news, swarm
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
    ],
    ids=["first_open", "news", "swarm", "last_ok", "etf_flows", "present"],
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
    tables = {"crypto_candles", "news", "swarm_verdicts", "context_feeds", "etf_flows"}
    scanned = [step for step in steps if any(step.startswith(f"SCAN {name}") for name in tables)]
    assert any(step.startswith("SEARCH") for step in steps)
    assert scanned == []
