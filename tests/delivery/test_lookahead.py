"""``babingepet lookahead`` from files to its verdict, on a market that is clean and on a leaking engine."""

import pytest

from babingepet.market.intervals import MINUTE
from babingepet.replay.dependence import NO_FUTURE, OTHER_REST, RESUMED, Dependence
from babingepet.replay.lookahead import LookaheadReport
from babingepet.signals.registry import NAMES
from babingepet_services.replay.lookahead import statement
from tests import factories as f
from tests.delivery.conftest import call, run_program
from tests.delivery.markets import PLAY, PLAY_FROM, eager_options

KEYS = {
    "symbol", "source", "start", "end", "bars", "trades", "clean", "dependence", "statement", "cuts",
    "minutes", "distinct_minutes", "values", "signals_checked", "signals_unchecked", "seed",
    "workers", "read_seconds", "seconds", "settings", "notes",
}  # fmt: skip
CUTS = 12


@pytest.fixture(scope="module")
def options(trending_file):
    return ("--candles", trending_file, *eager_options())


@pytest.fixture(scope="module")
def played(options):
    return (*options, "--from", PLAY_FROM, "--cuts", CUTS)


@pytest.fixture(scope="module")
def document(played):
    said = call("lookahead", *played, "--seed", 3, "--workers", 2, "--json")
    assert (said.code, said.err) == (0, "")
    return said.document


def test_a_clean_engine_ends_well_and_tells_what_was_compared(document):
    assert set(document) == KEYS
    assert document["clean"] is True
    assert document["dependence"] is None
    assert (document["start"], document["bars"], document["trades"]) == (PLAY, 61, 2)
    assert (document["cuts"], document["seed"], document["workers"]) == (CUTS, 3, 2)
    assert document["values"] > document["minutes"] > document["distinct_minutes"] > 0


def test_every_signal_is_either_checked_or_said_why_not(document):
    checked, unchecked = document["signals_checked"], document["signals_unchecked"]
    assert {*checked, *unchecked} == set(NAMES)
    assert set(checked) == {"ai_consensus", "mtf_alignment", "regime", "vwap"}
    assert unchecked["whale_flow"] == "needs single trades, which no replay reads"
    assert unchecked["funding_rate"] == "not given: funding"
    assert unchecked["vpin"] == "had no score in this period: too little history"


def test_people_read_the_verdict_first_then_what_was_compared_and_what_was_not(played):
    said = call("lookahead", *played)
    assert (said.code, said.err) == (0, "")
    places = [
        said.out.index(words)
        for words in (
            "BTCUSDT from recorded, looked ahead?", "no dependence on the future at any of 12 cuts",
            "12 cuts, ", "Compared, to the last bit", "scores of ai_consensus, mtf_alignment, regime, vwap",
            "Not proven here: what no replay reads", "needs single trades",
        )
    ]  # fmt: skip
    assert places == sorted(places)


def test_a_dependence_ends_with_failure_and_is_told_in_full(played, monkeypatch):
    found = Dependence(PLAY, "signal vwap", 0.25, None, PLAY + MINUTE, NO_FUTURE)
    report = LookaheadReport(1, 10, 10, 1_000, found)
    monkeypatch.setattr("babingepet_services.replay.lookahead.check", lambda *_, **__: report)
    said = call("lookahead", *played, "--json")
    assert said.code == 1
    assert said.document["clean"] is False
    assert said.document["dependence"] == {
        "as_of": PLAY, "part": "signal vwap", "told": 0.25, "otherwise": None,
        "cut": PLAY + MINUTE, "future": NO_FUTURE, "ahead": MINUTE,
    }  # fmt: skip
    shown = call("lookahead", *played)
    assert shown.code == 1
    for words in ("signal vwap", "2025-05-08 10:00 UTC", "0.25", "nothing", NO_FUTURE):
        assert words in shown.out.partition("The first dependence")[2]


def test_a_fill_that_no_cut_met_is_found_too(played, monkeypatch):
    found = Dependence(PLAY, "fill: entry_price", 1.0, 2.0, PLAY - MINUTE, OTHER_REST)
    monkeypatch.setattr("babingepet_services.replay.lookahead.check_trades", lambda _: found)
    said = call("lookahead", *played, "--json")
    assert said.code == 1
    assert said.document["dependence"]["part"] == "fill: entry_price"
    assert said.document["cuts"] == CUTS


@pytest.mark.parametrize(
    ("future", "sentence"),
    [
        (NO_FUTURE, "happened after 2025-05-07T12:02:00Z: it looks more than 2 minutes ahead"),
        (OTHER_REST, "depends on what its own minute went on to do"),
        (RESUMED, "knew of later ones"),
    ],
)
def test_the_statement_names_the_part_the_minute_and_the_future(future, sentence):
    found = Dependence(f.NOON, "fill: entry_price", 1.0, 2.0, f.NOON + 2 * MINUTE, future)
    said = statement(LookaheadReport(1, 1, 1, 1, found))
    assert said.startswith("fill: entry_price of 2025-05-07T12:00:00Z depends on")
    assert sentence in said


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--cuts", "0"), "--cuts 0: must be 1 or more"),
        (("--seed", "-1"), "--seed -1: must be 0 or more"),
        (("--workers", "0"), "--workers 0: must be 1 or more"),
        (("--market", "ihsg"), "--market ihsg: this version replays btc only"),
        (("--set", "leverge=2"), "--set leverge: no such setting"),
        (("--from", "2031-01-01"), "no minute lies in the period: the minutes end 2025-05-05"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(options, more, sentence):
    said = call("lookahead", *options, *more)
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err


@pytest.mark.slow
def test_the_real_program_writes_one_document_and_nothing_else(played):
    said = run_program("lookahead", *played, "--json")
    assert (said.code, said.err) == (0, "")
    assert said.document["clean"] is True
