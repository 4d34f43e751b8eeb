"""What doctor finds, and what it advises; nothing is made or changed by looking."""

import re
import socket

import pytest

from babingepet.errors import ExchangeUnavailable
from babingepet.market.intervals import DAY, SECOND, day_key
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import checks, cycles, gaps, lease, schema
from babingepet_resources.warehouse.database import open_database
from babingepet_services.doctor import run as doctor
from babingepet_services.doctor.exchange import examine_exchange
from babingepet_services.doctor.server import Link, encryption
from babingepet_services.doctor.warehouses import examine_warehouses
from babingepet_services.market.feed_watch import report_record
from tests.fakes import FakeClock
from tests.pooler import pooler
from tests.resources.warehouse import builders as b

NOW = FakeClock().now()


@pytest.fixture
def variables(monkeypatch, tmp_path):
    """Set BABINGEPET_* to exactly these."""

    def give(**given):
        given = {"data_dir": tmp_path / "data", "market": "recorded"} | given
        for name, value in given.items():
            monkeypatch.setenv(f"BABINGEPET_{name.upper()}", str(value))

    give()
    return give


def probe_never(*_):
    raise AssertionError("no exchange is needed")


def examined(environment=None, probe=probe_never):
    return {one.name: one for one in doctor.examine(environment or {}, FakeClock(), probe)}


def test_a_fresh_machine_is_well_and_stays_as_it_was(variables, tmp_path):
    found = examined()
    assert [one.name for one in found.values() if one.status == "fail"] == []
    assert found["data folder"].detail.endswith("writable, will be made")
    assert found["warehouses"].detail.startswith("none yet")
    assert found["exchange"].detail == "not needed: the market is recorded"
    assert not (tmp_path / "data").exists()


def test_every_warning_and_failure_says_what_to_do(variables):
    variables(database_url="postgresql://x:y@127.0.0.1:9/none")
    for one in examined({"SUPABASE_URL": "https://x.supabase.co"}).values():
        assert (one.status == "ok") == (one.advice is None)


def test_neither_password_nor_user_nor_keys_are_shown(variables):
    variables(database_url="postgresql://bob:hunter2@127.0.0.1:9/db?password=hunter3")
    secrets = {"OPENROUTER_API_KEY": "sk-hidden", "SUPABASE_ANON_KEY": "ey-hidden"}
    found = examined(secrets)
    said = repr(found)
    assert not any(word in said for word in ("hunter2", "hunter3", "bob", "hidden"))
    assert found["BABINGEPET_DATABASE_URL"].detail == "postgresql://127.0.0.1/db (set)"
    assert found["configured"].status == "fail"


def test_supabase_variables_are_recognised_and_explained(variables):
    found = examined({"SUPABASE_URL": "https://x.supabase.co", "SUPABASE_ANON_KEY": "k"})
    finding = found["SUPABASE_URL and SUPABASE_ANON_KEY"]
    assert finding.status == "warn"
    assert "BABINGEPET_DATABASE_URL" in finding.advice


def test_a_setting_that_does_not_parse_is_a_failure_and_not_the_end(variables):
    variables(dagster_port="soon")
    found = examined()
    assert "BABINGEPET_DAGSTER_PORT" in found["BABINGEPET_*"].detail
    assert found["BABINGEPET_*"].status == "fail"
    assert found["Python"].status == "ok"


def test_a_data_folder_that_is_a_file_fails(variables, tmp_path):
    (tmp_path / "data").write_text("not a folder")
    assert examined()["data folder"].status == "fail"


def test_a_full_disk_is_noticed_before_the_databases_do(variables, monkeypatch):
    for free, status in ((doctor.NO_SPACE - 1, "fail"), (doctor.LITTLE_SPACE - 1, "warn")):
        usage = (1 << 40, 0, free)
        monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _, u=usage: Usage(*u))
        assert examined()["disk"].status == status


class Usage(tuple):
    """What shutil says about a disk."""

    def __new__(cls, *values):
        return super().__new__(cls, values)

    @property
    def free(self):
        return self[2]


def test_a_port_in_use_is_a_warning(variables):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        variables(dagster_port=port)
        assert examined()[f"port {port}"].status == "warn"
    assert examined()[f"port {port}"].status == "ok"


def test_rules_that_are_not_compiled_are_a_warning(variables, monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "cache_folder", lambda: tmp_path)
    assert "babingepet.warm" in examined()["compiled rules"].advice


@pytest.mark.parametrize(
    ("market", "answer", "status", "words"),
    [
        ("binance", 40, "ok", "clocks differ by 0.0 s"),
        ("binance", -31_000, "warn", "clocks differ by 31.0 s"),
        ("auto", ExchangeUnavailable("no network"), "warn", "unreachable: no network"),
        ("auto", None, "ok", "its own clock"),
    ],
)
def test_the_exchange_is_asked_once_and_never_fails_the_report(market, answer, status, words):
    asked = []

    def probe(*arguments):
        asked.append(arguments)
        if isinstance(answer, Exception):
            raise answer
        return answer

    finding = examine_exchange(load_settings(market=market), FakeClock(), probe)
    assert (finding.status, len(asked)) == (status, 1)
    assert words in finding.detail


@pytest.fixture
def settings(tmp_path):
    return load_settings(data_dir=tmp_path, market="binance")


@pytest.fixture
def warehouse(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'babingepet.sqlite'}")
    schema.upgrade(database)
    yield database
    database.close()


def looked(settings, now=NOW, probe=probe_never):
    return {one.name: one for one in examine_warehouses(settings, FakeClock(now), probe)}


def test_a_warehouse_is_described(settings, warehouse):
    found = looked(settings)
    assert f"schema {schema.head()}" in found["binance"].detail
    assert found["binance, last decision"].detail == "none yet"
    assert found["binance, loop"].detail == "never started: no loop ever ran"


def test_the_loop_is_alive_dead_or_gone_by_its_heartbeat(settings, warehouse):
    held = lease.acquire(warehouse, "btc", "run-1", NOW, 90 * SECOND)
    alive = looked(settings, NOW + 30 * SECOND)["binance, loop"]
    assert alive.detail == "starting: run-1, fence 1 has loaded for 30 s"
    stale = looked(settings, NOW + 91 * SECOND)["binance, loop"]
    assert (stale.status, "takes over" in stale.advice) == ("warn", True)
    lease.release(warehouse, held, NOW + 92 * SECOND)
    assert looked(settings, NOW + DAY)["binance, loop"].detail.startswith("released: run-1")


def test_a_loop_that_lives_and_decides_nothing_is_a_warning(settings, warehouse):
    held = lease.acquire(warehouse, "btc", "run-1", NOW, 90 * SECOND)
    lease.renew(warehouse, held, NOW + DAY)
    finding = looked(settings, NOW + DAY, lambda *_: 0)["binance, loop"]
    assert (finding.status, "no decision" in finding.advice) == ("warn", True)
    assert "decided nothing for 86,400 s: its history is not loaded" in finding.detail


def test_an_older_schema_is_a_warning_with_the_command(settings, tmp_path):
    open_database(f"sqlite:///{tmp_path / 'babingepet.sqlite'}").close()
    (tmp_path / "babingepet.sqlite").touch()
    finding = looked(settings)["binance"]
    assert finding.status == "warn"
    assert "babingepet db upgrade" in finding.advice
    assert (tmp_path / "babingepet.sqlite").exists()


def test_the_last_decision_open_gaps_and_failing_checks_are_told(settings, warehouse):
    record = b.decision()
    failing = b.check(
        "no_gaps", asset="btc/candles", partition=day_key(record.as_of), source=record.source,
        passed=False, blocking=True, detail="7 minutes missing",
    )  # fmt: skip
    cycles.commit(warehouse, None, b.cycle(gaps=[]), now=record.decided_at)
    with warehouse.writing() as connection:
        gaps.insert(connection, [b.gap(0), b.gap(0, "decision"), b.gap(99_999)])
        checks.put(connection, [failing])
    found = looked(settings, record.decided_at + 60 * SECOND)
    assert found["binance, last decision"].detail.startswith(record.cycle_id)
    assert found["binance, last decision"].detail.endswith("written 60 s ago")
    assert found["binance, gaps"].detail.startswith("2 not repaired, of which 1 are minutes")
    assert found["binance, check"].status == "warn"
    assert "7 minutes missing" in found["binance, check"].detail


@pytest.mark.parametrize(("covered", "status"), [(1.0, "ok"), (0.95, "ok"), (0.9, "warn")])
def test_how_the_feeds_were_is_told_and_a_poor_one_is_a_warning(
    settings, warehouse, covered, status
):
    record = b.decision()
    report = {
        "minutes": 60,
        "coverage": {"candles": 1.0, "quotes": covered},
        "counters": {"reconnects": 3},
        "agreements": [],
    }
    kept = report_record(report, b.BOOK, record.as_of)
    cycles.commit(warehouse, None, b.cycle(gaps=[], reasoning=[kept]), now=record.decided_at)
    found = looked(settings, record.decided_at)["binance, feeds"]
    assert found.status == status
    assert f"{covered:.0%} of 60 minutes" in found.detail
    assert "3 reconnects" in found.detail


@pytest.mark.slow
def test_a_server_is_described_and_its_missing_tables_are_told(variables, postgres_url):
    variables(database_url=postgres_url)
    found = examined()
    assert re.fullmatch(r"PostgreSQL \d+\.\d+, client library \d+\.\d+", found["server"].detail)
    assert found["connection"].detail == "direct"
    assert found["encryption"].detail == "none; it does not leave this machine"
    assert "not made yet" in found["Dagster's tables"].detail
    variables(database_url=postgres_url, market="binance")
    assert "babingepet db upgrade" in examined(probe=lambda *_: 0)["configured"].advice


@pytest.mark.slow
def test_a_pooler_that_dagster_cannot_use_is_a_failure(variables, postgres_url, postgres_server):
    name = postgres_url.rpartition("/")[2]
    with pooler(postgres_server, mode="transaction") as address:
        variables(database_url=f"{address}/{name}")
        found = examined()
    assert found["connection"].detail == "by way of a pooler"
    assert found["Dagster's tables"].status == "fail"
    assert "BABINGEPET_DAGSTER_DATABASE_URL" in found["Dagster's tables"].detail


@pytest.mark.parametrize(
    ("link", "status"),
    [
        (Link(150000, 170000, False, is_encrypted=True, is_local=False), "ok"),
        (Link(150000, 170000, False, is_encrypted=False, is_local=True), "ok"),
        (Link(150000, 170000, True, is_encrypted=False, is_local=False), "warn"),
    ],
)
def test_only_what_leaves_this_machine_must_be_encrypted(link, status):
    assert encryption(link).status == status


def test_the_addresses_of_dagster_and_of_the_tape_are_shown_without_their_secrets(variables):
    variables(
        dagster_database_url="postgresql://bob:hunter2@127.0.0.1:9/db",
        tape_url="s3://key:hunter3@bucket/x",
    )
    said = repr(examined())
    assert not any(word in said for word in ("hunter2", "hunter3", "bob"))
