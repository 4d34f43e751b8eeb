"""A recording's files are whole whatever happens, and are continued where they ended."""

import gzip
import os
from pathlib import Path

import pytest

from babingepet.errors import RecordingStopped
from babingepet_resources.clients.binance.recorder_files import DayFiles, whole_members
from tests.fakes import FakeClock

MIDNIGHT = 1_746_835_200_000  # 2025-05-10T00:00Z
NAME = "usdm_btcusdt_20250510.gz"


def lines(path: Path) -> list[bytes]:
    return gzip.decompress(path.read_bytes()).splitlines()


def test_a_line_is_the_local_time_in_nanoseconds_and_the_message(tmp_path):
    clock = FakeClock(1_700_000_040_123)
    files = DayFiles(tmp_path / "new" / "folder", "BTCUSDT", clock)
    files.write(MIDNIGHT, b'{"stream":"x"}')
    files.flush()
    assert lines(tmp_path / "new" / "folder" / NAME) == [b'1700000040123000000 {"stream":"x"}']


def test_lines_are_held_for_two_seconds_or_a_megabyte(tmp_path):
    clock = FakeClock()
    files = DayFiles(tmp_path, "BTCUSDT", clock)
    files.write(MIDNIGHT, b"{}")
    clock.advance(1.9)
    files.flush_due()
    assert (tmp_path / NAME).stat().st_size == 0
    clock.advance(0.1)
    files.flush_due()
    assert len(lines(tmp_path / NAME)) == 1
    for _ in range(12):
        files.write(MIDNIGHT, os.urandom(50_000).hex().encode())
    assert len(lines(tmp_path / NAME)) > 1, "memory is bounded without any flush"


def test_the_first_message_of_a_day_opens_its_file_and_stragglers_follow_it(tmp_path):
    files = DayFiles(tmp_path, "BTCUSDT", FakeClock())
    for time in (MIDNIGHT - 1, MIDNIGHT, MIDNIGHT - 2, MIDNIGHT + 1):
        files.write(time, b'{"E":%d}' % (time - MIDNIGHT))
    files.flush()
    read = {path.name: [line.split()[1] for line in lines(path)] for path in tmp_path.iterdir()}
    assert read == {
        "usdm_btcusdt_20250509.gz": [b'{"E":-1}'],
        NAME: [b'{"E":0}', b'{"E":-2}', b'{"E":1}'],
    }
    assert files.sizes == {path.name: path.stat().st_size for path in tmp_path.iterdir()}


@pytest.mark.parametrize("left", [1, 9, 25])
def test_a_file_that_broke_off_inside_a_member_is_mended_and_continued(tmp_path, left):
    path = tmp_path / NAME
    whole = gzip.compress(b"1 {}\n") + gzip.compress(b"2 {}\n")
    path.write_bytes(whole + gzip.compress(b"3 {}\n" * 50)[:left])
    files = DayFiles(tmp_path, "BTCUSDT", FakeClock())
    files.write(MIDNIGHT, b'{"n":4}')
    files.flush()
    assert [line.split()[-1] for line in lines(path)] == [b"{}", b"{}", b'{"n":4}']


@pytest.mark.parametrize(
    ("content", "whole"),
    [
        (b"", 0),
        (b"text that is no member", 0),
        (gzip.compress(b"a" * 3_000_000), None),
        (gzip.compress(os.urandom(3_000_000)), None),
        (gzip.compress(b"a") + b"garbage", len(gzip.compress(b"a"))),
    ],
    ids=["nothing", "no member", "one that packs well", "one that does not", "a member and more"],
)
def test_whole_members_end_where_the_last_one_does(tmp_path, content, whole):
    (tmp_path / "file").write_bytes(content)
    assert whole_members(tmp_path / "file") == (len(content) if whole is None else whole)


def test_a_full_disk_is_one_error_that_names_the_file(tmp_path):
    files = DayFiles(tmp_path, "BTCUSDT", FakeClock())
    files.write(MIDNIGHT, b"{}")
    (tmp_path / NAME).unlink()
    (tmp_path / NAME).symlink_to("/dev/full")
    with pytest.raises(RecordingStopped, match=rf"{NAME}: cannot be written: No space left"):
        files.flush()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    files = DayFiles(tmp_path / "file", "BTCUSDT", FakeClock())
    for _ in range(2):
        with pytest.raises(RecordingStopped, match="cannot be written"):
            files.write(MIDNIGHT, b"{}")
    files.flush()
