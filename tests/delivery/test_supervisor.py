"""What `babingepet run` starts, restarts, announces and ends."""

import os
import socket

import pytest

from babingepet.errors import ConfigurationError, InputError
from babingepet_delivery import supervisor
from babingepet_delivery.supervision import home as places
from babingepet_delivery.supervision import market as markets
from babingepet_delivery.supervision.market import exchange_command, last_decision, plan_market
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.settings import load_settings
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, LoopOptions
from babingepet_services.market.source import open_warehouse
from babingepet_services.orchestration.storage import storage_url
from scripts.bench.common.market import START
from tests.fakes import FakeClock
from tests.services.conftest import made_up_feed


def test_the_settings_survive_the_way_through_the_environment(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("BABINGEPET_")]:
        monkeypatch.delenv(name)
    given = load_settings(
        data_dir=tmp_path / "data", market="recorded", data=(tmp_path / "a", tmp_path / "b"),
        start="2025-05-10", speed="60", overrides=("blocked_hours=", "leverage=2"), paused=True,
        capture_tape=False, exchange_url="http://127.0.0.1:1", dagster_port=3001, seed=4,
        database_url="postgresql://me:secret@localhost/x", database_schema="btc", symbol="BTCUSDT",
        dagster_database_url="postgresql://me:secret@localhost/y",
    )  # fmt: skip
    for name, value in places.settings_as_variables(given).items():
        monkeypatch.setenv(name, value)
    assert load_settings() == given


def test_a_setting_that_is_unset_is_no_variable(tmp_path):
    variables = places.settings_as_variables(load_settings(data_dir=tmp_path))
    assert not {"BABINGEPET_DATABASE_URL", "BABINGEPET_START", "BABINGEPET_DATA"} & set(variables)


def test_a_variable_of_the_shell_does_not_reach_a_child_behind_the_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("BABINGEPET_PAUSED", "nonsense")
    home = places.Home(tmp_path, 1)
    settings = load_settings(data_dir=tmp_path, paused=True)
    assert places.environment(settings, home)["BABINGEPET_PAUSED"] == "True"


def test_an_occupied_port_is_refused_with_a_sentence(data_dir):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(InputError, match=rf"--port {port}: .* cannot be used"):
            supervisor.run(load_settings(dagster_port=port))
    assert list(data_dir.iterdir()) == []


def test_a_data_folder_is_run_once(tmp_path):
    with places.only_one(tmp_path):
        second = places.only_one(tmp_path)
        with pytest.raises(ConfigurationError, match="another"):
            second.__enter__()
    with places.only_one(tmp_path):
        pass


@pytest.mark.parametrize(
    ("url", "file"),
    [(None, "dagster.yaml"), ("postgresql://me:secret@host/db", "deploy/dagster.yaml")],
)
def test_dagster_finds_its_settings_its_tables_and_the_code_server(tmp_path, url, file):
    settings = load_settings(data_dir=tmp_path / "data", database_url=url)
    home = places.prepare_home(settings, ("daemon",))
    written = (home.dagster / "dagster.yaml").read_text()
    assert written == (places.ROOT / file).read_text()
    assert "secret" not in written
    assert f"port: {home.code_port}" in home.workspace.read_text()
    assert "location_name: babingepet" in home.workspace.read_text()
    address = places.environment(settings, home).get("DAGSTER_STORAGE_URL")
    assert address == storage_url(settings)
    assert (url is None) == ("postgres" not in written)


def test_a_log_of_the_time_before_is_kept_once(tmp_path):
    for text in ("first", "second"):
        home = places.prepare_home(load_settings(data_dir=tmp_path), ("daemon",))
        assert not home.log("daemon").exists()
        home.log("daemon").write_text(text)
    places.prepare_home(load_settings(data_dir=tmp_path), ("daemon",))
    assert home.log("daemon").with_suffix(".log.1").read_text() == "second"


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="file"):
        places.prepare_home(load_settings(data_dir=tmp_path / "file" / "data"), ())


def test_everything_listens_on_this_machine_only():
    home = places.Home(places.ROOT, 4266)
    for command in (places.code_server(home), places.web_server(home, 3000)):
        assert command[command.index("-h") + 1] == "127.0.0.1"


def test_a_played_market_gets_an_exchange_of_its_own(data_dir):
    plan = plan_market(load_settings(market="simulated", seed=3, speed="60"), FakeClock())
    command = exchange_command(plan, FakeClock())
    assert plan.settings.exchange_url == f"http://127.0.0.1:{plan.exchange_port}"
    assert plan.warning is None
    for option, value in (
        ("--market", "simulated"),
        ("--seed", "3"),
        ("--speed", "60"),
        ("--parent-pid", str(os.getpid())),
    ):
        assert command[command.index(option) + 1] == value
    assert "--from" not in command


@pytest.mark.parametrize("given", [{"market": "binance"}, {"market": "simulated", "exchange_url": "http://127.0.0.1:1"}])  # fmt: skip
def test_the_real_exchange_and_another_s_need_none(given, data_dir):
    assert plan_market(load_settings(**given), FakeClock()).exchange_port is None


def test_an_unreachable_exchange_is_replaced_by_a_simulation_that_starts_now(data_dir, monkeypatch):
    monkeypatch.setattr(markets, "resolve_market", lambda settings, clock: "simulated")
    clock = FakeClock(1_700_000_040_000)
    plan = plan_market(load_settings(speed="60"), clock)
    command = exchange_command(plan, clock)
    assert "SIMULATED" in plan.warning
    assert plan.settings.market == "simulated"
    assert command[command.index("--speed") + 1] == "1"
    assert command[command.index("--from") + 1] == "2023-11-14T22:14:00Z"


def test_a_market_goes_on_after_its_last_decision(data_dir):
    settings = load_settings(market="simulated", start="2020-01-01")
    database = open_warehouse(settings, "simulated")
    options = LoopOptions("x", max_cycles=3)
    list(BtcLoop(made_up_feed(3), database, SystemClock(), BtcProgram(), options).run())
    database.close()
    assert last_decision(settings).as_of == START + 3 * 60_000
    command = exchange_command(plan_market(settings, FakeClock()), FakeClock())
    assert command[command.index("--from") + 1] == "2025-04-22T10:02:59.999"


def test_a_market_that_was_never_decided_starts_where_it_was_told_to(data_dir):
    settings = load_settings(market="simulated", start="2025-05-10")
    command = exchange_command(plan_market(settings, FakeClock()), FakeClock())
    assert command[command.index("--from") + 1] == "2025-05-10"
    assert list(data_dir.iterdir()) == []


def test_what_launches_ends_first_and_the_market_last():
    assert set(supervisor.STOP_ORDER) == set(supervisor.CHILDREN)
    assert supervisor.STOP_ORDER[0] == "daemon"
    assert supervisor.STOP_ORDER[-1] == "exchange"
