"""``babingepet memory``: found by words, told as JSON, and never a file made by looking."""

from contextlib import closing

import pytest

from babingepet.market.intervals import DAY
from babingepet.memory.engrams import Engram
from babingepet_resources.hippocampus.store import Hippocampus
from babingepet_resources.settings import load_settings
from tests.delivery.conftest import call

NOW = 1_746_403_200_000


@pytest.fixture
def remembering(tmp_path):
    """A data folder with two memories of recorded facts."""
    file = load_settings(data_dir=tmp_path).memory_file("recorded")
    with closing(Hippocampus(file)) as store:
        for number, text in enumerate(("bitcoin [red]rises[/red]", "bitcoin falls")):
            time = NOW + number * DAY
            engram = Engram("note", "btc", "BTCUSDT", "recorded", text, time, time)
            store.store_engram(engram, now=NOW)
    return tmp_path


def test_a_search_tells_what_fits_and_what_was_known(remembering):
    found = call("memory", "search", "rises OR falls", "--json", data_dir=remembering).document
    assert found["source"] == "recorded"
    assert {one["text"] for one in found["memories"]} == {"bitcoin [red]rises[/red]", "bitcoin falls"}  # fmt: skip
    then = call(
        "memory", "search", "bitcoin", "--as-of", "2025-05-05", "--json", data_dir=remembering
    ).document
    assert [one["text"] for one in then["memories"]] == ["bitcoin [red]rises[/red]"]
    assert then["as_of"] == NOW
    shown = call("memory", "search", "rises", data_dir=remembering)
    assert "bitcoin [red]rises[/red]" in shown.out, "markup in a text is text"


def test_the_state_of_a_memory_is_told(remembering):
    told = call("memory", "stats", "--json", data_dir=remembering).document
    assert (told["exists"], told["ok"], told["fts_ok"], told["engrams"]) == (True, True, True, 2)
    assert told["kinds"] == [
        {"market": "btc", "kind": "note", "count": 2, "pinned": 0, "oldest": NOW, "newest": NOW + DAY}
    ]  # fmt: skip
    assert "2 engrams" in call("memory", "stats", data_dir=remembering).out


def test_looking_into_a_memory_that_is_not_there_makes_none(tmp_path):
    told = call("memory", "stats", "--json", data_dir=tmp_path).document
    assert (told["exists"], told["ok"], told["engrams"]) == (False, None, 0)
    assert call("memory", "search", "bitcoin", data_dir=tmp_path).code == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--limit", "0"), "--limit 0"),
        (("--market", "forex"), "btc, altcoin, ihsg"),
        (("--as-of", "yesterday"), "--as-of 'yesterday'"),
        (("--source", "demo"), "source"),
    ],
)
def test_a_mistake_is_told_and_ends_with_2(remembering, arguments, said):
    refused = call("memory", "search", "bitcoin", *arguments, data_dir=remembering)
    assert refused.code == 2
    assert said in refused.err


def test_a_file_that_is_no_memory_is_a_sentence_and_no_traceback(tmp_path):
    (tmp_path / "babingepet_memory.sqlite").write_text("not a database " * 500)
    refused = call("memory", "stats", "--json", data_dir=tmp_path)
    assert refused.code == 2
    assert "is not a SQLite database" in refused.err
