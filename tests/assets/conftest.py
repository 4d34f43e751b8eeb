"""A data folder in which the loop decided two hours of a made-up market, copied for each test."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from babingepet.cycles.settings import BtcSettings, override
from babingepet.market.frames import OpenInterest
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.settings import Settings, load_settings
from babingepet_resources.warehouse import open_interest
from babingepet_resources.warehouse.database import Database
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, LoopOptions
from babingepet_services.market.source import open_warehouse
from scripts.bench.common.market import START
from tests.databases import Databases
from tests.services.conftest import EAGER, made_up_feed

MINUTES = 120
DAY = "2025-04-22"
"""The day of the made-up market, which begins at 10:00."""
NOBODY = "http://127.0.0.1:9"
"""The discard port: nothing listens there, so nothing can be fetched."""


def settings_in(place: dict[str, object]) -> Settings:
    return load_settings(market="simulated", exchange_url=NOBODY, **place)


@pytest.fixture(scope="session")
def decided_place(
    lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, object]:
    place = lasting_databases.place(tmp_path_factory.mktemp("decided"))
    database = open_warehouse(settings_in(place), "simulated")
    program = BtcProgram(settings=override(BtcSettings(), EAGER))
    options = LoopOptions("before", limits=database.limits)
    list(BtcLoop(made_up_feed(MINUTES), database, SystemClock(), program, options).run())
    end = START + MINUTES * MINUTE
    with database.writing() as connection:
        times = np.arange(START, end, MINUTE)
        readings = OpenInterest(times, 80_000.0 + times % 97, np.full(MINUTES, np.nan))
        open_interest.insert(connection, "BTCUSDT", "simulated", readings, known_at=end)
    database.close()
    return place


@pytest.fixture(scope="session")
def fresh_place(
    lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, object]:
    """Tables of the real market without a row; making them takes a third of a second."""
    place = lasting_databases.place(tmp_path_factory.mktemp("fresh"))
    open_warehouse(load_settings(market="binance", **place), "binance").close()
    return place


@pytest.fixture
def real_place(
    fresh_place: dict[str, object], databases: Databases, tmp_path: Path
) -> dict[str, object]:
    """Settings of the real market with a warehouse of the test's own."""
    return {"market": "binance", **databases.copy_of_place(fresh_place, tmp_path / "data")}


@pytest.fixture
def settings(decided_place: dict[str, object], databases: Databases, tmp_path: Path) -> Settings:
    return settings_in(databases.copy_of_place(decided_place, tmp_path / "data"))


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Database]:
    database = open_warehouse(settings, "simulated")
    yield database
    database.close()
