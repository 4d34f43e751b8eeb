"""The file among other processes, other programs' files, and disks that give out."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from babingepet.errors import (
    ConfigurationError,
    IntegrityBroken,
    MemoryUnavailable,
)
from babingepet.market.intervals import DAY
from babingepet_resources.hippocampus.store import Hippocampus
from babingepet_resources.settings import load_settings
from tests.conftest import PRODUCT
from tests.resources.hippocampus.engram_builders import NOW, note


def start_writer(path, name, times=0, what="store"):
    """A process that writes; its first line says that it does."""
    script = PRODUCT / "tests/resources/hippocampus/writer.py"
    return subprocess.Popen(
        [sys.executable, str(script), str(path), name, str(times), what],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(PRODUCT)},
    )


def kill_after(process, lines):
    """Let it write so many times, then kill it; returns how many it said it wrote."""
    with process:
        for _ in range(lines):
            assert process.stdout.readline()
        process.kill()
        said = lines + len(process.stdout.read().splitlines())
    assert process.returncode == -9
    return said


@pytest.mark.slow
def test_a_writer_that_is_killed_leaves_a_whole_file(tmp_path):
    path = tmp_path / "memory.sqlite"
    said = kill_after(start_writer(path, "killed"), 50)
    with closing(Hippocampus(path)) as memory:
        health = memory.health_check()
        assert health.fts_ok
        assert said <= health.engrams <= said + 1, "what it said it stored, and one it may have"
        found = memory.search_memory("killed", 10_000, known_until=NOW + 400 * DAY)
        assert len(found) == health.engrams
        assert memory.store_engram(note("goes on"), now=NOW).status == "stored"


@pytest.mark.slow
def test_a_decay_that_is_killed_has_faded_everything_or_nothing(tmp_path):
    path = tmp_path / "memory.sqlite"
    with closing(Hippocampus(path)) as memory:
        memory.store_engrams([note(f"n{i}", pinned=True) for i in range(5_000)], now=NOW)
    said = kill_after(start_writer(path, "decays", what="decay"), 3)
    with closing(sqlite3.connect(path)) as raw:
        (times,) = raw.execute("SELECT group_concat(DISTINCT last_access) FROM engram").fetchone()
        (strengths,) = raw.execute("SELECT count(DISTINCT strength) FROM engram").fetchone()
    assert strengths == 1, "no engram faded without the others"
    assert (int(times) - NOW) // DAY in {said, said + 1}
    with closing(Hippocampus(path)) as memory:
        first = (int(times) - NOW) // DAY
        memory.trigger_decay(now=NOW + first * DAY)
        (one,) = memory.search_memory("n7", known_until=NOW + first * DAY)
        assert one.strength == pytest.approx(0.5 * 2 ** (-first / 14), rel=1e-12)


@pytest.mark.slow
def test_two_processes_write_the_new_file_at_once_and_nothing_is_lost(tmp_path):
    path = tmp_path / "memory.sqlite"
    writers = [start_writer(path, name, 150) for name in ("one", "other")]
    said = [process.communicate(timeout=60)[0].splitlines() for process in writers]
    assert [process.returncode for process in writers] == [0, 0]
    assert [len(lines) for lines in said] == [150, 150]
    with closing(Hippocampus(path)) as memory:
        assert memory.health_check().engrams == 300
        for name in ("one", "other"):
            assert len(memory.search_memory(name, 999, known_until=NOW + 400 * DAY)) == 150


def test_a_locked_file_is_unavailable_to_writers_and_open_to_readers(tmp_path):
    path = tmp_path / "memory.sqlite"
    with closing(Hippocampus(path, patience=0.05)) as memory:
        memory.store_engram(note(), now=NOW)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(MemoryUnavailable, match="locked by another writer"):
                memory.store_engram(note("another"), now=NOW)
            assert len(memory.search_memory("", known_until=NOW)) == 1
        assert memory.store_engram(note("another"), now=NOW).status == "stored"


def _sqlite_file(path, *statements):
    with closing(sqlite3.connect(path)) as other:
        for statement in statements:
            other.execute(statement)
        other.commit()


def test_files_that_are_not_ours_are_refused_and_left_as_they_are(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("these are notes, not a database\n" * 200)
    foreign = tmp_path / "foreign.sqlite"
    _sqlite_file(foreign, "CREATE TABLE engram (id INTEGER)")
    newer = tmp_path / "newer.sqlite"
    with closing(Hippocampus(newer)) as memory:
        memory.store_engram(note(), now=NOW)
    _sqlite_file(newer, "PRAGMA user_version = 99")
    for path, said in (
        (text, "is not a SQLite database"),
        (foreign, "tables of another program"),
        (newer, "newer version"),
    ):
        before = path.read_bytes()
        with closing(Hippocampus(path)) as memory:
            with pytest.raises(ConfigurationError, match=said) as refused:
                memory.store_engram(note("another"), now=NOW)
            assert str(path) in str(refused.value)
        if path is not foreign:  # which was switched to write-ahead logging
            assert path.read_bytes()[100:] == before[100:]


def test_a_damaged_file_is_told_as_such_and_never_as_empty(tmp_path):
    path = tmp_path / "memory.sqlite"
    with closing(Hippocampus(path)) as memory:
        memory.store_engrams([note(f"bitcoin n{i}") for i in range(500)], now=NOW)
    content = bytearray(path.read_bytes())
    content[4096 : len(content) - 4096] = os.urandom(len(content) - 8192)
    path.write_bytes(content)
    with (
        closing(Hippocampus(path)) as memory,
        pytest.raises((IntegrityBroken, ConfigurationError), match=r"damaged|not a SQLite"),
    ):
        memory.search_memory("bitcoin", known_until=NOW)


def test_each_source_of_facts_has_a_memory_of_its_own(tmp_path):
    settings = load_settings(data_dir=tmp_path)
    names = [settings.memory_file(one).name for one in ("binance", "recorded", "simulated")]
    assert names[0] == "babingepet_memory.sqlite"
    assert len(set(names)) == 3


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(MemoryUnavailable, match="cannot be opened"):
        Hippocampus(tmp_path / "file" / "memory.sqlite")


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_fails_clean_and_the_memory_goes_on_when_there_is_room(small_disk, tmp_path):
    with closing(Hippocampus(small_disk / "memory.sqlite")) as memory:
        memory.store_engram(note(), now=NOW)
        stored = 1

        def fill():
            nonlocal stored
            for number in range(10_000):
                payload = {"x": "y" * 8_000}
                memory.store_engram(note(f"n{number}", payload=payload), now=NOW)
                stored += 1

        with pytest.raises(MemoryUnavailable, match=r"no space|disk"):
            fill()
        assert stored > 10
        assert len(memory.search_memory("", 999, known_until=NOW)) == stored
        subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
        assert memory.store_engram(note("goes on"), now=NOW).status == "stored"
        assert memory.health_check().engrams == stored + 1
    shutil.copyfile(small_disk / "memory.sqlite", tmp_path / "copy.sqlite")
    with closing(Hippocampus(tmp_path / "copy.sqlite")) as copy:
        assert copy.health_check().ok
