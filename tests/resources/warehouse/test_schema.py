import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, inspect

from babingepet.errors import ConfigurationError, WarehouseUnavailable
from babingepet_resources.warehouse import (
    context_feeds,
    cycles,
    etf_flows,
    news,
    replays,
    schema,
    stock,
    swarm,
)
from babingepet_resources.warehouse.database import open_database
from babingepet_resources.warehouse.tables import metadata
from tests.resources.warehouse import builders as b
from tests.resources.warehouse import context_builders as c
from tests.resources.warehouse import replay_builders as rb

REVISIONS = ["0001", "0002", "0003", "0004", "0005", "0006"]

CONTEXT = {"context_feeds", "etf_flows", "news", "swarm_verdicts"}
"""The tables of 0002."""

REPLAYS = {"replay_days", "replay_runs", "replay_trades"}
"""The tables of 0003."""
MARKET_SOURCES = {"crypto_open_interest", "fear_greed", "market_files"}
"""The tables of 0004."""
ANALYSTS = {"crypto_ai_predictions", "crypto_sentiment", "swarm_calls", "swarm_models"}
"""The tables of 0006."""
SINCE_0003 = REPLAYS | MARKET_SOURCES | ANALYSTS
LATER = ("0002", "0003", "0004", "0005", "0006")


def tables(database):
    with database.reading() as connection:
        return set(inspect(connection).get_table_names())


def test_an_empty_database_gets_every_table(empty_url, connect):
    database = connect(empty_url)
    assert schema.current(database) is None
    assert not schema.is_current(database)
    done = schema.upgrade(database)
    assert (done.before, done.after) == (None, schema.head())
    assert list(done.applied) == REVISIONS
    assert tables(database) == {*metadata.tables, "alembic_version"}
    assert schema.is_current(database)


def test_upgrading_twice_does_nothing_and_loses_nothing(empty_url, connect):
    database = connect(empty_url)
    schema.upgrade(database)
    cycles.commit(database, None, b.cycle(), now=1)
    done = schema.upgrade(database)
    assert (done.before, done.after, done.applied) == (schema.head(), schema.head(), ())
    with database.reading() as connection:
        assert stock.row_counts(connection)["crypto_signals"] == 13


def test_the_migrations_make_exactly_the_tables_of_the_metadata(database):
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_small_tables_live_in_their_keys_tree_on_sqlite(sqlite_database):
    clustered = {
        n for n, t in metadata.tables.items() if not t.dialect_options["sqlite"]["with_rowid"]
    }
    with sqlite_database.reading() as connection:
        query = "SELECT name, sql FROM sqlite_schema WHERE type = 'table'"
        stored = dict(connection.exec_driver_sql(query).all())
    assert {name for name, sql in stored.items() if "WITHOUT ROWID" in sql} == clustered != set()


def at_first_revision(url, connect):
    """A database of the first version, with a decided cycle in it."""
    database = connect(url)
    schema.upgrade(database)
    cycles.commit(database, None, b.cycle(), now=1)
    downgrade(database, "0001")
    return database


def downgrade(database, revision):
    with database.writing() as connection:
        command.downgrade(schema._config(connection), revision)


def write_context(database):
    with database.writing() as connection:
        etf_flows.insert(connection, [c.told()])
        news.insert(connection, [c.headline()])
        swarm.insert(connection, [c.verdict()])
        context_feeds.note(connection, [c.check()])


def filled(database):
    with database.reading() as connection:
        return {name: rows for name, rows in stock.row_counts(connection).items() if rows}


def test_a_database_of_the_first_version_gains_tables_and_loses_nothing(empty_url, connect):
    database = at_first_revision(empty_url, connect)
    assert schema.current(database) == "0001"
    assert not schema.is_current(database)
    assert not tables(database) & (CONTEXT | SINCE_0003)
    done = schema.upgrade(database)
    assert (done.before, done.after, done.applied) == ("0001", "0006", LATER)
    kept = filled(database)
    assert kept["btc_decisions"] == 1
    assert kept["crypto_signals"] == 13
    assert tables(database) == {*metadata.tables, "alembic_version"}
    write_context(database)
    assert filled(database) == kept | dict.fromkeys(CONTEXT, 1)


def test_the_way_down_drops_the_new_tables_only_and_the_way_up_makes_them_again(empty_url, connect):
    database = at_first_revision(empty_url, connect)
    schema.upgrade(database)
    before = filled(database)
    write_context(database)
    downgrade(database, "0001")
    assert tables(database) == {*metadata.tables, "alembic_version"} - CONTEXT - SINCE_0003
    assert schema.upgrade(database).applied == LATER
    assert filled(database) == before


def test_a_database_of_the_second_version_gains_a_replay_book_and_loses_nothing(empty_url, connect):
    database = at_first_revision(empty_url, connect)
    schema.upgrade(database)
    write_context(database)
    before = filled(database)
    with database.writing() as connection:
        replays.insert(connection, rb.run(), [rb.trade(1)], [rb.day(0)])
    downgrade(database, "0002")
    assert schema.current(database) == "0002"
    assert tables(database) == {*metadata.tables, "alembic_version"} - SINCE_0003
    done = schema.upgrade(database)
    assert (done.before, done.applied) == ("0002", ("0003", "0004", "0005", "0006"))
    assert filled(database) == before


@pytest.mark.slow
@pytest.mark.parametrize("stranger", sorted(CONTEXT | SINCE_0003))
def test_a_strangers_table_under_a_new_name_stops_the_upgrade_before_it_begins(
    empty_url, connect, stranger
):
    database = at_first_revision(empty_url, connect)
    with database.writing() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {stranger} (id INTEGER)")
    with pytest.raises(ConfigurationError, match=f"{stranger}.*babingepet db upgrade"):
        schema.upgrade(database)
    with pytest.raises(ConfigurationError, match=stranger):
        schema.current(database)
    assert tables(database) & (CONTEXT | SINCE_0003) == {stranger}
    with database.writing() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {stranger} RENAME TO somebody_elses")
    assert schema.upgrade(database).applied == LATER


def test_an_upgrade_of_the_first_version_killed_in_the_middle_is_run_again(empty_url, connect):
    database = at_first_revision(empty_url, connect)

    def stop(_connection, _cursor, statement, *_):
        if "CREATE TABLE swarm_verdicts" in statement:
            raise KeyboardInterrupt

    event.listen(database.engine, "before_cursor_execute", stop)
    with pytest.raises(KeyboardInterrupt):
        schema.upgrade(database)
    event.remove(database.engine, "before_cursor_execute", stop)
    assert schema.current(database) == "0001"
    assert not tables(database) & CONTEXT
    assert schema.upgrade(database).applied == LATER


@pytest.mark.parametrize("stranger", ["btc_decisions", "sim_portfolio", "alembic_version"])
def test_tables_that_are_not_ours_are_named_and_left_alone(empty_url, connect, stranger):
    database = connect(empty_url)
    with database.writing() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {stranger} (version_num VARCHAR(32))")
        connection.exec_driver_sql(f"INSERT INTO {stranger} VALUES ('0001')")
    offer = "BABINGEPET_DATABASE_URL" if database.is_sqlite else "BABINGEPET_DATABASE_SCHEMA="
    with pytest.raises(ConfigurationError, match=f"{stranger}.*{offer}"):
        schema.upgrade(database)
    with pytest.raises(ConfigurationError, match=stranger):
        schema.current(database)
    assert tables(database) == {stranger}


def test_a_table_of_another_name_disturbs_nobody(empty_url, connect):
    database = connect(empty_url)
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE somebody_elses (id INTEGER)")
    schema.upgrade(database)
    assert "somebody_elses" in tables(database)


def test_a_database_of_a_newer_version_is_refused(database):
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match=r"newer version.*9999"):
        schema.upgrade(database)


@pytest.mark.parametrize("name", ["babingepet", "order"])
def test_a_schema_of_its_own_keeps_the_tables_apart(postgres_url, connect, name):
    stranger = connect(postgres_url)
    with stranger.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE btc_decisions (id INTEGER)")
    offered = re.search(r"BABINGEPET_DATABASE_SCHEMA=(\w+)", refusal(stranger)).group(1)
    assert offered == "babingepet"
    database = connect(postgres_url, name)
    schema.upgrade(database)
    assert schema.upgrade(database).applied == ()
    cycles.commit(database, None, b.cycle(), now=1)
    assert tables(database) == {*metadata.tables, "alembic_version"}
    with database.reading() as connection:
        assert stock.size_bytes(connection) > 100_000
    assert tables(stranger) == {"btc_decisions"}


def refusal(database):
    with pytest.raises(ConfigurationError) as refused:
        schema.upgrade(database)
    return str(refused.value)


def test_a_migration_killed_in_the_middle_is_run_again(empty_url, connect):
    killed = connect(empty_url)
    seen = []

    @event.listens_for(killed.engine, "before_cursor_execute")
    def stop(_connection, _cursor, statement, *_):
        seen.append(statement)
        if sum("CREATE TABLE" in text for text in seen) == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        schema.upgrade(killed)
    database = connect(empty_url)
    assert tables(database) == set()
    assert schema.upgrade(database).after == schema.head()


def test_programs_that_start_together_upgrade_once(empty_url):
    def start(_):
        database = open_database(empty_url)
        try:
            return schema.upgrade(database).applied
        finally:
            database.close()

    with ThreadPoolExecutor(3) as pool:
        applied = sorted(revision for done in pool.map(start, range(3)) for revision in done)
    assert applied == REVISIONS


def test_a_database_without_tables_says_what_to_run(empty_url, connect):
    database = connect(empty_url)
    with pytest.raises(WarehouseUnavailable, match="babingepet db upgrade"):
        cycles.commit(database, None, b.cycle(), now=1)
    with (
        pytest.raises(WarehouseUnavailable, match="babingepet db upgrade"),
        database.reading() as connection,
    ):
        stock.row_counts(connection)
