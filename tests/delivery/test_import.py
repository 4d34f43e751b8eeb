"""`babingepet import` as a user meets it."""

import json

import pandas as pd
import pytest

from tests.delivery.conftest import call, run_program

START = 1_680_652_800_000


@pytest.fixture
def place(databases, tmp_path):
    return databases.place(tmp_path / "data")


@pytest.fixture
def minutes(tmp_path):
    """A file with one refused row in five."""
    frame = pd.DataFrame({"open_time": [START + i * 60_000 for i in range(5)]})
    frame = frame.assign(open=100.0, high=102.0, low=99.0, close=101.0, volume=2.5)
    frame.loc[2, "low"] = -1.0
    path = tmp_path / "BTCUSDT-1m-2023-04-05.csv"
    frame.to_csv(path, index=False)
    return path


FILE_KEYS = {
    "name", "sha256", "symbol", "source", "interval", "rows_read", "rows_written",
    "rows_already_there", "rows_conflicting", "rows_rejected", "first_time", "last_time",
    "rejects", "notes",
}  # fmt: skip

KEYS = {
    "kind", "symbol", "source", "files", "rows_read", "rows_written", "rows_already_there",
    "rows_conflicting", "rows_rejected", "rejects", "rejects_not_listed", "unusable", "seconds",
}  # fmt: skip


def test_the_document_tells_every_row(minutes, place):
    done = call("import", "candles", minutes, "--json", **place)
    assert (done.code, done.err) == (0, "")
    document = done.document
    assert set(document) == KEYS
    (file,) = document["files"]
    assert set(file) == FILE_KEYS
    assert (document["kind"], document["symbol"], document["source"]) == ("candles", "BTCUSDT", "recorded")  # fmt: skip
    assert (document["rows_read"], document["rows_written"], document["rows_rejected"]) == (5, 4, 1)
    reject = {"row": 3, "column": "low", "reason": "-1 is not a positive price"}
    assert file["rejects"] == [reject]
    assert document["rejects"] == [{"file": str(minutes), **reject}]
    assert (file["first_time"], file["last_time"]) == (START, START + 240_000)


def test_a_second_import_writes_nothing(minutes, place):
    call("import", "candles", minutes, **place)
    document = call("import", "candles", minutes, "--json", **place).document
    assert (document["rows_written"], document["rows_already_there"]) == (0, 4)


def test_the_table_for_people_names_file_counts_and_refused_rows(minutes, place):
    done = call("import", "candles", minutes, **place)
    assert (done.code, done.err) == (0, "")
    for word in (minutes.name, "written", "BTCUSDT 1m", "recorded", "2023-04-05 00:04",
                 "refused rows", "-1 is not a positive price"):  # fmt: skip
        assert word in done.out


def test_headlines_are_filed_under_a_market(tmp_path, place):
    path = tmp_path / "august.jsonl"
    path.write_text('{"title": "IHSG naik", "published": "2026-08-21T09:00:00Z"}\n{"title": "b"}\n')
    document = call("import", "headlines", path, "--market", "ihsg", "--json", **place).document
    assert (document["kind"], document["symbol"], document["rows_written"]) == (
        "headlines",
        "IHSG",
        1,
    )
    (reject,) = document["rejects"]
    assert (reject["row"], reject["column"], reject["reason"]) == (2, "published", "is empty")


def test_an_unusable_file_is_exit_code_2_and_the_others_are_told(minutes, place, tmp_path):
    letter = tmp_path / "letter.csv"
    letter.write_text("Dear all,\n")
    done = call("import", "candles", letter, minutes, "--json", **place)
    assert done.code == 2
    assert done.document["rows_written"] == 4
    assert done.document["unusable"][0]["name"] == str(letter)
    said = json.loads(done.err)
    assert said["kind"] == "InputError"
    assert said["error"].startswith(f"{letter}: is neither Parquet nor CSV of candles")
    assert "the other 1 were imported" in said["error"]


def test_when_nothing_can_be_used_there_is_only_the_sentence(tmp_path):
    done = call("import", "trades", tmp_path / "none.zip", data_dir=tmp_path / "data")
    assert (done.code, done.out) == (2, "")
    assert "none.zip: cannot be read: No such file or directory" in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["import"], "requires an argument"),
        (["import", "gossip", "a.csv"], 'Invalid value "gossip"'),
        (["import", "candles"], "name at least one file"),
        (["import", "candles", "a.csv", "--source", "../x"], "--source"),
        (["import", "funding", "a.csv", "--interval", "1m"], "--interval belongs to candles"),
    ],
)
def test_wrong_usage_is_one_sentence(arguments, words, tmp_path):
    done = call(*arguments, data_dir=tmp_path / "data")
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert not (tmp_path / "data").exists()


@pytest.mark.slow
def test_the_real_program_imports_into_a_warehouse_that_replays_can_read(trending_file, place):
    done = run_program("import", "candles", trending_file, "--json", **place)
    assert done.code == 0, done.err
    again = run_program("replay", "--no-save", "--json", **place, market="recorded")
    assert again.code == 0, again.err
    files = call("replay", "--candles", trending_file, "--no-save", "--json", **place)
    assert again.document["ledger_sha256"] == files.document["ledger_sha256"]
