"""One loop hands over to the next: nobody else comes between, and no minute is missed."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from babingepet.errors import ExchangeUnavailable, LeaseLost
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.warehouse import gaps, history, lease
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.lease import SUCCESSOR_STALE_AFTER
from babingepet_resources.warehouse.records import DecisionRecord
from babingepet_services.btc import rehearsal, tenure
from babingepet_services.btc.loop import STALE_AFTER, CycleReport
from babingepet_services.btc.tenure import Tenure
from scripts.bench.common.market import START, MadeUpFeed
from tests.databases import Databases, blocked
from tests.fakes import FakeClock
from tests.services.conftest import LoopMaker, made_up_feed

MINUTES = 20


def decisions(database: Database) -> list[DecisionRecord]:
    with database.reading() as connection:
        return history.decisions(connection, "paper", "BTCUSDT", 0, 2**60)


def missed(database: Database) -> int:
    with database.reading() as connection:
        return sum(g.feed == "decision" for g in gaps.read(connection, "BTCUSDT", 0, 2**60))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenure, "STAND_BY_EVERY", 0.01)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def stands_by(database: Database, who: str) -> bool:
    row = lease.read(database, "btc")
    return row is not None and row.successor == who


def wait_for(holds: Callable[[], bool]) -> None:
    for _ in range(2000):
        if holds():
            return
        SystemClock().sleep(0.01)
    pytest.fail("not within 20 s")


@dataclass
class Succession:
    """An owner that decides minute by minute, and successors in threads."""

    make_loop: LoopMaker
    pool: ThreadPoolExecutor
    database: Database
    reports: list[CycleReport] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.loop = self.make_loop(MINUTES, owner="owner")
        self.run = self.loop.run()

    def decide(self, minutes: int) -> None:
        for _ in range(minutes):
            self.reports.append(next(self.run))

    def successor(self, name: str, feed: MadeUpFeed | None = None) -> "Future[list[CycleReport]]":
        loop = self.make_loop(MINUTES, owner=name, feed=feed)
        return self.pool.submit(lambda: list(loop.run()))

    def awaited(self, name: str = "next") -> "Future[list[CycleReport]]":
        self.loop.ask_handover("long enough")
        work = self.successor(name)
        wait_for(lambda: stands_by(self.database, name))
        return work


@pytest.fixture
def succession(
    make_loop: LoopMaker, warehouse: Database, pool: ThreadPoolExecutor
) -> Iterator[Succession]:
    found = Succession(make_loop, pool, warehouse)
    yield found
    found.run.close()


@pytest.mark.slow
def test_a_successor_decides_the_very_next_minute_as_the_owner_would_have(
    succession: Succession,
    make_loop: LoopMaker,
    warehouse: Database,
    databases: Databases,
    tmp_path: Path,
    connect: Callable[..., Database],
) -> None:
    succession.decide(3)
    work = succession.awaited()
    owners = list(succession.run)
    assert len(owners) == 1, "seen after the third minute, it has heard the fourth whole"
    after = work.result(timeout=60)
    made = decisions(warehouse)
    assert [d.as_of for d in made] == [START + (k + 1) * MINUTE for k in range(MINUTES)]
    assert [(d.fence, d.owner) for d in made] == [(1, "owner")] * 4 + [(2, "next")] * 16
    assert sum(r.decision is not None for r in after) == 16
    assert succession.loop.successor == "next"
    assert missed(warehouse) == 0
    unbroken = connect(databases.upgraded(tmp_path, "unbroken"))
    list(make_loop(MINUTES, database=unbroken).run())
    assert [d.payload for d in made] == [d.payload for d in decisions(unbroken)]


def test_without_a_successor_an_asked_owner_goes_on(
    succession: Succession, warehouse: Database
) -> None:
    succession.decide(1)
    succession.loop.ask_handover("long enough")
    assert len(list(succession.run)) == MINUTES - 1
    assert succession.loop.successor is None


def test_a_loop_that_nobody_asked_for_leaves(succession: Succession) -> None:
    succession.decide(1)
    with pytest.raises(LeaseLost, match="another loop is alive: owner"):
        succession.successor("next").result(timeout=60)


@pytest.mark.slow
def test_a_second_successor_leaves_while_the_first_waits(succession: Succession) -> None:
    succession.decide(1)
    succession.awaited("first")
    with pytest.raises(LeaseLost, match="first stands by"):
        succession.successor("second").result(timeout=60)
    list(succession.run)
    assert succession.loop.successor == "first"


@pytest.mark.slow
def test_an_owner_that_ends_while_a_successor_waits_leaves_the_market_to_it(
    succession: Succession, warehouse: Database
) -> None:
    succession.decide(4)
    work = succession.awaited()
    succession.run.close()  # as a signal or Terminate does, after the minute in hand
    work.result(timeout=60)
    assert [(d.fence, d.owner) for d in decisions(warehouse)] == (
        [(1, "owner")] * 4 + [(2, "next")] * 16
    )
    assert missed(warehouse) == 0


@pytest.mark.slow
def test_an_owner_goes_on_when_its_successor_dies_and_takes_the_next_one(
    succession: Succession, warehouse: Database
) -> None:
    succession.decide(1)
    succession.loop.ask_handover("long enough")
    long_ago = SystemClock().now() - SUCCESSOR_STALE_AFTER - 1000
    assert lease.stand_by(warehouse, "btc", "dead", long_ago, STALE_AFTER)
    succession.decide(5)
    assert succession.loop.successor is None
    succession.awaited("next")
    list(succession.run)
    assert succession.loop.successor == "next"


@pytest.mark.slow
def test_a_successor_whose_market_goes_away_leaves_without_touching_the_lease(
    succession: Succession, warehouse: Database
) -> None:
    class Lost(MadeUpFeed):
        looks = 0

        def now(self) -> int:
            self.looks += 1
            if self.looks > 3:
                raise ExchangeUnavailable("the connection broke down")
            return super().now()

    succession.decide(1)
    succession.loop.ask_handover("long enough")
    with pytest.raises(ExchangeUnavailable):
        succession.successor("next", made_up_feed(MINUTES, Lost)).result(timeout=60)
    assert len(list(succession.run)) == MINUTES - 1
    assert {d.owner for d in decisions(warehouse)} == {"owner"}


def test_a_successor_that_cannot_decide_is_never_handed_the_market(
    succession: Succession, warehouse: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(rehearsal, "decide", broken)
    succession.decide(1)
    succession.loop.ask_handover("new code")
    with pytest.raises(ZeroDivisionError):
        succession.successor("next").result(timeout=60)
    assert not stands_by(warehouse, "next")
    assert len(list(succession.run)) == MINUTES - 1
    assert {d.owner for d in decisions(warehouse)} == {"owner"}


class Ticking(FakeClock):
    """A clock that moves when somebody waits, and does something then."""

    def __init__(self, now: int, then: Callable[[], object]) -> None:
        super().__init__(now)
        self._then = then

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._then()


NOW = 1_700_000_000_000


def new_tenure(database: Database, clock: FakeClock, owner: str) -> Tenure:
    return Tenure(database, clock, "btc", owner, STALE_AFTER)


def test_a_successor_takes_over_from_an_owner_that_falls_silent(warehouse: Database) -> None:
    held = lease.acquire(warehouse, "btc", "owner", NOW, STALE_AFTER)
    assert held is not None
    lease.ask_handover(warehouse, "btc", held.fence, "long enough")
    waits: list[int] = []
    clock = Ticking(NOW, lambda: waits.append(clock.now()))
    successor = new_tenure(warehouse, clock, "next")
    successor.begin()
    clock.advance(STALE_AFTER / 1000 - 0.02)
    assert successor.wait(lambda: False, lambda: None)
    assert waits, "it stood by as long as the heartbeat was fresh"
    assert successor.held.fence == 2


def test_a_successor_that_is_told_to_stop_leaves_the_owner_alone(warehouse: Database) -> None:
    held = lease.acquire(warehouse, "btc", "owner", NOW, STALE_AFTER)
    assert held is not None
    lease.ask_handover(warehouse, "btc", held.fence, "long enough")
    successor = new_tenure(warehouse, FakeClock(NOW), "next")
    successor.begin()
    assert not successor.wait(lambda: True, lambda: None)
    successor.end()
    row = lease.read(warehouse, "btc")
    assert row is not None
    assert (row.owner, row.released_at) == ("owner", None)


def test_a_successor_that_was_stopped_too_long_finds_the_next_owner_and_leaves(
    warehouse: Database,
) -> None:
    owner = new_tenure(warehouse, FakeClock(NOW), "owner")
    owner.begin()
    owner.ask("long enough")

    def replaced_meanwhile() -> None:
        later = clock.now() + STALE_AFTER + 1
        assert lease.acquire(warehouse, "btc", "third", later, STALE_AFTER) is not None

    clock = Ticking(NOW, replaced_meanwhile)
    successor = new_tenure(warehouse, clock, "next")
    successor.begin()
    with pytest.raises(LeaseLost, match="another loop is alive: third"):
        successor.wait(lambda: False, lambda: None)


def test_an_owner_whose_warehouse_is_away_keeps_trying_to_renew(
    warehouse: Database,
) -> None:
    owner = new_tenure(warehouse, FakeClock(NOW), "owner")
    owner.begin()
    with blocked(warehouse):
        owner.renew()
        owner.ask("not heard")
        assert not owner.pass_on()
    owner.renew()
    row = lease.read(warehouse, "btc")
    assert row is not None
    assert row.handover_reason is None
