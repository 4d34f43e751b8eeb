"""The event tape: what was written is what is read, and what is missing is not empty."""

import hashlib
import subprocess
import sys
from pathlib import Path

import fsspec
import numpy as np
import pyarrow.parquet as pq
import pytest
import s3fs

from babingepet.errors import (
    ConfigurationError,
    HoursMissing,
    InputError,
    IntegrityBroken,
    TapeUnavailable,
)
from babingepet.market.frames import Quotes, Trades
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet_resources.event_tape.frames import (
    TapedQuotes,
    TapedTrades,
    taped_quotes,
    taped_trades,
)
from babingepet_resources.event_tape.tape import EventTape

SEVEN = 1_746_860_400_000  # 2025-05-10T07:00Z
BTC = ("BTCUSDT", "binance")


def trades(times: list[int], *, first_id: int = 100, price: float = 97_000.1) -> Trades:
    count = len(times)
    return Trades(
        trade_id=np.arange(first_id, first_id + count),
        event_time=np.array(times, np.int64),
        price=price + np.arange(count) * 0.1,
        quantity=np.full(count, 0.003),
        is_buyer_maker=np.arange(count) % 2 == 0,
    )


def quotes(times: list[int]) -> Quotes:
    count = len(times)
    return Quotes(
        update_id=np.arange(count) + 5,
        event_time=np.array(times, np.int64),
        bid_price=np.full(count, 97_000.0),
        bid_size=np.full(count, np.nan),
        ask_price=np.full(count, 97_000.1),
        ask_size=np.full(count, 2.5),
    )


def an_hour(*, first_id: int = 100, hour: int = SEVEN) -> TapedTrades:
    times = [hour, hour + 5, hour + MINUTE, hour + HOUR - 1]
    return taped_trades(trades(times, first_id=first_id), hour + 2 * MINUTE)


@pytest.mark.slow
def test_an_hour_is_read_back_to_the_last_bit_from_the_file_that_its_name_says(tape, tape_url):
    times = [SEVEN, SEVEN + 1, SEVEN + HOUR - 1]
    assert tape.write_hour(*BTC, SEVEN, taped_trades(trades(times), SEVEN + MINUTE)) == "written"
    assert tape.write_hour(*BTC, SEVEN, taped_quotes(quotes(times), SEVEN + MINUTE)) == "written"

    read = tape.read(TapedTrades, *BTC, SEVEN, SEVEN + HOUR)
    assert Trades(**{k: v for k, v in read.columns().items() if k != "known_at"}).equals(
        trades(times)
    )
    assert read.known_at.tolist() == [SEVEN + MINUTE] * 3
    sizes = tape.read(TapedQuotes, *BTC, SEVEN, SEVEN + HOUR).bid_size
    assert np.isnan(sizes).all()

    filesystem, root = fsspec.url_to_fs(tape_url)
    names = {name.removeprefix(f"{root}/") for name in filesystem.find(root)}
    assert names == {
        f"{kind}/symbol=BTCUSDT/source=binance/date=2025-05-10/hour=07.parquet"
        for kind in ("trades", "quotes")
    }
    with filesystem.open(f"{root}/{min(names, key=len)}") as file:
        described = pq.ParquetFile(file)
        assert described.schema_arrow.field("event_time").type == "int64"
        assert described.metadata.row_group(0).column(0).compression == "ZSTD"


def test_the_same_hour_has_the_same_bytes_in_whatever_order_its_events_are_given(tmp_path):
    shuffled = an_hour().where(np.ones(4, np.bool_))
    shuffled = TapedTrades(**{k: v[::-1] for k, v in shuffled.columns().items()})
    digests = set()
    for name, frame in (("one", an_hour()), ("other", shuffled)):
        EventTape.open(str(tmp_path / name)).write_hour(*BTC, SEVEN, frame)
        (file,) = (tmp_path / name).rglob("*.parquet")
        digests.add(hashlib.sha256(file.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_a_stored_hour_never_changes(tape):
    tape.write_hour(*BTC, SEVEN, an_hour())
    assert tape.write_hour(*BTC, SEVEN, an_hour()) == "same"
    assert tape.write_hour(*BTC, SEVEN, an_hour(first_id=900)) == "conflict"
    assert tape.read(TapedTrades, *BTC, SEVEN, SEVEN + HOUR).trade_id[0] == 100


@pytest.mark.slow
def test_a_missing_hour_is_unavailable_and_an_hour_without_events_is_not(tape):
    tape.write_hour(*BTC, SEVEN, TapedTrades.empty())
    assert len(tape.read(TapedTrades, *BTC, SEVEN, SEVEN + HOUR)) == 0
    with pytest.raises(HoursMissing, match=r"1 of 2 hours of the trades of BTCUSDT.*T08:00"):
        tape.read(TapedTrades, *BTC, SEVEN, SEVEN + HOUR + 1)
    with pytest.raises(HoursMissing):
        tape.read(TapedTrades, "BTCUSDT", "recorded", SEVEN, SEVEN + 1)
    with pytest.raises(HoursMissing):
        tape.read(TapedQuotes, *BTC, SEVEN, SEVEN + 1)


def test_an_event_that_was_handed_over_twice_is_read_once_as_first_known(tape):
    times = [SEVEN + MINUTE, SEVEN + 2 * MINUTE]
    twice = TapedTrades.concat(
        [
            taped_trades(trades(times), SEVEN + 9 * MINUTE),
            taped_trades(trades(times), SEVEN + 3 * MINUTE),
        ]
    )
    tape.write_hour(*BTC, SEVEN, twice)
    read = tape.read(TapedTrades, *BTC, SEVEN, SEVEN + HOUR)
    assert read.trade_id.tolist() == [100, 101]
    assert read.known_at.tolist() == [SEVEN + 3 * MINUTE] * 2
    assert len(tape.hour(TapedTrades, *BTC, SEVEN)) == 4


def test_a_stretch_is_read_across_hours_and_cut_at_its_ends(tape):
    tape.write_hour(*BTC, SEVEN, an_hour())
    tape.write_hour(*BTC, SEVEN + HOUR, an_hour(first_id=200, hour=SEVEN + HOUR))
    read = tape.read(TapedTrades, *BTC, SEVEN + 5, SEVEN + HOUR + 5)
    assert read.trade_id.tolist() == [101, 102, 103, 200]
    assert tape.hours(TapedTrades, *BTC, SEVEN - DAY, SEVEN + DAY) == [SEVEN, SEVEN + HOUR]
    assert tape.hours(TapedTrades, *BTC, SEVEN + 1, SEVEN + DAY) == [SEVEN + HOUR]


@pytest.mark.slow
def test_whole_days_before_a_time_are_removed(tape):
    for hour in (SEVEN - DAY, SEVEN, SEVEN + HOUR):
        tape.write_hour(*BTC, hour, an_hour(hour=hour))
    tape.write_hour("BTCUSDT", "recorded", SEVEN - DAY, an_hour(hour=SEVEN - DAY))
    assert tape.removed_before(*BTC) == 0
    removed = tape.remove_before(*BTC, SEVEN + 2 * HOUR)
    assert [(entry.kind, entry.hour) for entry in removed] == [("trades", SEVEN - DAY)]
    assert tape.hours(TapedTrades, *BTC, 0, SEVEN + DAY) == [SEVEN, SEVEN + HOUR]
    assert tape.hours(TapedTrades, "BTCUSDT", "recorded", 0, SEVEN) == [SEVEN - DAY]
    assert tape.removed_before(*BTC) == SEVEN - SEVEN % DAY
    assert tape.removed_before("BTCUSDT", "recorded") == 0
    assert tape.remove_before(*BTC, SEVEN) == []


@pytest.mark.parametrize(
    ("symbol", "source", "hour", "said"),
    [
        ("../BTC", "binance", SEVEN, "symbol"),
        ("BTCUSDT", "../x", SEVEN, "source"),
        ("BTCUSDT", "", SEVEN, "source"),
        ("BTCUSDT", "binance", SEVEN + 1, "beginning of an hour"),
        ("BTCUSDT", "binance", SEVEN + HOUR, "another hour"),
        ("BTCUSDT", "binance", SEVEN - HOUR, "another hour"),
    ],
)
def test_what_is_no_hour_of_a_market_is_refused_by_name(tmp_path, symbol, source, hour, said):
    with pytest.raises(InputError, match=said):
        EventTape.open(str(tmp_path)).write_hour(symbol, source, hour, an_hour())
    assert not list(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize("damage", ["cut", "bit", "other columns", "text"])
def test_a_damaged_file_is_an_error_with_its_name_and_not_other_events(tmp_path, damage):
    tape = EventTape.open(str(tmp_path))
    tape.write_hour(*BTC, SEVEN, an_hour())
    (file,) = tmp_path.rglob("*.parquet")
    content = bytearray(file.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "bit":
        content[60] ^= 0x10
    elif damage == "text":
        content = bytearray(b"not a file of columns")
    else:
        other = EventTape.open(str(tmp_path / "other"))
        other.write_hour(*BTC, SEVEN, taped_quotes(quotes([SEVEN]), SEVEN))
        content = bytearray(next((tmp_path / "other").rglob("*.parquet")).read_bytes())
    file.write_bytes(content)
    with pytest.raises(IntegrityBroken, match="hour=07"):
        tape.read(TapedTrades, *BTC, SEVEN, SEVEN + HOUR)


def test_files_of_others_in_the_folder_are_not_hours(tmp_path):
    tape = EventTape.open(str(tmp_path))
    tape.write_hour(*BTC, SEVEN, an_hour())
    (file,) = tmp_path.rglob("*.parquet")
    (file.parent / "hour=25.parquet").write_bytes(b"")
    (file.parent / ".abcd.part").write_bytes(b"half")
    strange = file.parent.parent / "date=2025-13-45"
    strange.mkdir()
    (strange / "hour=01.parquet").write_bytes(b"")
    assert [entry.hour for entry in tape.stored()] == [SEVEN]


KILLED = """
import os, signal, sys
from fsspec.implementations.local import LocalFileSystem
from tests.resources.event_tape.test_tape import BTC, SEVEN, an_hour
from babingepet_resources.event_tape.tape import EventTape
LocalFileSystem.mv = lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL)
EventTape.open(sys.argv[1]).write_hour(*BTC, SEVEN, an_hour())
"""


@pytest.mark.slow
def test_a_writer_killed_before_its_file_was_moved_leaves_no_hour_and_is_cleaned_up(tmp_path):
    product = Path(__file__).resolve().parents[3]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], check=False, cwd=product, timeout=60
    )
    assert killed.returncode == -9
    (leftover,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert leftover.suffix == ".part"
    tape = EventTape.open(str(tmp_path))
    assert tape.hours(TapedTrades, *BTC, 0, SEVEN + DAY) == []
    with pytest.raises(HoursMissing):
        tape.read(TapedTrades, *BTC, SEVEN, SEVEN + HOUR)
    assert tape.write_hour(*BTC, SEVEN, an_hour()) == "written"
    tape.remove_before(*BTC, SEVEN + DAY)
    assert not [path for path in (tmp_path / "trades").rglob("*") if path.is_file()]


def test_a_write_that_fails_halfway_leaves_nothing_and_names_the_file(tmp_path):
    (tmp_path / "trades").write_text("a file where the folder has to be")
    with pytest.raises(TapeUnavailable, match=r"hour=07\.parquet: cannot be reached or written"):
        EventTape.open(str(tmp_path)).write_hour(*BTC, SEVEN, an_hour())
    assert [path.name for path in tmp_path.rglob("*")] == ["trades"]


@pytest.mark.parametrize(
    ("url", "error", "said"),
    [
        ("nowhere://bucket/x", ConfigurationError, "nowhere://bucket/x: is no address"),
        ("ftp://someone:pa55word@127.0.0.1:1/x", TapeUnavailable, "ftp://127.0.0.1:1/x: does not"),
    ],
)
def test_an_address_that_cannot_be_opened_is_named_without_its_password(url, error, said):
    with pytest.raises(error, match=said) as raised:
        EventTape.open(url)
    assert "pa55word" not in str(raised.value)


def test_a_bucket_that_does_not_exist_is_unavailable(s3_url):
    tape = EventTape.open("s3://no-such-bucket-here/prefix")
    with pytest.raises(TapeUnavailable, match="hour=07"):
        tape.write_hour(*BTC, SEVEN, an_hour())
    assert tape.stored() == []


def test_an_object_store_that_is_down_is_unavailable(s3_url, monkeypatch):
    s3fs.S3FileSystem.clear_instance_cache()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    tape = EventTape.open(s3_url)
    with pytest.raises(TapeUnavailable, match="s3://tape-"):
        tape.stored()
