"""The rules that every fault test asks: each finds the damage it is there for."""

from contextlib import closing

import pytest

from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.warehouse.database import open_database
from babingepet_services.btc.loop import LoopOptions
from scripts.bench.common.market import START
from tests.databases import tamper
from tests.faults import invariants
from tests.faults.crashing_loop import new_loop

MINUTES = 25
THIRD = START + 3 * MINUTE

MISSED = (
    "INSERT INTO market_gaps (symbol, feed, start_time, end_time, reason, source, detected_at, "
    f"cycles_affected) VALUES ('BTCUSDT', 'decision', {THIRD - MINUTE}, {THIRD}, 'no', 'simulated', 0, 1)"
)
DAMAGES = {
    "a decided minute on record as missed": (MISSED, "was decided and is missed"),
    "a minute that is neither": (f"DELETE FROM btc_decisions WHERE as_of = {THIRD}", "is lost"),
    "an entry without a decision": (
        "UPDATE crypto_sim_positions SET entry_cycle_id = 'x'", "nobody decided the entry",
    ),
    "an exit without a decision": (
        "UPDATE crypto_sim_positions SET exit_cycle_id = 'x'", "nobody decided the exit",
    ),
    "a position that nobody holds": (
        "UPDATE crypto_sim_positions SET status = 'OPEN' WHERE NOT shadow", "open positions are",
    ),
    "two positions at once": (
        "UPDATE crypto_sim_positions SET exit_time = exit_time + 86400000", "was opened while",
    ),
    "money from nowhere": ("UPDATE sim_portfolio SET cash = '1000.00000001'", "does not add up"),
    "a realised gain of no position": (
        "DELETE FROM crypto_sim_positions WHERE NOT shadow", "of all positions 0",
    ),
    "an open value of no position": (
        "UPDATE crypto_sim_positions SET quantity = quantity + 1", "open value is",
    ),
    "a decision without its candle": (
        f"DELETE FROM crypto_candles WHERE open_time = {THIRD - MINUTE}", "without its own minute",
    ),
    "a candle from the future": (
        f"UPDATE crypto_candles SET known_at = {THIRD + MINUTE}", "without its own minute",
    ),
    "an old market": ("UPDATE btc_decisions SET clock = clock + 90001", "ms late"),
    "two owners of a fence": (
        f"UPDATE btc_decisions SET owner = 'other' WHERE as_of = {THIRD}", "fence 1: ",
    ),
    "a replaced writer": (f"UPDATE btc_decisions SET fence = 2 WHERE as_of = {THIRD}", "after fence 2"),
    "a lease behind": ("UPDATE loop_lease SET fence = 0", "the lease is behind"),
    "a claim without its decision": ("UPDATE loop_lease SET cycle_id = 'x'", "x is claimed"),
    "a broken chain": (
        f"UPDATE btc_decisions SET state_after_hash = 'x' WHERE as_of = {THIRD}", "does not begin with",
    ),
    "a lost state": ("DELETE FROM blobs", "is not stored"),
    "a message that is lost": ("DELETE FROM outbox", "is told 0 times"),
    "a message of nothing": (
        "UPDATE outbox SET key = 'paper:simulated:x:entry' WHERE id = 1", "x:entry happened 0 times",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(lasting_databases, tmp_path_factory):
    """A warehouse with a closed and an open position."""
    url = lasting_databases.upgraded(tmp_path_factory.mktemp("whole"))
    with closing(open_database(url)) as database:
        list(new_loop(database, MINUTES, SystemClock(), LoopOptions("test")).run())
    return url


def test_nothing_is_broken_in_what_an_undisturbed_loop_wrote(whole):
    with closing(open_database(whole)) as database:
        work = invariants.check(database)
    assert (work.decided, work.missed, work.fences) == (MINUTES, 0, 1)
    assert work.positions == 2
    assert work.told == 3


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damage_is_found_and_named(damage, whole, databases, tmp_path, connect):
    statement, named = DAMAGES[damage]
    database = connect(databases.copy_of(whole, tmp_path))
    assert tamper(database, statement) > 0
    with pytest.raises(AssertionError, match=named):
        invariants.check(database)
