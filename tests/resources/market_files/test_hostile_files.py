"""Damaged and hostile files: one sentence each, and no more memory than a file deserves."""

import bz2
import gzip
import io
import struct
import zipfile

import pytest

from babingepet.errors import InputError
from babingepet_resources.market_files import content, pieces, reading
from babingepet_resources.market_files.candles import read_candles
from babingepet_resources.market_files.trades import read_trades

TRADES = b"".join(
    b"%d,100.5,0.25,%d,%d,%d,true\n" % (n, n, n, 1_700_000_000_000 + n) for n in range(50)
)


def packed(*members, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, text in members:
            archive.writestr(name, text)
    return file.getvalue()


def with_password(archive):
    """The flag that says so, in both places where a ZIP keeps it."""
    changed = bytearray(archive)
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = changed.index(magic) + offset
        changed[place : place + 2] = struct.pack("<H", 1)
    return bytes(changed)


def damaged(archive, at):
    changed = bytearray(archive)
    changed[at] ^= 0xFF
    return bytes(changed)


@pytest.mark.parametrize(
    ("file", "complaint"),
    [
        (b"", "is empty"),
        (b"\n\n\n", "1 columns and no header|neither Parquet nor CSV"),
        (b"\xff\xfe" + "id,price".encode("utf-16-le"), "is neither Parquet nor UTF-8 text"),
        (b"agg_trade_id,price\0,quantity\n", "is neither Parquet nor UTF-8 text"),
        (TRADES + b"9,1,1,1,1,1700000000000,\xff\xfe\n", "is neither Parquet nor UTF-8 text"),
        (b"x" * (content.LINE_LIMIT + 1), "the first line is longer than 65,536 bytes"),
        (b"1,2,3\n", "has 3 columns and no header; trades need trade_id, time, price"),
        (b",".join([b"a"] * 2_000) + b"\n", "has 2,000 columns"),
        (b"id,price,qty,time,price,m\n" + b"1,1,1,1,1,1\n", "has two columns 'price'"),
        (b"id,price,qty,time\n1,1,1,1\n", "column 'is_buyer_maker' is missing"),
        (b"id,price,qty,time,m\n", "has no rows"),
        (packed(("a.csv", TRADES), ("b.csv", TRADES)), "holds 2 files; one is needed"),
        (packed(), "cannot be read: File is not a zip file|holds 0 files"),
        (packed(("a/", b"")), "holds 0 files"),
        (packed(("a.csv", TRADES), method=zipfile.ZIP_BZIP2), "is packed in a way"),
        (with_password(packed(("a.csv", TRADES))), "is protected by a password"),
        (damaged(packed(("a.csv", TRADES)), 60), "cannot be read"),
        (packed(("a.csv", TRADES))[:-30], "cannot be read: File is not a zip file"),
        (gzip.compress(TRADES, mtime=0)[:-20], "cannot be read"),
        (damaged(gzip.compress(TRADES, mtime=0), 40), "cannot be read"),
        (packed(("a.zip", packed(("a.csv", TRADES)))), "holds a file that is packed itself"),
        (gzip.compress(b"PAR1 and more", mtime=0), "holds a file that is packed itself"),
        (b"PAR1 and nothing else", "cannot be read"),
        (bz2.compress(TRADES), "neither Parquet nor"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(file, complaint):
    with pytest.raises(InputError, match=complaint) as refusal:
        read_trades(file, "a.zip")
    assert str(refusal.value).startswith("a.zip: ")
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 300


def test_a_path_inside_of_a_zip_leads_nowhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = read_trades(packed(("../../outside/../trades.csv", TRADES)), "a.zip")
    assert len(rows.frame) == 50
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pack", [gzip.compress, lambda text: packed(("a.csv", text))])
def test_a_bomb_is_refused_by_its_ratio(pack):
    line = b"1,1,1,1,1,1700000000000,true\n"
    bomb = pack(line * (content.RATIO_FROM // len(line) + 10_000))
    assert len(bomb) < content.RATIO_FROM / content.RATIO_LIMIT
    with pytest.raises(InputError, match="unpacks to more than 200 times its size"):
        read_trades(bomb, "a.gz")


def test_sizes_are_counted_not_believed(monkeypatch):
    monkeypatch.setattr(content, "SIZE_LIMIT", 1_000)
    with pytest.raises(InputError, match=r"unpacks to more than 1,000 bytes"):
        read_trades(packed(("a.csv", TRADES)), "a.zip")
    with pytest.raises(InputError, match=r"is larger than 1,000 bytes"):
        read_trades(TRADES, "a.csv")


def test_rows_are_limited_and_so_are_misshapen_ones(monkeypatch):
    monkeypatch.setattr(reading, "ROW_LIMIT", 20)
    with pytest.raises(InputError, match="holds more than 20 rows"):
        read_trades(TRADES, "a.csv")
    monkeypatch.setattr(pieces, "_MISSHAPEN_LIMIT", 3)
    with pytest.raises(InputError, match="cannot be read: CSV parse error"):
        read_trades(TRADES[:200] + b"1,2\n" * 5, "a.csv")


def test_a_line_that_does_not_end_is_refused(monkeypatch):
    monkeypatch.setattr(pieces, "_BLOCK", 1_024)
    with pytest.raises(InputError, match="a line is too long"):
        read_trades(TRADES[:200] + b"9" * 5_000 + TRADES, "a.csv")


def test_a_folder_or_nothing_at_all_is_said_to_be_so(tmp_path):
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_candles(tmp_path, "folder")
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_candles(tmp_path / "nothing.csv", "nothing.csv")


def test_a_symbol_that_is_none_is_refused_before_it_is_shown():
    file = b"symbol,open_time,open,high,low,close,volume\n\x1b[2J,1700000040000,1,1,1,1,1\n"
    with pytest.raises(InputError, match=r"'\\x1b\[2J' is not a symbol") as refusal:
        read_candles(file, "a-1m.csv")
    assert str(refusal.value).isprintable()
