"""Candle and funding files: what is understood, and what is refused with which sentence."""

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from babingepet.errors import InputError
from babingepet_resources.exchange.kline_files import FundingFile, read_market_file

START = 1_700_000_040_000
HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    "taker_buy_volume,taker_buy_quote_volume,ignore\n"
)
ROWS = (
    "1700000040000,100.0,102.0,99.0,101.0,2.5,1700000099999,250.5,7,1.5,150.5,0\n"
    "1700000100000,101.0,103.0,100.0,102.0,2.5,1700000159999,250.5,7,1.5,150.5,0\n"
)


def changed(count, row, value, first=100.0):
    column = first + np.arange(count, dtype=float)
    column[row] = value
    return column


TIMES = START + np.arange(30, dtype=np.int64) * 60_000


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"volume": None}, "column 'volume' is missing"),
        ({"open_time": None}, "column 'open_time' is missing"),
        ({"low": changed(30, 4, -1.0, 99)}, "row 5, column 'low': -1 is not a positive price"),
        ({"close": changed(30, 4, 0.0)}, "row 5, column 'close': 0 is not a positive price"),
        ({"open": changed(30, 4, np.nan)}, "row 5, column 'open': nan is not a finite number"),
        ({"volume": changed(30, 4, -2.0)}, "row 5, column 'volume': -2 is negative"),
        ({"high": changed(30, 4, 50.0, 102)}, "row 5, column 'high': 50 is below low"),
        (
            {"high": changed(30, 4, 103.5, 102)},
            "row 5, column 'high': 103.5 is below open or close",
        ),
        ({"low": changed(30, 4, 104.5, 99)}, "row 5, column 'low': 104.5 is above open or close"),
        (
            {"open_time": TIMES + TIMES % 7},
            "row 1, column 'open_time': 1700000040003 is not the start",
        ),
        ({"open_time": TIMES // 1000}, "row 1, column 'open_time': '1700000040' is not a time"),
        (
            {"open_time": np.repeat(TIMES[:15], 2)},
            "row 2, column 'open_time': repeats row 1 with other values",
        ),
        ({"open_time": START + np.arange(30) * 300_000}, "rows are 300 s apart"),
        ({"close": ["x"] * 30}, "row 1, column 'close': 'x' is not a number"),
        ({"close": [100.5, None, *[100.5] * 28]}, "row 2, column 'close': is empty"),
        ({"count": 0}, "has no rows"),
    ],
)
def test_a_wrong_candle_file_is_refused_naming_row_and_column(write_minutes, changes, complaint):
    path = write_minutes(**changes)
    with pytest.raises(InputError) as refusal:
        read_market_file(path)
    assert str(refusal.value).startswith(f"{path}: {complaint}")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty"),
        (b"a,b\n1,2\n", "is neither Parquet nor CSV of candles; candles need open_time, open"),
        (b"PAR1 but nothing else", "cannot be read"),
        (gzip.compress(ROWS.encode(), mtime=0)[:-20], "cannot be read"),
        ((ROWS + "1,2\n").encode(), "row 3: the row has more or fewer than 12 columns"),
        ((ROWS + ROWS[:14] + "nope" + ROWS[19:]).encode(), "row 3, column 'open': 'nope'"),
        (b'1680652700423575 {"stream":"btcusdt@trade"}\n', "holds stream messages"),
    ],
)
def test_a_foreign_or_damaged_file_is_refused(tmp_path, content, complaint):
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as refusal:
        read_market_file(path)
    assert str(refusal.value).startswith(f"{path}: {complaint}")


def test_an_unreadable_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file or directory"):
        read_market_file(tmp_path / "nothing.parquet")


@pytest.mark.parametrize(
    "text",
    [ROWS, HEADER + ROWS, ROWS.replace("0000,", "0000000,").replace("9999,", "9999999,")],
    ids=["plain", "header", "microseconds"],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["csv", "gz"])
def test_archive_files_are_read_in_all_their_forms(tmp_path, text, pack):
    path = tmp_path / "BTCUSDT-1m.csv"
    path.write_bytes(pack(text.encode()))
    file = read_market_file(path)
    assert file.candles.open_time.tolist() == [START, START + 60_000]
    assert file.candles.values[0].tolist() == [100, 102, 99, 101, 2.5, 250.5, 7, 1.5, 150.5]
    assert file.absent == ()


def test_columns_that_a_file_lacks_are_named(write_minutes):
    file = read_market_file(
        write_minutes(quote_volume=None, trades=None, taker_buy_base=None, taker_buy_quote=None)
    )
    assert file.absent == (
        "quote_volume", "trade_count", "taker_buy_base_volume", "taker_buy_quote_volume",
    )  # fmt: skip


def test_a_funding_file_is_known_by_its_columns(tmp_path):
    path = tmp_path / "whatever.parquet"
    pyarrow.parquet.write_table(
        pa.table({"funding_time": [START, START + 60_000], "funding_rate": [0.0001, -0.0002]}), path
    )
    file = read_market_file(path)
    assert isinstance(file, FundingFile)
    assert file.rate.tolist() == [0.0001, -0.0002]


@pytest.mark.parametrize(
    ("times", "rates", "complaint"),
    [
        ([0, 0], [0.1, 0.2], "row 2, column 'funding_time': repeats row 1 with other values"),
        ([0, 1], [0.1, float("inf")], "row 2, column 'funding_rate': inf is not a finite number"),
    ],
)
def test_a_wrong_funding_file_is_refused(tmp_path, times, rates, complaint):
    path = tmp_path / "funding.parquet"
    times = [START + hours * 3_600_000 for hours in times]
    pyarrow.parquet.write_table(pa.table({"funding_time": times, "funding_rate": rates}), path)
    with pytest.raises(InputError, match=complaint):
        read_market_file(path)


def test_rows_that_stand_out_of_order_are_played_in_order(write_minutes):
    upside_down = read_market_file(write_minutes(open_time=TIMES[::-1])).candles
    assert upside_down.open_time.tolist() == TIMES.tolist()
    as_written = read_market_file(write_minutes()).candles
    assert upside_down.values[::-1].tolist() == as_written.values.tolist()


def test_a_column_that_only_some_rows_have_is_refused(write_minutes):
    path = write_minutes(trades=changed(30, 4, np.nan))
    with pytest.raises(InputError, match="1 rows have no 'trade_count' and others have"):
        read_market_file(path)
