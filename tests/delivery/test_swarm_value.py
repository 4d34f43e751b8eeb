"""``babingepet swarm value`` from files to what it prints."""

import json

import pytest

from babingepet.swarm.rosters import BTC
from tests.delivery.conftest import call
from tests.services.swings import EAGER, write_swinging_market

KEYS = {
    "market", "symbol", "source", "start", "end", "bars", "capital", "replay_ai", "providers",
    "calls", "read_seconds", "seconds", "rounds", "with_all", "with_none", "effect", "interaction",
    "agents", "groups", "consensus", "models", "settings", "notes",
}  # fmt: skip
JUDGED = {"states", "votes", "unresolved", "calibration", "hit_rate", "marginal"}
COST = {"calls_made", "cost_usd", "unsettled_usd", "usd_per_bp", "usd_per_bp_reason"}
MARGINAL = {"net_pnl", "net_bps", "low", "high", "days", "trades", "quorum_lost"}


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    """A market without trades and funding, in which five analysts have something to say."""
    market = write_swinging_market(tmp_path_factory.mktemp("swings"), days=4)
    return ("--candles", market, *(part for pair in EAGER for part in ("--set", pair)))


@pytest.fixture(scope="module")
def document(options):
    said = call("swarm", "value", *options, "--workers", 2, "--json")
    assert (said.code, said.err) == (0, "")
    return said.document


def test_the_document_has_its_keys(document):
    assert set(document) == KEYS
    assert [one["agent"] for one in document["agents"]] == list(BTC.names)
    assert [one["group"] for one in document["groups"]] == ["generalist", "persona"]
    assert set(document["agents"][0]) == {"agent", "group", *JUDGED, *COST}
    assert set(document["groups"][0]) == {"agents", "group", *JUDGED, *COST}
    assert set(document["agents"][0]["marginal"]) == MARGINAL
    assert set(document["consensus"]) == JUDGED - {"states", "marginal"}
    assert len(document["consensus"]["calibration"]["bins"]) == 10
    assert set(document["models"][0]) == {
        "model", "agents", "votes", "cutoff", "cutoff_source", "votes_before_cutoff",
        "before_cutoff",
    }  # fmt: skip
    assert document["calls"] == 0


def test_that_five_of_five_voters_are_each_the_whole_quorum_is_said(document):
    lost = {one["agent"]: one["marginal"]["quorum_lost"] for one in document["agents"]}
    assert lost["gemini"] == document["rounds"]["with_quorum"] > 200
    assert lost["claude"] == 0
    assert any("no quorum" in note for note in document["notes"])


def test_people_read_the_money_first_then_whether_they_were_right_then_the_models(options):
    said = call("swarm", "value", *options)
    assert (said.code, said.err) == (0, "")
    places = [
        said.out.index(words)
        for words in (
            "What the analysts of BTCUSDT were worth (rules)", "0 calls", "no model was asked",
            "Net P&L of the period", "all nine", "nobody", "effect of all", "the personas",
            "interaction", "Whether they were right", "consensus  ", "What became of each question",
            "Models, and the end of their training",
        )
    ]  # fmt: skip
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--replay-ai", "none"), "--replay-ai none: there is nobody whose worth could be told"),
        (("--replay-ai", "stored"), "there is no warehouse"),
        (("--workers", "0"), "--workers 0: must be 1 or more"),
        (("--from", "2031-01-01"), "no minute lies in the period"),
        (("--market", "ihsg"), "--market ihsg: this version replays btc only"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(options, tmp_path, more, sentence):
    said = call("swarm", "value", *options, *more, "--json", data_dir=tmp_path)
    assert (said.code, said.out) == (2, "")
    told = json.loads(said.err)
    assert sentence in told["error"]
    assert told["kind"] == "InputError"
