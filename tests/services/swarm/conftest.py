"""What the tests of asking share: a scripted OpenRouter, parts with boring defaults, questions."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from babingepet_resources.clients.clock import Clock, SystemClock
from babingepet_resources.clients.openrouter.client import OpenRouter
from babingepet_resources.warehouse import swarm_calls
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_resources.warehouse.records import CallRecord
from babingepet_services.swarm import asking
from babingepet_services.swarm.budget import Budget
from babingepet_services.swarm.seating import Table
from babingepet_services.swarm.values import Parts, Reply
from tests.databases import Databases
from tests.fakes import FakeClock
from tests.openrouter_server import KEY, OpenRouterServer, openrouter_server
from tests.services.swarm.questions import AS_OF, MARKET, RICH
from tests.services.swarm.seats import DECIDED, MINUTES, SOURCE, SYMBOL, decide, nine_models


@pytest.fixture(scope="session")
def _running() -> Iterator[OpenRouterServer]:
    with openrouter_server() as scripted:
        yield scripted


@pytest.fixture
def server(_running: OpenRouterServer) -> OpenRouterServer:
    """The scripted server, which was asked nothing and answers every model well."""
    _running.reset()
    return _running


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of a few milliseconds."""
    monkeypatch.setattr(asking, "PAUSE", asking.wait_random(0.001, 0.003))


@pytest.fixture
def parts(server: OpenRouterServer, database: Database) -> Callable[..., Parts]:
    """Parts over the scripted server."""

    def made(*, clock: Clock | None = None, budget: Budget = RICH, **more: Any) -> Parts:
        used = clock or SystemClock()
        return Parts(
            database, used, budget, lambda: OpenRouter(server.url, SecretStr(KEY), used), **more
        )

    return made


@pytest.fixture
def ask(parts: Callable[..., Parts]) -> Callable[..., dict[str, Reply]]:
    """Ask a round with 10 s to go."""

    def asked(*questions: Any, seconds: float = 10.0, **given: Any) -> dict[str, Reply]:
        made = parts(**given)
        return dict(asking.ask(questions, made, made.clock.monotonic() + seconds))

    return asked


@pytest.fixture
def calls(database: Database) -> Callable[..., list[CallRecord]]:
    """What the ledger holds of a round."""

    def read(as_of: int = AS_OF) -> list[CallRecord]:
        with database.reading() as connection:
            return swarm_calls.of_round(connection, MARKET, as_of)

    return read


@pytest.fixture(scope="session")
def decided_url(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A warehouse in which three minutes were decided; nobody writes into this one."""
    url = lasting_databases.upgraded(tmp_path_factory.mktemp("seats"))
    with closing(open_database(url)) as database:
        decide(database, MINUTES)
    return url


@pytest.fixture
def seats(parts: Callable[..., Parts], tmp_path: Path) -> Callable[..., Table]:
    """A table of nine models, 5 s after the newest minute of ``decided_url``."""

    def laid(*, seconds_later: float = 5.0, **given: Any) -> Table:
        clock = FakeClock(DECIDED)
        clock.advance(seconds_later)
        roster = nine_models(tmp_path / "agents")
        return Table(roster, parts(clock=clock, **given), None, SYMBOL, SOURCE)

    return laid
