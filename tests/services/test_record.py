"""What is recorded of a market plays as that market: the same trades, quotes, books and scores."""

import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from babingepet.errors import InputError
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.exchange.moments import parse_moment
from babingepet_resources.exchange.opening import open_source
from babingepet_resources.exchange.source import MarketSource
from babingepet_resources.exchange.threaded import serve_in_thread
from babingepet_resources.settings import Settings, load_settings
from babingepet_services.demo.run import Demo
from babingepet_services.market.record import Recording, RecordReport

DAYS = ("usdm_btcusdt_20230404.dat.gz", "usdm_btcusdt_20230405.dat.gz")
FOREVER = 2**53


def record(folder: Path, *, minutes: int | None = None, **given: object) -> RecordReport:
    settings = load_settings(speed="max", **given)
    return Recording(settings, SystemClock(), symbols=[], folder=folder, minutes=minutes).run()


@pytest.fixture(scope="module")
def originals(recorded_data: Path) -> list[Path]:
    return [recorded_data / "crypto" / "perp_l2_ws" / day for day in DAYS]


@pytest.fixture(scope="module")
def copy(originals: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of the recording."""
    folder = tmp_path_factory.mktemp("copy")
    report = record(folder, market="recorded", data=tuple(originals), data_dir=folder / "data")
    (one,) = report.instruments
    assert (report.ended, report.source, one.rejected, one.book_resyncs) == (
        "market",
        "recorded",
        0,
        0,
    )
    assert sorted(one.files) == ["usdm_btcusdt_20230404.gz", "usdm_btcusdt_20230405.gz"]
    return folder


def opened(data: Path | list[Path]) -> MarketSource:
    paths = data if isinstance(data, list) else sorted(data.glob("usdm_*.gz"))
    return open_source("recorded", data=paths, symbol="BTCUSDT", start=None, seed=0)


@pytest.mark.slow
def test_a_recording_of_a_recording_has_the_same_candles_trades_quotes_and_books(originals, copy):
    one, other = opened(originals), opened(copy)
    # The last minute ends with the first message after it, which was not played any more.
    end = one.info.end - MINUTE
    assert (other.info.start, other.info.end) == (one.info.start, end)
    assert one.info.feeds - other.info.feeds == set()
    assert "trades" in one.info.derived - other.info.derived

    def trades(source: MarketSource) -> list[object]:
        return source.trades(first_id=None, start=0, end=FOREVER, now=end, limit=10**6)

    assert trades(one) == trades(other)
    candles = [source.minutes(0, end) for source in (one, other)]
    assert candles[0].open_time.tolist() == candles[1].open_time.tolist()
    assert (candles[0].values == candles[1].values).all()
    for now in range(one.info.start + 30_000, end, 7_919):
        assert one.quote(now) == other.quote(now)
        assert one.mark_price(now) == other.mark_price(now)
        books = [source.book(20, now) for source in (one, other)]
        assert books[0] is not None
        assert books[0] == books[1]


@pytest.mark.slow
def test_the_loop_decides_the_same_scores_on_a_recording_of_a_recording(originals, copy, tmp_path):
    def decided(data: list[Path], name: str) -> list[tuple[object, ...]]:
        settings = Settings(
            market="recorded", data=tuple(data), speed="max", data_dir=tmp_path / name
        )
        demo = Demo(settings, SystemClock(), max_cycles=6)
        list(demo.run())
        cycles = demo.report()["cycles"]
        return [(c["cycle_id"], c["scores"], c["verdict"], c["score"]) for c in cycles]

    one = decided(originals, "one")
    assert len(one) == 6
    assert any(score is not None for _, scores, *_ in one for score in scores.values())
    assert one == decided(sorted(copy.glob("usdm_*.gz")), "other")


@pytest.mark.slow
def test_each_line_is_a_local_time_and_the_message_as_the_exchange_sent_it(originals, copy):
    def messages(paths: list[Path]) -> set[bytes]:
        lines = b"".join(gzip.decompress(path.read_bytes()) for path in paths).splitlines()
        return {line.partition(b" ")[2].strip() for line in lines}

    ours, theirs = messages(sorted(copy.glob("*.gz"))), messages(originals)
    quotes = {line for line in ours if b"@bookTicker" in line or b"@depth@0ms" in line}
    assert len(quotes) > 10_000
    assert quotes <= theirs
    assert not any(b"!clock" in line for line in ours)
    first = gzip.decompress((copy / "usdm_btcusdt_20230404.gz").read_bytes()).split()[0]
    assert abs(int(first) / 1e9 - SystemClock().now() / 1e3) < 3_600


@pytest.mark.slow
def test_after_each_lost_connection_the_book_begins_with_a_snapshot_of_its_own(originals, tmp_path):
    source = opened(originals)
    with serve_in_thread(source, speed=60) as exchange:  # a new connection takes half a minute
        for minute in (1, 4):
            exchange.faults.add(
                "drop", count=1, start=source.info.start + minute * MINUTE, where="*@bookTicker"
            )
        report = record(
            tmp_path / "to", market="recorded", exchange_url=exchange.url, data_dir=tmp_path
        )
    (one,) = report.instruments
    assert (one.reconnects, one.snapshots) == (2, 3)
    copy = opened(tmp_path / "to")
    same = 0
    for now in range(copy.info.start + 5_000, copy.info.end, 997):
        book, original = copy.book(20, now), source.book(20, now)
        if book is not None and book.last_update_id == original.last_update_id:
            assert (book.bids, book.asks) == (original.bids, original.asks)
            same += 1
    assert same > 50


@pytest.mark.slow
def test_a_simulated_market_is_recorded_for_some_minutes_and_played(tmp_path):
    report = record(
        tmp_path / "to", minutes=2, market="simulated", start="2025-05-10T07:00", data_dir=tmp_path
    )
    assert (report.ended, report.source) == ("minutes", "simulated")
    (one,) = report.instruments
    assert one.messages > 500
    assert report.document()["bytes"] == sum(one.files.values()) > 0
    source = opened(tmp_path / "to")
    assert {"candles", "trades", "quotes", "depth", "mark_price"} <= source.info.feeds
    original = open_source(
        "simulated", data=[], symbol="BTCUSDT", start=parse_moment("2025-05-10T07:00"), seed=0
    )
    offered = original.info.feeds & {"funding", "open_interest"}
    assert offered <= source.info.feeds - source.info.derived
    end = source.info.end
    assert source.funding(None, end, 5) == original.funding(None, end, 5)[-5:]
    if "open_interest" in offered:
        assert source.open_interest(end).open_interest == original.open_interest(end).open_interest
    assert source.info.end - source.info.start >= MINUTE


@pytest.mark.slow
def test_a_second_recording_goes_on_with_the_same_file(tmp_path):
    given = {"market": "simulated", "data_dir": tmp_path}
    record(tmp_path / "to", minutes=1, start="2025-05-10T07:00", **given)
    (file,) = (tmp_path / "to").iterdir()
    before = file.read_bytes()
    record(tmp_path / "to", minutes=1, start="2025-05-10T07:02", **given)
    assert list((tmp_path / "to").iterdir()) == [file]
    assert file.read_bytes().startswith(before)
    assert len(file.read_bytes()) > len(before)
    opened(tmp_path / "to")


@pytest.mark.parametrize(
    ("given", "said"),
    [({"minutes": 0}, "--minutes 0"), ({"symbols": ["BTCUSDT", "btcusdt"]}, "named twice")],
)
def test_a_recording_of_nothing_is_refused(tmp_path, given, said):
    arguments = {"symbols": [], "folder": tmp_path, **given}
    with pytest.raises(InputError, match=said):
        Recording(load_settings(data_dir=tmp_path), SystemClock(), **arguments)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    for _ in range(int(seconds * 10)):
        if condition():
            return
        time.sleep(0.1)
    pytest.fail("it did not happen in time")


def recorder(tmp_path: Path) -> tuple[subprocess.Popen[bytes], Path]:
    """The command in a process of its own, on a simulated market at its own pace."""
    product = Path(__file__).resolve().parents[2]
    environment = os.environ | {
        "BABINGEPET_DATA_DIR": str(tmp_path / "data"),
        "BABINGEPET_START": "2025-05-10T07:00",
        "BABINGEPET_SPEED": "20",
    }
    command = [
        sys.executable, "-m", "babingepet_delivery.cli", "record",
        "--market", "simulated", "--to", str(tmp_path / "to"), "--json",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=product, env=environment, stdout=subprocess.PIPE)
    file = tmp_path / "to" / "usdm_btcusdt_20250510.gz"
    until(lambda: file.exists() and file.stat().st_size > 20_000)
    return process, file


@pytest.mark.slow
def test_a_killed_recorder_leaves_a_readable_file(tmp_path):
    process, file = recorder(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    with gzip.open(file) as lines:
        assert all(orjson.loads(line.partition(b" ")[2]) for line in lines)


@pytest.mark.slow
def test_ctrl_c_ends_a_recording_in_order_and_tells_what_it_came_to(tmp_path):
    process, file = recorder(tmp_path)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    document = orjson.loads(out)
    assert list(document) == [
        "source", "folder", "ended", "seconds", "instruments", "messages", "bytes"
    ]  # fmt: skip
    assert document["ended"] == "stopped"
    (one,) = document["instruments"]
    assert one["files"] == {file.name: file.stat().st_size}
    with gzip.open(file) as lines:
        assert sum(b'"stream"' in line for line in lines) == one["messages"]
