"""``babingepet sweep`` from files to what it prints."""

import json

import pytest

from tests.delivery.conftest import call, run_program
from tests.services.swings import EAGER, write_swinging_market

KEYS = {
    "market", "symbol", "source", "start", "end", "bars", "read_seconds", "replay_seconds", "seconds",
    "workers", "periods_per_year", "capital", "grid", "weights", "seed", "trials", "best",
    "statement", "walk_forward", "weight_books", "settings", "notes",
}  # fmt: skip
METRIC = {"value", "n", "low", "high", "reason"}


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    """A market and rules under which it trades."""
    market = write_swinging_market(tmp_path_factory.mktemp("swings"))
    return ("--candles", market, *(part for pair in EAGER for part in ("--set", pair)))


@pytest.fixture(scope="module")
def document(options):
    said = call(
        "sweep", *options, "--grid", "stop_loss=0.004,0.008", "--weights", 1, "--splits", 2,
        "--window", "rolling", "--seed", 3, "--workers", 2, "--json",
    )  # fmt: skip
    assert (said.code, said.err) == (0, "")
    return said.document


def test_the_document_has_its_keys(document):
    assert set(document) == KEYS
    assert len(document["trials"]) == 4
    assert set(document["trials"][0]) == {
        "trial", "overrides", "weights_version", "sharpe_ratio", "net_pnl", "trades",
        "profit_factor", "expectancy_r", "max_drawdown",
    }  # fmt: skip
    assert set(document["best"]) == {
        "trial", "overrides", "weights_version", "chosen_from", "sharpe_ratio",
        "expected_maximum_sharpe", "probabilistic_sharpe_ratio", "deflated_sharpe_ratio",
    }  # fmt: skip
    assert set(document["best"]["deflated_sharpe_ratio"]) == METRIC
    assert set(document["walk_forward"]) == {
        "window", "embargo_hours", "splits", "stitched", "equity",
    }  # fmt: skip
    assert document["walk_forward"]["window"] == "rolling"
    assert (document["seed"], document["workers"]) == (3, 2)


def test_people_read_the_verdict_first_then_the_trials_then_the_walk_forward(options):
    said = call("sweep", *options, "--grid", "stop_loss=0.004,0.008", "--splits", 2)
    assert (said.code, said.err) == (0, "")
    places = [
        said.out.index(words)
        for words in (
            "BTCUSDT from recorded, swept", "the best of 2 trials would reach", "The best trial:",
            "Trials, the best first", "Walk forward, expanding train windows, 24 h",
            "all tests joined: sharpe ratio",
        )
    ]  # fmt: skip
    assert places == sorted(places)
    assert "stop_loss=0.004 weights base" in said.out


def test_trials_beyond_the_table_are_said_to_be_elsewhere(options):
    said = call("sweep", *options, "--weights", 22)
    assert "Trials, the best first; 3 more in --json" in said.out
    assert "Walk forward" not in said.out


def test_trials_that_never_trade_have_no_best(options):
    said = call("sweep", *options, "--grid", "min_votes=13", "--splits", 1)
    assert "no trial has a Sharpe ratio" in said.out
    assert "The best trial" not in said.out


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--grid", "leverge=1"), "--grid leverge: no such setting"),
        (("--grid", "leverage"), "--grid leverage: write key=value,value"),
        (("--splits", "40"), "--splits 40: "),
        (("--weights", "-2"), "--weights -2: must be 0 or more"),
        (("--workers", "0"), "--workers 0: must be 1 or more"),
        (("--market", "ihsg"), "--market ihsg: this version replays btc only"),
        (("--window", "sliding"), "sliding"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(options, more, sentence):
    said = call("sweep", *options, *more)
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err


def test_a_mistake_is_one_object_for_scripts(options):
    said = call("sweep", *options, "--grid", "leverge=1", "--json")
    assert (said.code, said.out) == (2, "")
    assert json.loads(said.err)["kind"] == "InputError"


@pytest.mark.slow
def test_the_real_program_writes_one_document_and_nothing_else(options):
    said = run_program("sweep", *options, "--grid", "stop_loss=0.004,0.008", "--json")
    assert (said.code, said.err) == (0, "")
    assert len(said.document["trials"]) == 2
