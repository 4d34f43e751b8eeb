"""A hand-over in a market that waits for its client: the successor listens, the owner lets it go on."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from babingepet.cycles.settings import BtcSettings, override
from babingepet.domain.decision import Decision
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.binance.feed import BinanceFeed
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.exchange.moments import parse_moment
from babingepet_resources.exchange.opening import open_source
from babingepet_resources.exchange.threaded import serve_in_thread
from babingepet_resources.warehouse import gaps, lease
from babingepet_resources.warehouse.database import Database
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, LoopOptions
from tests.databases import Databases
from tests.services.conftest import EAGER

pytestmark = pytest.mark.nightly

CYCLES = 12
BEGIN = "2025-04-22T10:00"


@contextmanager
def exchange(speed: float | None) -> Iterator[str]:
    source = open_source("simulated", data=(), symbol="BTCUSDT", start=None, seed=5)
    with serve_in_thread(source, speed=speed, start=parse_moment(BEGIN)) as served:
        yield served.url


def new_loop(url: str, database: Database, owner: str, cycles: int) -> BtcLoop:
    feed = BinanceFeed("BTCUSDT", base_url=url)
    program = BtcProgram(settings=override(BtcSettings(), EAGER), capture_tape=False)
    options = LoopOptions(owner, max_cycles=cycles, limits=database.limits)
    return BtcLoop(feed, database, SystemClock(), program, options)


@pytest.fixture
def two(
    databases: Databases, tmp_path: Path, connect: Callable[..., Database]
) -> tuple[Database, Database]:
    one, other = (connect(databases.upgraded(tmp_path, name)) for name in ("one", "other"))
    return one, other


def decided(loop: BtcLoop) -> list[Decision]:
    return [report.decision for report in loop.run() if report.decision]


def is_awaited(database: Database) -> bool:
    row = lease.read(database, "btc")
    return row is not None and row.successor == "next"


def test_a_handed_over_market_in_lockstep_decides_as_one_that_never_changed_hands(
    two: tuple[Database, Database],
) -> None:
    handed, unbroken = two
    with exchange(None) as url, ThreadPoolExecutor(1) as pool:
        owner = new_loop(url, handed, "owner", CYCLES)
        run = owner.run()
        made = [next(run).decision for _ in range(4)]
        owner.ask_handover("long enough")
        work = pool.submit(lambda: decided(new_loop(url, handed, "next", 8)))
        while not is_awaited(handed):
            assert not work.done(), work.result()
            SystemClock().sleep(0.05)
        made += [report.decision for report in run]
        made += work.result(timeout=120)
    with exchange(None) as url:
        whole = decided(new_loop(url, unbroken, "alone", len(made)))
    assert owner.successor == "next"
    first = parse_moment(BEGIN)
    assert [d.as_of for d in made if d] == [first + k * MINUTE for k in range(len(whole))]
    assert [d and d.canonical() for d in made] == [d.canonical() for d in whole]
    with handed.reading() as connection:
        assert gaps.read(connection, "BTCUSDT", 0, 1 << 60) == []
