"""Dagster's tables on PostgreSQL: where they are, whose they are, and which way leads there."""

from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from sqlalchemy import text

from babingepet.errors import ConfigurationError, WarehouseUnavailable
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse.database import open_database
from babingepet_services.orchestration import instance, storage
from babingepet_services.orchestration.storage import prepare_storage, storage_url
from tests.pooler import pooler

LIMIT, PATH = "-cstatement_timeout=60000", "-csearch_path=babingepet_dagster"


@pytest.mark.parametrize("given", [{}, {"database_url": "sqlite:////x.sqlite"}])
def test_the_embedded_storage_has_no_address_and_needs_no_preparation(given, tmp_path):
    settings = load_settings(data_dir=tmp_path, **given)
    assert storage_url(settings) is None
    assert prepare_storage(settings) is None


def test_dagster_gets_the_driver_it_works_with_a_schema_and_limits():
    url = urlsplit(
        storage_url(load_settings(database_url="postgres://bob:a%40b@host:6/db?sslmode=require"))
    )
    assert (url.scheme, url.netloc, url.path) == ("postgresql+psycopg2", "bob:a%40b@host:6", "/db")
    query = parse_qs(url.query)
    assert query["options"] == [f"{LIMIT} {PATH}"]
    assert query["sslmode"] == ["require"]
    assert {"connect_timeout", "tcp_user_timeout", "keepalives_idle"} <= set(query)


def test_what_an_address_says_itself_is_kept():
    given = "postgresql://host/db?connect_timeout=9&options=-cjit%3Doff"
    query = parse_qs(urlsplit(storage_url(load_settings(database_url=given))).query)
    assert query["options"] == [f"{LIMIT} -cjit=off {PATH}"]
    assert query["connect_timeout"] == ["9"]


def test_dagster_may_be_given_an_address_of_its_own_and_the_named_schema():
    settings = load_settings(
        database_url="postgresql://pooler:6543/db", dagster_database_url="postgresql://direct/db",
        database_schema="mine",
    )  # fmt: skip
    url = urlsplit(storage_url(settings))
    assert url.netloc == "direct"
    assert "search_path=mine_dagster" in parse_qs(url.query)["options"][0]


@pytest.mark.parametrize(
    ("url", "words"), [("mysql://x/y", "must be postgresql"), ("sqlite:///x", "must be postgresql"), ("hunter2", "is not a database URL")]
)  # fmt: skip
def test_an_address_of_another_kind_is_refused_by_its_variable(url, words):
    with pytest.raises(
        ConfigurationError, match=f"BABINGEPET_DAGSTER_DATABASE_URL .*{words}"
    ) as told:
        storage_url(load_settings(dagster_database_url=url))
    assert "hunter2" not in str(told.value)


def test_the_two_files_of_dagster_differ_in_their_storage_only():
    embedded, server = (
        yaml.safe_load(instance.instance_text(on_server=on)) for on in (False, True)
    )
    assert server.pop("storage") == {"postgres": {"postgres_url": {"env": instance.VARIABLE}}}
    assert server == embedded


@pytest.fixture
def settings(postgres_url, tmp_path):
    return load_settings(data_dir=tmp_path, database_url=postgres_url)


def tables(settings):
    database = open_database(settings.database_url)
    query = text("SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ('public', 'babingepet_dagster')")  # fmt: skip
    with database.reading() as connection:
        found = {tuple(row) for row in connection.execute(query)}
    database.close()
    return found


@pytest.mark.slow
def test_dagster_makes_its_tables_once_in_a_schema_of_its_own(settings, monkeypatch):
    first = prepare_storage(settings)
    assert (first.before, first.version) == (None, storage.metadata.version("dagster"))
    made = tables(settings)
    assert {schema for schema, _ in made} == {"babingepet_dagster"}
    assert {"runs", "event_logs", "job_ticks", "alembic_version"} <= {name for _, name in made}
    monkeypatch.setattr(storage, "_run_migration", None)  # another migration would fail
    assert prepare_storage(settings) == storage.StorageUpgrade(
        first.database, first.version, first.version
    )
    with storage.open_storage(settings) as database:
        assert storage.stored_version(database) == first.version


@pytest.mark.slow
def test_tables_of_another_dagster_are_left_alone(settings):
    database = open_database(settings.database_url)
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE SCHEMA babingepet_dagster CREATE TABLE runs (mine int)")
    database.close()
    before = tables(settings)
    with pytest.raises(ConfigurationError, match="did not create: runs"):
        prepare_storage(settings)
    assert tables(settings) == before


@pytest.mark.nightly
def test_a_migration_that_fails_is_told_and_comes_again(settings, monkeypatch):
    monkeypatch.setenv("DAGSTER_STORAGE_URL", "kept from the program")
    monkeypatch.setattr(storage, "instance_text", lambda *, on_server: "storage: {nonsense: 1}")
    with pytest.raises(WarehouseUnavailable, match="Dagster could not migrate"):
        prepare_storage(settings)
    with storage.open_storage(settings) as database:
        assert storage.stored_version(database) is None


@pytest.mark.slow
@pytest.mark.parametrize("more", [{}, {"ignore_startup_parameters": "options"}])
def test_a_pooler_in_transaction_mode_is_refused_before_anything_is_made(
    settings, postgres_server, more
):
    """One refuses the search path, the other drops it without a word."""
    name = settings.database_url.rpartition("/")[2]
    with pooler(postgres_server, mode="transaction", **more) as address:
        pooled = settings.model_copy(update={"database_url": f"{address}/{name}"})
        with pytest.raises(ConfigurationError, match="BABINGEPET_DAGSTER_DATABASE_URL"):
            prepare_storage(pooled)
        assert tables(settings) == set()
        direct = pooled.model_copy(update={"dagster_database_url": settings.database_url})
        with storage.open_storage(direct):
            pass
