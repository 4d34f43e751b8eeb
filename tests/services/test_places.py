"""On a server the three markets share a database and nothing else."""

import pytest

from babingepet.errors import ConfigurationError, WarehouseUnavailable
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import cycles, schema
from babingepet_resources.warehouse.database import open_database
from babingepet_services.market.source import open_existing, open_warehouse
from babingepet_services.replay.book import list_replays
from babingepet_services.warehouse_lookup import account_place, all_places, find, named_places
from tests.resources.warehouse import builders as b

NOWHERE = "postgresql://nobody:secret@127.0.0.1:9/none"
SAME = b.decision().cycle_id


@pytest.fixture
def settings(postgres_url, tmp_path):
    return load_settings(data_dir=tmp_path, market="simulated", database_url=postgres_url)


def decide(settings, source):
    """The same minute in each market."""
    database = open_warehouse(settings, source)
    cycles.commit(database, None, b.cycle(), now=b.decision().decided_at)
    database.close()


def upgrade(settings):
    database = open_database(settings.database_url)
    schema.upgrade(database)
    database.close()


def names(settings):
    return [(place.name, place.address.schema) for place in all_places(settings)]


@pytest.mark.slow
def test_made_up_markets_make_their_tables_and_the_real_one_waits_for_an_upgrade(settings):
    with pytest.raises(ConfigurationError, match="run `babingepet db upgrade`"):
        open_warehouse(settings, "binance")
    assert open_existing(settings, "simulated") is None
    decide(settings, "simulated")
    with pytest.raises(ConfigurationError, match="run `babingepet db upgrade`"):
        open_warehouse(settings, "binance")
    upgrade(settings)
    open_warehouse(settings, "binance").close()
    open_existing(settings, "simulated").close()


@pytest.mark.slow
def test_the_same_minute_of_three_markets_is_three_decisions(settings):
    upgrade(settings)
    for source in ("binance", "recorded", "simulated"):
        decide(settings, source)
    with find(settings, SAME) as found:
        assert (found.place.name, found.also_in) == ("configured", ("binance", "recorded"))
        assert found.database.where.endswith("(schema babingepet_simulated)")
    for source in ("binance", "recorded"):
        with find(settings, SAME, source) as found:
            assert (found.place.source, found.also_in) == (source, ())


@pytest.mark.slow
def test_places_are_what_was_made_on_the_server_and_then_the_embedded_ones(settings, tmp_path):
    assert names(settings) == []
    decide(settings, "recorded")
    assert names(settings) == [("recorded", "babingepet_recorded")]
    decide(settings, "simulated")
    assert names(settings) == [
        ("configured", "babingepet_simulated"), ("recorded", "babingepet_recorded"),
    ]  # fmt: skip
    open_warehouse(load_settings(data_dir=tmp_path), "recorded").close()
    (_, *recorded) = all_places(settings)
    assert named_places(settings, "recorded") == recorded
    assert [bool(place.address.file) for place in recorded] == [False, True]
    assert list_replays(settings)["unread"] == []


@pytest.mark.slow
def test_a_market_that_was_never_upgraded_stands_in_no_other_s_way(settings):
    """The real one is not asked for an account before it has tables."""
    decide(settings, "recorded")
    place = account_place(settings, b.BOOK)
    assert place.name == "recorded"


@pytest.mark.slow
def test_a_named_schema_begins_the_names_of_the_others(settings):
    settings = settings.model_copy(update={"database_schema": "mine"})
    decide(settings, "simulated")
    upgraded = open_database(settings.database_url, "mine")
    schema.upgrade(upgraded)
    upgraded.close()
    assert names(settings) == [("configured", "mine_simulated"), ("binance", "mine")]


def test_a_server_that_does_not_answer_is_a_place_that_says_so(tmp_path):
    settings = load_settings(data_dir=tmp_path, market="simulated", database_url=NOWHERE)
    (place,) = all_places(settings)
    assert place.name == "configured"
    with pytest.raises(WarehouseUnavailable), place.open().reading():
        pass
