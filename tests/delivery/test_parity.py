"""``babingepet parity`` on a rehearsal."""

import json
import shutil
import sqlite3

import pytest

from tests.delivery.conftest import call
from tests.delivery.markets import CYCLES

DAY = "2025-05-08"


@pytest.fixture
def forged(rehearsal, tmp_path):
    """A copy of the rehearsal in which one verdict says something else."""
    shutil.copy(rehearsal.data_dir / "demo.sqlite", tmp_path / "demo.sqlite")
    with sqlite3.connect(tmp_path / "demo.sqlite") as connection:
        connection.execute(
            "UPDATE btc_decisions SET payload = replace(payload, '\"votes\":', '\"votes\":1') "
            "WHERE cycle_id = 'btc-20250508T1007Z'"
        )
    connection.close()
    return tmp_path


def test_the_last_day_decided_is_made_again(rehearsal):
    done = call("parity", data_dir=rehearsal.data_dir)
    assert (done.code, done.err) == (0, "")
    assert f"{DAY}, book paper, BTCUSDT from recorded (demo)" in done.out
    assert f"{CYCLES} of {CYCLES} cycles identical, 100.00%" in done.out


def test_the_document_has_stable_keys(rehearsal):
    done = call("parity", "--day", DAY, "--json", data_dir=rehearsal.data_dir)
    assert list(done.document) == [
        "warehouse", "book", "symbol", "source", "day", "total", "identical", "undecidable",
        "without_raw_tape", "other_engine", "engine_version", "first_difference", "hours", "share",
    ]  # fmt: skip
    assert (done.document["total"], done.document["share"]) == (CYCLES, 1.0)
    assert list(done.document["hours"][0]) == ["hour", "total", "identical", "undecidable"]


def test_a_forged_verdict_is_shown_and_the_exit_code_is_1(forged):
    shown = call("parity", data_dir=forged)
    assert (shown.code, shown.err) == (1, "")
    assert f"{CYCLES - 1} of {CYCLES} cycles identical, 97.50%" in shown.out
    assert "The first that is not identical: btc-20250508T1007Z" in shown.out
    assert "votes: stored 1" in shown.out
    assert "Hours that are not whole" in shown.out
    told = call("parity", "--json", data_dir=forged)
    assert told.code == 1
    first = told.document["first_difference"]
    assert (first["cycle_id"], first["undecidable"]) == ("btc-20250508T1007Z", None)
    assert first["differences"][0].startswith("votes: stored 1")


def test_a_day_without_a_decision_is_no_failure(rehearsal):
    done = call("parity", "--day", "2025-05-07", data_dir=rehearsal.data_dir)
    assert done.code == 0
    assert "no cycle was decided on this day" in done.out
    told = call("parity", "--day", "2025-05-07", "--json", data_dir=rehearsal.data_dir).document
    assert (told["total"], told["share"]) == (0, None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--day", "yesterday"], "--day 'yesterday' is not a time"),
        (["--day", "2025-05-08T10:00"], "is not a UTC day"),
        (["--book", "nothing"], "book nothing has no decision about BTCUSDT in demo"),
        (["--symbol", "ethusdt"], "no decision about ETHUSDT"),
        (["--source", "binance"], "only recorded"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(rehearsal, arguments, words):
    done = call("parity", *arguments, "--json", data_dir=rehearsal.data_dir)
    assert (done.code, done.out) == (2, "")
    assert words in json.loads(done.err)["error"]
