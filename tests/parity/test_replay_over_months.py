"""A decision is made again from the warehouse, whenever the loop that made it had started."""

import pytest

from babingepet.market.intervals import MINUTE
from babingepet_resources.warehouse import history
from babingepet_resources.warehouse.database import open_database
from babingepet_services.replay.cycle import replay_cycle
from scripts.bench.common import market
from tests.services.conftest import new_loop

MAY_2025 = 1_746_057_600_000
HISTORY_DAYS = 124
"""More than minutes are loaded for, so that native hours fill in before them."""


def replays(url, start):
    """Six minutes from ``start`` on, decided by one loop and then made again."""
    database = open_database(url)
    feed = market.MadeUpFeed(6, history_days=HISTORY_DAYS)
    assert all(report.decision for report in new_loop(database, 6, feed=feed).run())
    with database.reading() as connection:
        decided = history.decisions(connection, "paper", "BTCUSDT", start, start + 7 * MINUTE)
    again = [replay_cycle(database, "paper", decision.cycle_id) for decision in decided]
    database.close()
    return [replay.identical for replay in again]


@pytest.mark.slow
def test_decisions_of_a_loop_are_made_again_after_the_end_of_a_month(warehouse_url, monkeypatch):
    start = MAY_2025 - 3 * MINUTE
    monkeypatch.setattr(market, "START", start)
    assert replays(warehouse_url, start) == [True] * 6
