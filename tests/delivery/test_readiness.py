"""`babingepet run` waits for a database that is away, and refuses what waiting does not mend."""

from contextlib import ExitStack

import pytest

from babingepet.errors import ConfigurationError, WarehouseUnavailable
from babingepet_delivery.supervision.home import free_port
from babingepet_delivery.supervision.readiness import wait_for_databases
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.settings import load_settings
from babingepet_services.market.source import open_existing
from babingepet_services.orchestration.storage import open_storage, stored_version
from tests.fakes import FakeClock
from tests.pooler import pooler


def never():
    return False


def settings_of(tmp_path, url, market="simulated", **given):
    return load_settings(data_dir=tmp_path, market=market, database_url=url, **given)


def test_a_database_that_is_away_is_waited_for_with_growing_pauses(tmp_path):
    said = []
    settings = settings_of(tmp_path, f"postgresql://me:secret@127.0.0.1:{free_port()}/x")
    wait_for_databases(settings, FakeClock(), lambda: len(said) == 7, said.append)
    assert all("does not answer" in line and "secret" not in line for line in said)
    pauses = [line.rpartition("next attempt is in ")[2] for line in said]
    assert pauses == ["1 s.", "2 s.", "4 s.", "8 s.", "16 s.", "30 s.", "30 s."]


@pytest.mark.nightly
def test_a_database_that_comes_back_is_used_and_given_its_tables(
    tmp_path, postgres_url, postgres_server
):
    """A pooler that starts when it is missed stands for a server that boots later than we do."""
    port, said = free_port(), []
    name = postgres_url.rpartition("/")[2]
    settings = settings_of(
        tmp_path,
        f"postgresql://postgres@127.0.0.1:{port}/{name}",
        dagster_database_url=postgres_url,
    )
    with ExitStack() as stack:

        def start(line):
            said.append(line)
            stack.enter_context(pooler(postgres_server, mode="transaction", port=port))

        wait_for_databases(settings, SystemClock(), never, start)
        assert len(said) == 1
        open_existing(settings, "simulated").close()
        with open_storage(settings) as database:
            assert stored_version(database) is not None


@pytest.mark.slow
def test_what_only_a_person_can_mend_is_refused_at_once(tmp_path, postgres_url, postgres_server):
    said = []
    with pytest.raises(ConfigurationError, match="run `babingepet db upgrade`"):
        wait_for_databases(
            settings_of(tmp_path, postgres_url, "binance"), SystemClock(), never, said.append
        )
    with pytest.raises(WarehouseUnavailable, match="does not exist"):
        wait_for_databases(
            settings_of(tmp_path, f"{postgres_server}/none"), SystemClock(), never, said.append
        )
    assert said == []
