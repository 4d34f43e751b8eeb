"""Every mistake in what is given: exit code 2, one sentence that names the place, nothing written.

In this process in the fast set; as a real program in the slow one.
"""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.delivery.conftest import call, run_program

Make = Callable[[Path], list[object]]
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(range(256)) * 8
START = 1_680_652_800_000


def candles(**changes: Any) -> Make:
    """A candle file with columns replaced, or left out with None."""

    def make(folder: Path) -> list[object]:
        columns: dict[str, Any] = {
            "open_time": [START + i * 60_000 for i in range(5)],
            "open": [100.0] * 5,
            "high": [102.0] * 5,
            "low": [99.0] * 5,
            "close": [101.0] * 5,
            "volume": [2.5] * 5,
        } | changes
        kept = {name: values for name, values in columns.items() if values is not None}
        pyarrow.parquet.write_table(pa.table(kept), folder / "wrong.parquet")
        return ["--data", folder / "wrong.parquet"]

    return make


def content(name: str, payload: bytes) -> Make:
    """A file of given bytes."""

    def make(folder: Path) -> list[object]:
        (folder / name).write_bytes(payload)
        return ["--data", folder / name]

    return make


def options(*given: object) -> Make:
    """Options alone."""
    return lambda _folder: list(given)


def trades(count: int) -> bytes:
    """Lines of a recording."""
    lines = []
    for i in range(count):
        time = START + i * 100
        data = {
            "e": "trade", "E": time, "T": time, "s": "BTCUSDT", "t": i + 1, "p": "28000.1",
            "q": "0.010", "X": "MARKET", "m": bool(i % 2),
        }  # fmt: skip
        lines.append(f"{time * 1000} {json.dumps({'stream': 'btcusdt@trade', 'data': data})}")
    return "\n".join(lines).encode()


STREAM = "usdm_btcusdt_20230405.gz"

MISTAKES: list[tuple[str, Make, list[str]]] = [
    ("a picture", content("photo.parquet", JPEG), ["photo.parquet", "neither Parquet nor"]),
    ("a letter", content("letter.parquet", b"Dear all,\n"), ["letter.parquet", "neither"]),
    ("no column", candles(volume=None), ["wrong.parquet", "column 'volume' is missing"]),
    (
        "a price",
        candles(low=[99.0, 99.0, -1.0, 99.0, 99.0]),
        ["wrong.parquet", "row 3, column 'low'", "not a positive price"],
    ),
    (
        "a line",
        content(STREAM, gzip.compress(trades(3) + b"\n1680652800000 {nonsense")),
        [STREAM, "line 4", "not valid JSON"],
    ),
    (
        "cut short",
        content(STREAM, gzip.compress(trades(900))[:-200]),
        [STREAM, "cut short"],
    ),
    ("absent", options("--data", "/nowhere/at/all"), ["/nowhere/at/all", "no such file"]),
    ("no files", options("--market", "recorded"), ["--data"]),
    ("not simulated", options("--market", "simulated", "--data", "x"), ["--data"]),
    ("simulated symbol", options("--symbol", "NOSUCHUSDT"), ["--symbol NOSUCHUSDT"]),
    ("seed", options("--seed", "-1"), ["--seed -1"]),
    ("key", options("--set", "colour=red"), ["--set colour", "leverage"]),
    ("value", options("--set", "leverage=much"), ["--set leverage=much", "number"]),
    ("range", options("--set", "leverage=nan"), ["--set leverage=nan"]),
    ("pair", options("--set", "leverage"), ["--set leverage", "key=value"]),
    ("no cycles", options("--cycles", "0"), ["--cycles 0"]),
    ("fewer", options("--cycles", "-5"), ["--cycles -5"]),
    ("speed", options("--speed", "fast"), ["--speed fast"]),
    ("standing", options("--speed", "0"), ["--speed 0"]),
    ("time", options("--from", "yesterday"), ["--from 'yesterday'"]),
    ("zone", options("--from", "2025-01-01T00:00+07:00"), ["--from", "UTC"]),
]
TABLE = pytest.mark.parametrize(
    ("make", "words"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES]
)


@TABLE
def test_a_mistake_is_one_sentence_that_names_it_and_nothing_is_written(tmp_path, make, words):
    data_dir = tmp_path / "data"
    done = call("demo", *make(tmp_path), data_dir=data_dir)
    assert (done.code, done.out) == (2, "")
    assert [word for word in words if word not in done.err] == []
    assert len(done.err.splitlines()) == 1
    assert not data_dir.exists()


@TABLE
def test_with_json_it_is_one_object(tmp_path, make, words):
    data_dir = tmp_path / "data"
    done = call("demo", *make(tmp_path), "--json", data_dir=data_dir)
    assert (done.code, done.out) == (2, "")
    said = json.loads(done.err)
    assert [word for word in words if word not in said["error"]] == []
    assert not data_dir.exists()


@pytest.mark.slow
@pytest.mark.parametrize(("make", "words"), [row[1:] for row in MISTAKES[::7]])
def test_the_real_program_says_the_same(tmp_path, make, words):
    data_dir = tmp_path / "data"
    done = run_program("demo", *make(tmp_path), "--json", data_dir=data_dir)
    assert (done.code, done.out) == (2, "")
    said = json.loads(done.err)
    assert [word for word in words if word not in said["error"]] == []
    assert not data_dir.exists()


RUN_MISTAKES = [row for row in MISTAKES if "cycles" not in row[0] and row[0] != "fewer"]


@pytest.mark.parametrize(
    ("make", "words"), [row[1:] for row in RUN_MISTAKES], ids=[row[0] for row in RUN_MISTAKES]
)
def test_a_run_says_it_before_anything_is_started(tmp_path, make, words):
    data_dir = tmp_path / "data"
    done = call("run", *make(tmp_path), data_dir=data_dir, market="simulated")
    assert (done.code, done.out) == (2, "")
    assert [word for word in words if word not in done.err] == []
    assert not data_dir.exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--port", "0"], "--port 0"),
        (["--port", "70000"], "--port 70000"),
        (["--market", "binance", "--speed", "60"], "--speed belongs to"),
        (["--market", "binance", "--from", "2025-01-01"], "--from belongs to"),
        (["--market", "binance", "--seed", "3"], "--seed belongs to"),
    ],
)
def test_a_run_refuses_options_that_cannot_mean_anything(tmp_path, given, words):
    done = call("run", *given, data_dir=tmp_path / "data", market="simulated")
    assert done.code == 2
    assert words in done.err


def test_an_unreadable_folder_is_named(tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0)
    try:
        if folder_is_readable(folder):
            pytest.skip("this user may read every folder")
        done = call("demo", "--data", folder, data_dir=tmp_path / "data")
    finally:
        folder.chmod(0o700)
    assert done.code == 2
    assert str(folder) in done.err


def folder_is_readable(folder: Path) -> bool:
    try:
        return list(folder.iterdir()) == []
    except PermissionError:
        return False


@pytest.mark.slow
def test_a_symbol_that_was_not_recorded_and_a_time_outside_are_named(recorded_data, tmp_path):
    folder = recorded_data / "crypto" / "perp_l2_ws"
    data_dir = tmp_path / "data"
    unknown = call("demo", "--data", folder, "--symbol", "DOGEUSDT", data_dir=data_dir)
    assert unknown.code == 2
    assert "DOGEUSDT" in unknown.err
    outside = call("demo", "--data", folder, "--from", "2022-01-01", data_dir=data_dir)
    assert outside.code == 2
    assert "--from 2022-01-01T00:00:00Z is outside" in outside.err
    assert "2023-04-04T23:58" in outside.err
    assert not data_dir.exists()
