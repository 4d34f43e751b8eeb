"""Files of the public archive: checked, kept, fetched once, and never trusted."""

import pytest

from babingepet.errors import ExchangeUnavailable, InputError, WarehouseUnavailable
from babingepet.market.intervals import DAY, month_start
from babingepet_resources.clients.archive.client import ArchiveOptions, BinanceArchive
from babingepet_resources.clients.archive.download import fetch_all
from babingepet_resources.clients.archive.files import ArchiveFile, day_of, month_of
from babingepet_resources.clients.clock import SystemClock
from tests.fakes import FakeClock
from tests.loopback_archive import served_archive

JANUARY = 1_704_067_200_000
"""2024-01-01 00:00 UTC."""
FILE = ArchiveFile("klines", "BTCUSDT", "monthly", JANUARY)
PATIENCE = ArchiveOptions(attempts=3, pause_s=0.001, longest_pause_s=5.0, largest=10_000)


@pytest.fixture
def archive():
    with served_archive() as served:
        yield served


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def client(archive, tmp_path, clock):
    made = BinanceArchive(archive.url, tmp_path / "archive", clock, PATIENCE)
    yield made
    made.close()


def leftovers(tmp_path):
    """Files that are neither kept ones nor their checksums."""
    whole = (".zip", ".zip.sha256")
    found = [path for path in (tmp_path / "archive").rglob("*") if path.is_file()]
    return [path for path in found if not path.name.endswith(whole) or path.name[0] == "."]


@pytest.mark.parametrize(
    ("file", "path"),
    [
        (FILE, "data/futures/um/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip"),
        (
            day_of("klines", "ETHUSDT", JANUARY + 30 * DAY + 5),
            "data/futures/um/daily/klines/ETHUSDT/1m/ETHUSDT-1m-2024-01-31.zip",
        ),
        (
            day_of("aggTrades", "BTCUSDT", JANUARY),
            "data/futures/um/daily/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2024-01-01.zip",
        ),
        (
            month_of("fundingRate", "BTCUSDT", JANUARY + 5),
            "data/futures/um/monthly/fundingRate/BTCUSDT/BTCUSDT-fundingRate-2024-01.zip",
        ),
        (
            day_of("metrics", "BTCUSDT", JANUARY),
            "data/futures/um/daily/metrics/BTCUSDT/BTCUSDT-metrics-2024-01-01.zip",
        ),
    ],
    ids=["month of klines", "day of klines", "trades", "funding", "metrics"],
)
def test_files_are_named_as_the_archive_names_them(file, path):
    assert file.path == path


def test_a_month_is_as_long_as_the_calendar_says():
    assert month_of("klines", "BTCUSDT", JANUARY + 40 * DAY).end == month_start(JANUARY, -2)
    assert len(list(month_of("klines", "BTCUSDT", JANUARY + 40 * DAY).days())) == 29


@pytest.mark.parametrize("symbol", ["../../etc", "BTC/USDT", "btcusdt", "", "A" * 40])
def test_what_is_no_symbol_never_becomes_a_path(symbol):
    with pytest.raises(InputError, match="is not a symbol"):
        ArchiveFile("klines", symbol, "monthly", JANUARY)


def test_a_file_is_downloaded_once_and_its_bytes_are_those_that_were_published(archive, client):
    packed = archive.put(FILE, "some,text\n")
    assert client.fetch(FILE).read_bytes() == packed
    asked = archive.asked.copy()
    assert client.fetch(FILE).read_bytes() == packed
    assert archive.asked == asked


def test_a_kept_file_that_was_damaged_on_disk_is_fetched_again(archive, client):
    packed = archive.put(FILE, "some,text\n")
    client.fetch(FILE).write_bytes(packed[:-1])
    assert client.fetch(FILE).read_bytes() == packed
    assert archive.downloads == 2


def test_a_file_that_is_not_published_is_none_and_not_an_error(archive, client):
    assert client.fetch(FILE) is None
    assert client.size(FILE) is None
    assert archive.downloads == 0


def test_a_wrong_checksum_is_fetched_once_more_and_may_then_be_right(archive, client):
    packed = archive.put(FILE, "some,text\n")
    archive.faults[".zip"] = [b"PK other bytes"]
    assert client.fetch(FILE).read_bytes() == packed


def test_a_file_whose_checksum_stays_wrong_is_refused_with_both_sums(archive, client, tmp_path):
    archive.put(FILE, "some,text\n")
    archive.faults[".zip"] = [b"one", b"other", b"never asked"]
    with pytest.raises(ExchangeUnavailable, match=r"[0-9a-f]{64} instead of [0-9a-f]{64}, then"):
        client.fetch(FILE)
    assert archive.downloads == 2
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    "wrong", [[500], [503, 502], [429], ["cut"], ["hang up"], [408, "cut"]], ids=str
)
def test_what_may_pass_is_tried_again(archive, client, wrong):
    packed = archive.put(FILE, "some,text\n" * 100)
    archive.faults[".zip"] = list(wrong)
    assert client.fetch(FILE).read_bytes() == packed


@pytest.mark.parametrize(
    ("wrong", "said", "requests"),
    [
        ([500] * 9, "status 500", 3),
        ([403] * 9, "status 403", 1),
        ([451] * 9, "status 451", 1),
        ([302] * 9, "status 302", 1),
        (["cut"] * 9, "did not deliver", 3),
        (["hang up"] * 9, "did not deliver", 3),
        ([b"<html>Access denied</html>"] * 9, "instead of", 2),
        ([b"x" * 20_000] * 9, "more than 10000 bytes", 1),
    ],
    ids=["500", "403", "451", "302", "cut", "hang up", "html", "too large"],
)
def test_what_does_not_pass_ends_with_a_sentence_and_leaves_nothing_behind(
    archive, client, tmp_path, wrong, said, requests
):
    archive.put(FILE, "some,text\n" * 100)
    archive.faults[".zip"] = wrong
    with pytest.raises(ExchangeUnavailable, match=said):
        client.fetch(FILE)
    assert archive.downloads == requests
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    "body", [b"<html></html>", b"", b"ab12  BTCUSDT-1m-2024-01.zip", b"0" * 9000]
)
def test_a_checksum_that_is_none_is_refused(archive, client, body):
    archive.put(FILE, "some,text\n")
    archive.faults[".CHECKSUM"] = [body]
    with pytest.raises(ExchangeUnavailable, match=r"checksum of BTCUSDT-1m-2024-01\.zip is none"):
        client.fetch(FILE)


def test_the_checksum_of_another_file_is_refused(archive, client):
    archive.put(FILE, "some,text\n")
    other = archive.files[f"{FILE.path}.CHECKSUM"].replace(b"2024-01", b"2024-02")
    archive.faults[".CHECKSUM"] = [other]
    with pytest.raises(ExchangeUnavailable, match="is none"):
        client.fetch(FILE)


def test_the_pause_that_the_archive_asks_for_is_kept_up_to_the_longest(archive, client, clock):
    archive.put(FILE, "some,text\n")
    archive.headers[429] = ("Retry-After", "3600")
    archive.faults[".zip"] = [429]
    client.fetch(FILE)
    assert clock.slept == [PATIENCE.longest_pause_s]


def test_retries_end_with_the_deadline_of_the_file(archive, tmp_path, clock):
    archive.put(FILE, "some,text\n")
    archive.headers[503] = ("Retry-After", "20")
    archive.faults[".zip"] = [503] * 99
    options = ArchiveOptions(attempts=99, longest_pause_s=20.0, deadline_s=50.0)
    client = BinanceArchive(archive.url, tmp_path / "archive", clock, options)
    with pytest.raises(ExchangeUnavailable, match="status 503"):
        client.fetch(FILE)
    client.close()
    assert sum(clock.slept) == 60.0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (ArchiveOptions(attempts=2, pause_s=0.001, deadline_s=0.2), "did not come within 0.2 s"),
        (ArchiveOptions(attempts=2, pause_s=0.001, read_s=0.005), "did not deliver"),
    ],
    ids=["the file as a whole", "each of its bytes"],
)
def test_a_slow_file_ends_with_its_deadline(archive, tmp_path, options, said):
    archive.put(FILE, "".join(f"{n * 7919 % 10007}\n" for n in range(5_000)))
    archive.faults[".zip"] = ["slow"] * 9
    client = BinanceArchive(archive.url, tmp_path / "archive", SystemClock(), options)
    with pytest.raises(ExchangeUnavailable, match=said):
        client.fetch(FILE)
    client.close()
    assert leftovers(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_one_sentence(archive, tmp_path, clock):
    archive.put(FILE, "some,text\n")
    (tmp_path / "archive").write_text("a file in the way")
    client = BinanceArchive(archive.url, tmp_path / "archive", clock, PATIENCE)
    with pytest.raises(WarehouseUnavailable, match="cannot be written"):
        client.fetch(FILE)
    client.close()


def test_an_address_where_nobody_listens_is_unavailable(tmp_path, clock):
    client = BinanceArchive("http://127.0.0.1:9", tmp_path / "archive", clock, PATIENCE)
    with pytest.raises(ExchangeUnavailable, match="did not deliver"):
        client.fetch(FILE)
    client.close()


def test_the_size_of_a_download_is_told_and_is_nothing_for_a_kept_file(archive, client):
    packed = archive.put(FILE, "some,text\n")
    assert client.size(FILE) == len(packed)
    client.fetch(FILE)
    assert client.size(FILE) == 0


def test_many_files_come_in_their_order_each_with_what_became_of_it(archive, client):
    files = [month_of("klines", "BTCUSDT", month_start(JANUARY, -n)) for n in range(20)]
    for file in files[:-1]:
        archive.put(file, file.name)
    archive.faults["2024-03.zip"] = [403]
    found = list(fetch_all(client, files))
    assert [one.file for one in found] == files
    assert [one.path is not None for one in found] == [n not in {2, 19} for n in range(20)]
    assert "status 403" in found[2].reason
    assert found[19].is_unpublished


def test_an_archive_that_does_not_answer_is_not_asked_for_every_file(archive, client):
    files = [month_of("klines", "BTCUSDT", month_start(JANUARY, -n)) for n in range(60)]
    archive.faults[".CHECKSUM"] = [403] * 99
    found = list(fetch_all(client, files))
    assert len(found) == 60
    assert found[-1].reason == "the archive does not answer"
    assert sum(archive.asked.values()) < 30
