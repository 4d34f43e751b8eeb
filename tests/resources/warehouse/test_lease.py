import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from signal import SIGCONT, SIGSTOP
from threading import Barrier

import pytest

from babingepet.errors import CycleAlreadyDecided, LeaseLost
from babingepet_resources.warehouse import cycles, lease, stock
from babingepet_resources.warehouse.database import open_database
from tests.conftest import PRODUCT
from tests.resources.warehouse import builders as b

STALE = 90_000


def acquire(database, owner, now, stale_after_ms=STALE):
    return lease.acquire(database, "btc", owner, now, stale_after_ms)


def test_the_first_to_ask_gets_the_lease(database, held):
    assert (held.owner, held.fence, held.cycle_id) == ("run-1", 1, None)
    assert lease.read(database, "btc") == held
    assert lease.read(database, "altcoin") is None


@pytest.mark.parametrize(("now", "fence"), [(1, None), (STALE, None), (STALE + 1, 2)])
def test_a_successor_takes_over_only_when_the_heartbeat_is_stale(database, held, now, fence):
    taken = acquire(database, "run-2", now)
    assert (taken and taken.fence) == fence


def test_a_heartbeat_keeps_the_lease(database, held):
    lease.renew(database, held, now=STALE)
    assert acquire(database, "run-2", STALE + 1) is None


def test_a_released_lease_is_taken_at_once(database, held):
    assert lease.release(database, held, now=1)
    taken = acquire(database, "run-2", 1)
    assert taken.fence == 2
    assert lease.read(database, "btc").released_at is None


def test_a_lease_without_an_owner_is_taken_at_once(database, held):
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE loop_lease SET owner = NULL")
    assert acquire(database, "run-2", 1).fence == 2


def test_only_its_holder_releases_or_renews_a_lease(database, held):
    acquire(database, "run-2", STALE + 1)
    assert not lease.release(database, held, now=STALE + 2)
    assert lease.read(database, "btc").released_at is None
    with pytest.raises(LeaseLost):
        lease.renew(database, held, now=STALE + 2)


def test_a_claim_renews_the_heartbeat_and_remembers_the_cycle(database, held):
    with database.writing() as connection:
        lease.renew_and_claim(connection, held, 5, b.cycle_id(1))
    assert lease.read(database, "btc") == replace(
        held, heartbeat_at=5, decided_at=5, cycle_id=b.cycle_id(1)
    )


@pytest.mark.parametrize("again", [1, 0])
def test_a_cycle_is_claimed_once_and_never_an_older_one(database, held, again):
    with database.writing() as connection:
        lease.renew_and_claim(connection, held, 5, b.cycle_id(1))
    with database.writing() as connection, pytest.raises(CycleAlreadyDecided):
        lease.renew_and_claim(connection, held, 6, b.cycle_id(again))


@pytest.mark.parametrize(
    ("earlier", "later"),
    [("btc-20250510T2359Z", "btc-20250511T0000Z"), ("btc-20250510T0001Z", "btc-20250510T0001a")],
)
def test_cycles_sort_by_their_bytes_whatever_the_databases_language(database, held, earlier, later):
    with database.writing() as connection:
        lease.renew_and_claim(connection, held, 5, earlier)
        lease.renew_and_claim(connection, held, 5, later)


def test_a_successor_goes_on_after_the_cycle_its_predecessor_claimed(database, held):
    with database.writing() as connection:
        lease.renew_and_claim(connection, held, 5, b.cycle_id(3))
    taken = acquire(database, "run-2", STALE + 10)
    assert taken.cycle_id == b.cycle_id(3)
    with database.writing() as connection, pytest.raises(CycleAlreadyDecided):
        lease.renew_and_claim(connection, taken, STALE + 11, b.cycle_id(3))


@pytest.mark.parametrize("lost", ["taken over", "released"])
def test_a_stale_fence_writes_nothing(database, held, lost):
    if lost == "released":
        lease.release(database, held, now=1)
    else:
        acquire(database, "run-2", STALE + 1)
    with pytest.raises(LeaseLost):
        cycles.commit(database, held, b.cycle(), now=STALE + 2)
    with database.reading() as connection:
        counts = stock.row_counts(connection)
    assert {name for name, rows in counts.items() if rows} == {"loop_lease", "warehouse_meta"}


def test_of_successors_who_race_exactly_one_wins(database, held, url):
    racers, rounds = 4, 10
    opened = [open_database(url) for _ in range(racers)]
    barrier = Barrier(racers)

    def race(number):
        wins = []
        for turn in range(1, rounds + 1):
            barrier.wait(timeout=30)
            taken = acquire(opened[number], f"run-{number}", turn * 2 * STALE)
            wins.append(None if taken is None else taken.fence)
        return wins

    with ThreadPoolExecutor(racers) as pool:
        results = list(pool.map(race, range(racers)))
    for database_ in opened:
        database_.close()
    for turn, outcome in enumerate(zip(*results, strict=True)):
        assert [fence for fence in outcome if fence is not None] == [turn + 2]


_OWNER = """
import sys
from babingepet.errors import LeaseLost
from babingepet_resources.warehouse import cycles, lease
from babingepet_resources.warehouse.database import open_database
from tests.resources.warehouse import builders as b

database = open_database(sys.argv[1])
held = lease.acquire(database, "btc", "run-1", 0, 90_000)
cycles.commit(database, held, b.cycle(1), now=1)
print("decided", flush=True)
sys.stdin.readline()
try:
    cycles.commit(database, held, b.cycle(2), now=2)
except LeaseLost:
    print("left", flush=True)
else:
    print("decided", flush=True)
"""


@pytest.mark.slow
def test_an_owner_that_was_paused_wakes_up_and_leaves(url, database):
    with subprocess.Popen(
        [sys.executable, "-c", _OWNER, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PRODUCT,
        text=True,
    ) as owner:
        assert owner.stdout.readline() == "decided\n"
        owner.send_signal(SIGSTOP)
        successor = acquire(database, "run-2", STALE + 2)
        cycles.commit(database, successor, b.cycle(2, outbox=[]), now=STALE + 3)
        owner.send_signal(SIGCONT)
        owner.stdin.write("go on\n")
        owner.stdin.flush()
        assert owner.stdout.readline() == "left\n"
    with database.reading() as connection:
        counts = stock.row_counts(connection)
    assert (counts["btc_decisions"], counts["outbox"]) == (2, 1)
