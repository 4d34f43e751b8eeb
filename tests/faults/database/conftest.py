"""A PostgreSQL server of these tests' own, which they stop, and a way to it that they disturb.

Belongs here: the server, the proxy, and a loop whose transactions have short limits. Does not
belong here: faults.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import make_url

from babingepet.cycles.settings import BtcSettings, override
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_resources.warehouse.limits import Limits
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, CycleReport, LoopOptions
from scripts.bench.common.market import MadeUpFeed
from scripts.devtools import postgres
from tests.databases import PostgresDatabases
from tests.faults.proxy import Proxy, proxy_to
from tests.server_of_the_run import upgrade
from tests.services.conftest import DRIFT, EAGER, SEED

SHORT = Limits(connect=1.0, lock=0.6, statement=1.2, transaction=2.5)
"""A cycle's limits in small: a test that lasts until one of them ends it need not last 5 s."""

HISTORY_DAYS = 3


@pytest.fixture(scope="session")
def own_server() -> Iterator[postgres.Server]:
    """A server that tests stop; they leave it running."""
    programs = postgres.programs()
    if programs is None:
        pytest.skip("no PostgreSQL server binaries (15 or later) on this machine")
    server = postgres.start(programs, prefix="faults-pg-")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _template(own_server: postgres.Server) -> str:
    made = PostgresDatabases(own_server.url, "template0")
    url = made.empty(Path())
    upgrade(url)
    return str(make_url(url).database)


@pytest.fixture
def upgraded(own_server: postgres.Server, _template: str) -> Iterator[str]:
    """The address of an upgraded database on the server that tests stop."""
    made = PostgresDatabases(own_server.url, _template)
    yield made.upgraded(Path())
    made.drop()


@pytest.fixture
def proxy(own_server: postgres.Server) -> Iterator[Proxy]:
    with proxy_to(port_of(own_server.url)) as proxy:
        yield proxy


@pytest.fixture
def direct(upgraded: str) -> Iterator[Database]:
    """The database past the proxy: how a test looks at what happened."""
    database = open_database(upgraded)
    yield database
    database.close()


@pytest.fixture
def through(upgraded: str, proxy: Proxy) -> Iterator[Database]:
    """The same database through the proxy, under short limits."""
    database = open_database(behind(proxy, upgraded), limits=SHORT)
    yield database
    proxy.heal()
    database.close()


def port_of(url: str) -> int:
    port = make_url(url).port
    assert port is not None
    return port


def behind(proxy: Proxy, url: str) -> str:
    """The same address by way of the proxy."""
    return make_url(url).set(port=proxy.port).render_as_string(hide_password=False)


@dataclass
class Stepped:
    """A loop over a made-up market, minute by minute."""

    loop: BtcLoop
    reports: list[CycleReport] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._minutes = self.loop.run()

    def step(self, minutes: int = 1) -> CycleReport:
        """Let the next minutes be decided, or not; returns the report of the last."""
        for _ in range(minutes):
            self.reports.append(next(self._minutes))
        return self.reports[-1]

    def finish(self) -> None:
        """Let the loop run to the end of its market."""
        self.reports.extend(self._minutes)

    @property
    def missed(self) -> list[str]:
        """Why minutes were not decided."""
        return [report.missed for report in self.reports if report.missed is not None]


LoopOver = Callable[..., Stepped]


@pytest.fixture
def loop_over() -> Iterator[LoopOver]:
    """Starts loops under short limits; each is closed when the test ends."""
    started: list[Stepped] = []

    def over(
        database: Database, minutes: int, *, owner: str = "test", limits: Limits = SHORT
    ) -> Stepped:
        feed = MadeUpFeed(minutes, seed=SEED, drift=DRIFT, history_days=HISTORY_DAYS)
        program = BtcProgram(settings=override(BtcSettings(), EAGER))
        options = LoopOptions(owner, limits=limits)
        started.append(Stepped(BtcLoop(feed, database, SystemClock(), program, options)))
        return started[-1]

    yield over
    for one in started:
        one._minutes.close()
