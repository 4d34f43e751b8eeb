"""PostgreSQL databases that are somebody else's, or where the user may do little: a sentence each."""

import pytest
from alembic import command
from sqlalchemy import create_engine, make_url

from babingepet.errors import ConfigurationError, WarehouseUnavailable
from babingepet_resources.warehouse import schema
from babingepet_resources.warehouse.tables import metadata
from tests.delivery.conftest import call

pytestmark = pytest.mark.slow

EVERYTHING = """
SELECT n.nspname, c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1, 2, 3
"""


def run(url, *orders):
    """Run orders as the owner of the database; returns the last one's rows."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg2"))
    rows = []
    with engine.begin() as connection:
        for order in orders:
            answer = connection.exec_driver_sql(order)
            rows = answer.all() if answer.returns_rows else []
    engine.dispose()
    return rows


@pytest.fixture
def as_user(postgres_url, request):
    """Make a user with some rights; returns the address as that user."""

    def made(*rights):
        name = f"user_{make_url(postgres_url).database}"

        def remove():
            run(postgres_url, f"DROP OWNED BY {name} CASCADE", f"DROP ROLE {name}")

        run(postgres_url, f"CREATE ROLE {name} LOGIN PASSWORD 'sesame'")
        request.addfinalizer(remove)
        run(postgres_url, *(right.format(user=name) for right in rights))
        url = make_url(postgres_url).set(username=name, password="sesame")
        return url.render_as_string(hide_password=False)

    return made


def upgrade(url, tmp_path, **variables):
    return call("db", "upgrade", data_dir=tmp_path, database_url=url, market="binance", **variables)


@pytest.mark.parametrize(
    ("theirs", "name"),
    [
        ("CREATE TABLE outbox (id BIGINT PRIMARY KEY, payload TEXT)", "outbox"),
        ("CREATE VIEW news AS SELECT 1 AS headline", "news"),
        ("CREATE MATERIALIZED VIEW replay_runs AS SELECT 1 AS run", "replay_runs"),
        ("CREATE SEQUENCE blobs", "blobs"),
        ("CREATE TABLE alembic_version (version_num TEXT)", "alembic_version"),
    ],
)
def test_what_bears_one_of_our_names_is_left_alone_and_a_schema_is_offered(
    postgres_url, connect, tmp_path, theirs, name
):
    run(postgres_url, "CREATE TABLE orders (id BIGINT)", "INSERT INTO orders VALUES (7)", theirs)
    before = run(postgres_url, EVERYTHING)
    done = upgrade(postgres_url, tmp_path)
    assert done.code == 2
    assert f"did not create: {name}." in done.err
    assert "BABINGEPET_DATABASE_SCHEMA=babingepet" in done.err
    assert run(postgres_url, EVERYTHING) == before
    assert schema.upgrade(connect(postgres_url, "babingepet")).before is None
    assert [row for row in run(postgres_url, EVERYTHING) if row[0] == "public"] == before
    assert run(postgres_url, "SELECT id FROM orders") == [(7,)]


def test_version_rows_of_another_program_are_not_taken_for_ours(postgres_url, connect):
    """Another program that migrates the same way may keep several versions at once."""
    run(
        postgres_url,
        "CREATE TABLE alembic_version (version_num TEXT)",
        "INSERT INTO alembic_version VALUES ('0001'), ('0002')",
        "CREATE TABLE warehouse_meta (key TEXT, value TEXT)",
    )
    with pytest.raises(ConfigurationError, match="did not create"):
        schema.upgrade(connect(postgres_url))


def test_tables_of_other_names_disturb_nobody(postgres_url, connect):
    run(postgres_url, "CREATE TABLE orders (id BIGINT)", "CREATE VIEW customers AS SELECT 1 AS id")
    assert schema.upgrade(connect(postgres_url)).after == schema.head()
    names = {row[1] for row in run(postgres_url, EVERYTHING)}
    assert names >= {*metadata.tables, "orders", "customers"}


@pytest.mark.parametrize("schema_name", [None, "babingepet"])
def test_a_user_who_may_create_nothing_is_told_so(postgres_url, as_user, tmp_path, schema_name):
    url = as_user()
    before = run(postgres_url, EVERYTHING)
    variables = {} if schema_name is None else {"database_schema": schema_name}
    done = upgrade(url, tmp_path, **variables)
    assert done.code == 1
    where = "schema public" if schema_name is None else "database"
    assert f"does not let this user do that (permission denied for {where}" in done.err
    assert "sesame" not in done.err
    assert "Traceback" not in done.err
    assert run(postgres_url, EVERYTHING) == before


def test_a_user_who_may_only_read_cannot_upgrade_and_changes_nothing(
    postgres_url, as_user, connect, tmp_path
):
    owner = connect(postgres_url)
    schema.upgrade(owner)
    reads = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user}"
    url = as_user(reads, "ALTER ROLE {user} SET default_transaction_read_only = on")
    assert schema.is_current(connect(url))
    assert schema.upgrade(connect(url)).applied == ()
    with owner.writing() as connection:
        command.downgrade(schema._config(connection), "-1")
    before = run(postgres_url, EVERYTHING)
    done = upgrade(url, tmp_path)
    assert done.code == 1
    assert "is read-only" in done.err
    assert run(postgres_url, EVERYTHING) == before


def test_a_schema_that_somebody_made_for_us_needs_no_right_to_make_one(
    postgres_url, as_user, connect
):
    url = as_user("CREATE SCHEMA ours AUTHORIZATION {user}")
    assert schema.upgrade(connect(url, "ours")).after == schema.head()
    places = {row[0] for row in run(postgres_url, EVERYTHING)}
    assert places == {"ours"}


def test_a_schema_that_others_may_not_use_is_refused(postgres_url, as_user, connect):
    run(postgres_url, "CREATE SCHEMA theirs")
    with pytest.raises(WarehouseUnavailable, match=r"no schema|does not let this user"):
        schema.upgrade(connect(as_user(), "theirs"))
