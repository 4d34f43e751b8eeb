"""``babingepet swarm``: who is asked, what they said, what it cost; looking asks nobody."""

from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from babingepet_resources.clients.openrouter import catalogue
from babingepet_resources.settings import REAL, load_settings
from babingepet_resources.warehouse import context_feeds
from babingepet_resources.warehouse.records import FeedCheckRecord
from babingepet_services.market.source import open_warehouse
from babingepet_services.swarm.rounds import hold_round
from tests.delivery.conftest import call
from tests.delivery.markets import PLAY_FROM
from tests.fakes import FakeClock
from tests.openrouter_server import COST, KEY, openrouter_server
from tests.services.swarm.seats import DECIDED, SOURCE, SYMBOL, decide

MODEL = "deepseek/deepseek-chat"


def settings_at(folder, url):
    return load_settings(
        market=REAL, data_dir=folder, openrouter_api_key=SecretStr(KEY), openrouter_url=url,
        database_url=None,
    )  # fmt: skip


@pytest.fixture(scope="module")
def held(tmp_path_factory) -> Path:
    """A data folder in which a real market's analysts were asked once."""
    folder = tmp_path_factory.mktemp("held")
    with openrouter_server(**{MODEL: ["1.7"]}) as server:
        settings = settings_at(folder, server.url)
        with closing(open_warehouse(settings, REAL)) as database:
            decide(database, 3)
            clock = FakeClock(DECIDED + 5_000)
            assert hold_round(settings, database, None, clock, SYMBOL, SOURCE).came == "asked"
    return folder


@pytest.mark.slow
def test_the_newest_round_is_told_with_every_answer(held):
    told = call("swarm", "round", "--json", data_dir=held).document
    assert (told["warehouse"], told["market"], told["as_of"]) == ("binance", "BTC", DECIDED)
    (provider,) = told["providers"]
    assert (provider["provider"], provider["why_none"]) == ("openrouter", None)
    assert [one["agent"] for one in provider["answers"]][:4] == [
        "gemini", "claude", "gpt", "momentum",
    ]  # fmt: skip
    assert (provider["consensus"]["valid"], provider["consensus"]["degraded"]) == (8, True)
    momentum = provider["answers"][3]
    assert (momentum["state"], momentum["p_up"], momentum["model"]) == ("invalid", None, MODEL)
    assert "1.7, not a probability" in momentum["reason"]
    assert float(told["cost_usd"]) == pytest.approx(9 * COST)
    shown = call("swarm", "round", data_dir=held).out
    assert "analysts (openrouter) at 2025-04-22 10:03: 61% for a higher price" in shown
    assert "invalid" in shown
    before = call("swarm", "round", "--as-of", "2025-04-22T10:00", "--json", data_dir=held).document
    assert (before["as_of"], before["providers"]) == (None, [])


@pytest.mark.slow
def test_why_there_is_no_consensus_is_told_of_the_provider_that_has_none(tmp_path):
    """Another provider's round about the same minute failed before, for a reason of its own."""
    other = FeedCheckRecord("swarm", "BTC", DECIDED + 1, ok=False, detail="reason of the other")
    with openrouter_server(**{name: ["402"] for name in catalogue.MODELS}) as server:
        settings = settings_at(tmp_path, server.url)
        with closing(open_warehouse(settings, REAL)) as database:
            decide(database, 3)
            with database.writing() as connection:
                context_feeds.note(connection, [other])
            clock = FakeClock(DECIDED + 5_000)
            assert hold_round(settings, database, None, clock, SYMBOL, SOURCE).came == "asked"
    (provider,) = call("swarm", "round", "--json", data_dir=tmp_path).document["providers"]
    assert provider["consensus"] is None
    assert provider["why_none"].startswith("0 of 9 analysts voted, 5 are needed")


@pytest.mark.slow
def test_spend_is_told_by_agent_and_model(held):
    given = ("--from", "2025-04-22", "--to", "2025-04-23")
    told = call("swarm", "spend", *given, "--json", data_dir=held).document
    assert (told["calls"], told["answered"], told["unsettled_usd"]) == (9, 9, "0.00000000")
    assert float(told["cost_usd"]) == pytest.approx(9 * COST)
    (row,) = [one for one in told["agents"] if one["agent"] == "momentum"]
    assert (row["model"], row["prompt_tokens"], row["cached_tokens"]) == (MODEL, 135, 100)
    assert told["budget"] == {"cycle": "0.05", "day": "1.00", "month": "20.00"}
    assert MODEL in call("swarm", "spend", *given, data_dir=held).out
    this_month = call("swarm", "spend", "--json", data_dir=held).document
    assert (this_month["calls"], this_month["agents"]) == (0, [])


def test_a_round_of_the_embedded_analysts_says_that_rules_answered(rehearsal):
    told = call("swarm", "round", "--json", data_dir=rehearsal.data_dir).document
    assert [one["provider"] for one in told["providers"]] == ["rules"]
    assert len(told["providers"][0]["answers"]) == 9
    assert (told["calls"], told["cost_usd"]) == (0, "0")


def test_agents_are_listed_with_their_models_prompts_and_files(tmp_path):
    told = call("swarm", "agents", "--json", data_dir=tmp_path).document
    assert len(told["agents"]) == 19
    assert (told["heard"], told["agents"][0]["agent"]) == ("rules", "gemini")
    assert not any(one["edited"] for one in told["agents"])
    assert (told["headlines_read_by"], told["reader"]["market"]) == ("lexicon", "TONE")
    assert call("swarm", "agents", data_dir=tmp_path).out.count("contrarian") == 1
    assert list(tmp_path.iterdir()) == [], "looking makes nothing"


def test_a_copied_prompt_that_was_edited_is_the_one_that_counts(tmp_path):
    before = call("swarm", "agents", "--json", data_dir=tmp_path).document["agents"][3]
    written = call("swarm", "copy", "--json", data_dir=tmp_path).document["written"]
    assert len(written) == 24
    own = tmp_path / "agents" / "prompts" / "btc" / "momentum.md"
    own.write_text("You like moves.")
    assert call("swarm", "copy", "--json", data_dir=tmp_path).document["written"] == []
    after = call("swarm", "agents", "--json", data_dir=tmp_path).document["agents"][3]
    assert (after["prompt_file"], after["edited"]) == (str(own), True)
    assert after["prompt_version"] != before["prompt_version"]
    assert call("swarm", "copy", data_dir=tmp_path).out.startswith("0 files written")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("round", "--as-of", "yesterday"), "--as-of 'yesterday'"),
        (("spend", "--from", "2025-04-23", "--to", "2025-04-22"), "--to: must be later"),
        (("spend", "--from", "soon"), "--from 'soon'"),
    ],
)
def test_a_mistake_is_told_and_ends_with_2(held, arguments, said):
    refused = call("swarm", *arguments, "--json", data_dir=held)
    assert (refused.code, refused.out) == (2, "")
    assert said in refused.err


def test_a_wrong_file_is_named_and_where_nothing_is_decided_there_is_no_round(tmp_path):
    own = tmp_path / "agents" / "models.toml"
    own.parent.mkdir()
    own.write_text("[BTC")
    refused = call("swarm", "agents", data_dir=tmp_path)
    assert (refused.code, str(own) in refused.err) == (2, True)
    nothing = call("swarm", "round", data_dir=tmp_path)
    assert (nothing.code, "no warehouse" in nothing.err) == (2, True)


@pytest.mark.slow
def test_the_key_is_in_no_output(held, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    for arguments in (
        ("agents",),
        ("round",),
        ("spend",),
        ("round", "--json"),
        ("spend", "--from", "x"),
    ):
        told = call("swarm", *arguments, data_dir=held)
        assert KEY not in told.out + told.err
    assert call("swarm", "agents", "--json", data_dir=tmp_path).document["heard"] == "models"


@pytest.mark.slow
def test_a_demo_with_a_key_is_answered_by_rules_and_asks_no_model(
    trending_file, tmp_path, monkeypatch
):
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    given = ("--data", trending_file, "--from", PLAY_FROM, "--cycles", 2, "--json")
    with openrouter_server() as server:
        told = call("demo", *given, data_dir=tmp_path, openrouter_url=server.url)
        assert server.asked == []
    assert (told.code, told.document["analysts"]["provider"]) == (0, "rules")
    assert KEY not in told.out + told.err
