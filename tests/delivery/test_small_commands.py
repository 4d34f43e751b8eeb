"""signals, jobs, doctor, db upgrade and the hand-over of ``run``."""

import json
import sqlite3
import sys
from types import ModuleType

import pytest

from babingepet_delivery.cli.main import COMMANDS
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import schema
from babingepet_resources.warehouse.database import open_database
from babingepet_services.market.source import open_warehouse
from tests.delivery.conftest import call


def test_signals_are_the_registry_in_the_signals_own_words():
    document = call("signals", "--json").document
    rows = {row["name"]: row for row in document["signals"]}
    assert len(rows) == 13
    assert document["total_weight"] == 0.88
    assert rows["vpin"]["feeds"] == [["candles", "taker_volume"]]
    assert rows["vpin"]["warm_up"] == "20 whole days for V, then 150 buckets"
    assert rows["funding_rate"]["feeds"] == [["funding"], ["mark_price"]]
    shown = call("signals").out
    for row in document["signals"]:
        line = next(line for line in shown.splitlines() if line.strip().startswith(row["name"]))
        assert f"{row['weight']:.2f}" in line


def test_one_signal_is_told_with_its_formula_and_units():
    shown = call("signals", "funding_rate").out
    assert "score = clip((1e-4 - r8) / 4e-4)" in shown
    assert "fraction per 8 hours" in shown
    (row,) = call("signals", "funding_rate", "--json").document["signals"]
    assert row["units"] == "fraction per 8 hours"
    assert row["formula"].startswith("score = clip")


def test_a_signal_that_does_not_exist_is_refused_with_those_that_do():
    refused = call("signals", "macd")
    assert refused.code == 2
    assert "whale_flow" in refused.err


def test_jobs_say_what_runs_here_and_what_does_not():
    jobs = {job["job_id"]: job for job in call("jobs", "--json").document["jobs"]}
    assert len(jobs) == 15
    running = {name for name, job in jobs.items() if job["available"]}
    assert running == {"btc_collector", "btc_signals", "btc_simulator", "btc_ai"}
    assert all("btc_loop" in jobs[name]["runs_as"] for name in running - {"btc_ai"})
    assert "schedule btc_swarm" in jobs["btc_ai"]["runs_as"]
    assert jobs["health_daily"]["runs_as"] == "not in this version"
    listed = call("jobs").out
    assert "auth_password_rotate" in listed
    assert "schedule hour_seasonality" in listed


def test_doctor_ends_with_0_unless_something_fails(tmp_path):
    well = call("doctor", "--json", data_dir=tmp_path, market="recorded", dagster_port=59_999)
    assert well.code == 0
    assert well.document["counts"]["fail"] == 0
    (tmp_path / "babingepet.sqlite").write_bytes(b"not a database at all" * 99)
    ill = call("doctor", "--json", data_dir=tmp_path, market="recorded")
    assert ill.code == 1
    failed = [one for one in ill.document["findings"] if one["status"] == "fail"]
    assert [one["name"] for one in failed] == ["binance"]
    assert failed[0]["advice"]


def test_doctor_groups_what_it_found_for_people(rehearsal):
    shown = call("doctor", data_dir=rehearsal.data_dir, market="recorded").out
    for words in ("environment", "settings", "BABINGEPET_DATA_DIR", "warehouses", "40 decisions"):
        assert words in shown


def test_db_upgrade_says_what_it_applied_and_that_a_second_one_had_nothing_to_do(tmp_path):
    first = call("db", "upgrade", "--json", data_dir=tmp_path, market="recorded").document
    assert first["database"].endswith("babingepet-recorded.sqlite")
    assert (first["before"], first["applied"][-1]) == (None, first["revision"])
    again = call("db", "upgrade", data_dir=tmp_path, market="recorded").out
    assert "nothing to do" in again


def test_db_upgrade_leaves_foreign_tables_alone_and_offers_another_place(tmp_path):
    path = tmp_path / "theirs.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE crypto_candles (mine TEXT)")
    database.close()
    done = call("db", "upgrade", data_dir=tmp_path, database_url=f"sqlite:///{path}")
    assert done.code == 2
    assert "did not create: crypto_candles" in done.err
    assert "Name another file" in done.err


@pytest.mark.slow
def test_db_upgrade_looks_after_every_schema_of_a_server_and_after_dagster(tmp_path, postgres_url):
    given = {"data_dir": tmp_path, "market": "recorded", "database_url": postgres_url}
    first = call("db", "upgrade", "--json", **given).document
    assert (first["before"], first["revision"]) == (None, schema.head())
    assert first["others"] == []
    assert first["dagster"]["before"] is None
    open_warehouse(load_settings(**given), "recorded").close()
    again = call("db", "upgrade", **given).out.splitlines()
    assert len(again) == 3
    assert all("nothing to do" in line for line in again)
    assert "(schema babingepet_recorded)" in again[1]
    assert "(schema babingepet_dagster)" in again[2]


@pytest.mark.slow
@pytest.mark.parametrize("market", ["binance", "recorded"])
def test_a_user_without_the_right_to_make_tables_is_told_so(tmp_path, postgres_url, market):
    user = f"weak_{postgres_url.rpartition('_')[2]}"
    database = open_database(postgres_url)
    with database.writing() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {user} LOGIN")
    done = call(
        "db", "upgrade", "--json", data_dir=tmp_path, market=market,
        database_url=postgres_url.replace("postgres@", f"{user}@"),
    )  # fmt: skip
    with database.writing() as connection:
        connection.exec_driver_sql(f"DROP ROLE {user}")
    database.close()
    assert done.code == 1
    said = json.loads(done.err)
    assert said["kind"] == "WarehouseUnavailable"
    assert "does not let this user do that (permission denied" in said["error"]


@pytest.fixture
def supervised(monkeypatch):
    """The settings that ``run`` hands over, instead of a running platform."""
    handed = []
    fake = ModuleType("babingepet_delivery.supervisor")
    fake.run = lambda settings: handed.append(settings) or 7
    monkeypatch.setitem(sys.modules, fake.__name__, fake)
    return handed


def test_run_hands_over_settings_and_ends_as_the_platform_did(supervised, trending_file, tmp_path):
    done = call(
        "run", "--data", trending_file, "--from", "2025-05-08T10:00", "--speed", "60",
        "--symbol", "btcusdt", "--set", "leverage=2", "--port", "4001", data_dir=tmp_path,
    )  # fmt: skip
    assert done.code == 7
    (settings,) = supervised
    assert (settings.market, settings.symbol, settings.speed) == ("recorded", "BTCUSDT", "60")
    assert (settings.data, settings.dagster_port) == ((trending_file,), 4001)
    assert settings.overrides == ("leverage=2",)


def test_run_takes_what_is_not_given_from_the_environment(supervised, tmp_path):
    assert call("run", data_dir=tmp_path, market="simulated", seed=5, speed="max").code == 7
    (settings,) = supervised
    assert (settings.market, settings.seed, settings.speed) == ("simulated", 5, "max")


def test_every_command_has_a_help_of_its_own():
    for name in COMMANDS:
        shown = call(name, "--help").out
        assert f"Usage: babingepet {name}" in shown
