"""A backup by the server's own programs: dumped, restored into an empty database, and complete."""

import subprocess

import pytest
from sqlalchemy import text

from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import cycles, schema, stock
from babingepet_resources.warehouse.database import open_database
from babingepet_services.market.source import open_warehouse
from scripts.devtools import postgres
from tests.resources.warehouse import builders as b


@pytest.mark.slow
def test_a_restored_database_holds_what_was_dumped_and_goes_on(postgres_databases, tmp_path):
    url = postgres_databases.upgraded(tmp_path)
    settings = load_settings(data_dir=tmp_path, market="simulated", database_url=url)
    for source in ("binance", "simulated"):
        database = open_warehouse(settings, source)
        cycles.commit(database, None, b.cycle(), now=b.decision().decided_at)
        database.close()
    copy = postgres_databases.empty(tmp_path)
    run("pg_dump", "--format=custom", f"--file={tmp_path / 'dump'}", url)
    run("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={copy}", str(tmp_path / "dump"))
    restored = settings.model_copy(update={"database_url": copy})
    for source in ("binance", "simulated"):
        assert contents(restored, source) == contents(settings, source)
        database = open_warehouse(restored, source)
        assert schema.upgrade(database).applied == ()
        database.close()


def run(program, *arguments):
    subprocess.run([postgres.programs() / program, *arguments], check=True)


def contents(settings, source):
    """Rows by table, and a digest of all decisions, that the server computes."""
    address = settings.warehouse(source)
    database = open_database(address.url, address.schema)
    digest = text("SELECT md5(string_agg(d::text, ',' ORDER BY cycle_id)) FROM btc_decisions d")
    with database.reading() as connection:
        counts = stock.row_counts(connection)
        found = connection.execute(digest).scalar_one()
    database.close()
    assert counts["btc_decisions"] > 0
    return counts, found
