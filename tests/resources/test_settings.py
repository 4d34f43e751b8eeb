"""Where each source's facts are kept: real and made-up prices never meet."""

from pathlib import Path

import pytest

from babingepet.errors import ConfigurationError
from babingepet_resources.settings import Address, load_settings

SERVER = "postgresql://bob:hunter2@localhost/db"
FILE = "sqlite:////srv/all.sqlite"


@pytest.mark.parametrize(
    ("given", "source", "address"),
    [
        ({}, "binance", Address("sqlite:////data/babingepet.sqlite")),
        ({}, "simulated", Address("sqlite:////data/babingepet-simulated.sqlite")),
        ({"database_url": SERVER}, "binance", Address(SERVER)),
        ({"database_url": SERVER}, "simulated", Address(SERVER, "babingepet_simulated")),
        ({"database_url": SERVER}, "recorded-spot", Address(SERVER, "babingepet_recorded_spot")),
        ({"database_url": SERVER, "database_schema": "b"}, "binance", Address(SERVER, "b")),
        ({"database_url": SERVER, "database_schema": "b"}, "recorded", Address(SERVER, "b_recorded")),
        ({"database_url": FILE}, "recorded", Address(FILE)),
    ],
)  # fmt: skip
def test_each_source_has_a_place_of_its_own(given, source, address):
    assert load_settings(data_dir="/data", **given).warehouse(source) == address


def test_only_an_embedded_database_has_a_file():
    assert Address(FILE).file == Path("/srv/all.sqlite")
    assert Address(SERVER, "b").file is None


def test_no_password_is_shown_by_what_holds_it():
    settings = load_settings(database_url=SERVER, dagster_database_url=SERVER)
    assert "hunter2" not in repr(settings) + repr(settings.warehouse("binance"))


@pytest.mark.parametrize("field", ["news_url", "etf_flows_url", "fear_greed_url"])
def test_no_key_of_a_feed_is_shown_by_what_holds_it(field):
    settings = load_settings(**{field: "https://feed.example/?key=hunter2"})
    assert "hunter2" in getattr(settings, field)
    assert "hunter2" not in repr(settings)


def test_auto_hopes_for_the_real_exchange():
    assert load_settings(market="auto").source == "binance"
    assert load_settings(market="recorded").source == "recorded"


def test_a_variable_that_does_not_parse_is_named():
    with pytest.raises(ConfigurationError, match="BABINGEPET_MARKET"):
        load_settings(market="mars")


def test_the_key_of_the_models_has_its_own_variable_and_is_never_shown(monkeypatch):
    assert load_settings().openrouter_api_key is None
    monkeypatch.setenv("OPENROUTER_API_KEY", " sk-canary\n")
    settings = load_settings()
    assert settings.openrouter_api_key.get_secret_value() == "sk-canary"
    assert "sk-canary" not in repr(settings) + str(settings) + settings.model_dump_json()
    monkeypatch.setenv("OPENROUTER_API_KEY", " ")
    assert load_settings().openrouter_api_key is None


@pytest.mark.parametrize("key", ["sk canary", "sk-canary\nX-Other: 1", "sk-canary-\u00e9"])
def test_a_key_that_cannot_be_a_header_is_refused_without_being_shown(monkeypatch, key):
    monkeypatch.setenv("OPENROUTER_API_KEY", key)
    with pytest.raises(ConfigurationError, match=r"^OPENROUTER_API_KEY: ") as refused:
        load_settings()
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("swarm_budget_day", "-1"), ("swarm_budget_cycle", "NaN"), ("swarm_budget_month", "Infinity"),
     ("swarm_concurrency", 0), ("openrouter_url", "ftp://x"),
     ("openrouter_url", "http://["), ("news_tone", "oracle")],
)  # fmt: skip
def test_a_limit_that_is_none_is_refused_by_its_variable(name, value):
    with pytest.raises(ConfigurationError, match=f"BABINGEPET_{name.upper()}"):
        load_settings(**{name: value})
