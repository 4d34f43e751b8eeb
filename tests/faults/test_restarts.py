"""A loop that comes back after a while, with a position open."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.warehouse import gaps, history
from babingepet_resources.warehouse.database import open_database
from babingepet_services.btc.loop import BtcLoop, LoopOptions
from tests.faults import invariants
from tests.faults.crashing_loop import KlineFeed, last_as_of, new_loop

MINUTES = 120
AWAY = 10
"""Minutes in which nothing ran."""
FALL = 0.03
"""As a fraction: the stop is 0.2 % away."""


class FallenMarket(KlineFeed):
    """Goes on some minutes later, at a price that fell meanwhile through every stop."""

    def __init__(self, after: int) -> None:
        super().__init__(MINUTES, after + AWAY * MINUTE)
        prices = {
            name: np.where(self.minutes.open_time < after, column, column * (1 - FALL))
            for name in ("open", "high", "low", "close")
            for column in [getattr(self.minutes, name)]
        }
        self.minutes = replace(self.minutes, **prices)


def run_until_open(database):
    """Decide until a position is open; its row."""
    loop = new_loop(database, MINUTES, SystemClock(), LoopOptions("first")).run()
    for report in loop:
        if report.decision.position is not None and report.decision.position["side"] == "LONG":
            break
    loop.close()
    with database.reading() as connection:
        (held,) = (p for p in history.open_positions(connection, "paper") if not p.shadow)
    return held


@pytest.fixture
def database(databases, tmp_path):
    with closing(open_database(databases.upgraded(tmp_path))) as opened:
        yield opened


def back(database, feed):
    """The loop over another market, as it is started again."""
    program = new_loop(database, MINUTES, SystemClock(), LoopOptions("x"))._program
    return BtcLoop(feed, database, SystemClock(), program, LoopOptions("second", max_cycles=3))


def test_a_gap_through_the_stop_exits_at_the_first_price_and_not_at_the_stop(database):
    held = run_until_open(database)
    last = last_as_of(database)
    feed = FallenMarket(last)
    first, *_ = list(back(database, feed).run())
    assert first.as_of == last + (AWAY + 1) * MINUTE
    opened_at = float(feed.minutes.open[feed.minutes.open_time == first.as_of - MINUTE][0])
    with database.reading() as connection:
        exited = history.position(connection, "paper", held.position_id)
        (missed,) = gaps.read(connection, "BTCUSDT", 0, 2**60, feed="decision")
    assert opened_at < held.stop_price * 0.99
    assert (exited.status, exited.exit_reason) == ("CLOSED", "STOP_LOSS_GAP")
    assert exited.exit_price == pytest.approx(opened_at, rel=5e-4)
    assert exited.exit_price <= opened_at
    assert (missed.start_time, missed.end_time) == (last, last + AWAY * MINUTE)
    assert missed.reason == "no loop was running"
    work = invariants.check(database)
    assert work.missed == AWAY


def test_a_stop_and_its_trail_are_as_they_were_after_a_restart(database):
    held = run_until_open(database)
    feed = KlineFeed(MINUTES, last_as_of(database))
    first, *_ = list(back(database, feed).run())
    assert first.decision.position is not None
    position = first.decision.position
    assert position["position_id"] == held.position_id
    assert (position["initial_stop"], position["entry_price"]) == (
        held.initial_stop_price, held.entry_price,
    )  # fmt: skip
    assert position["stop"] >= held.stop_price
    assert position["peak"] >= held.peak_price
    assert invariants.check(database).fences == 2
