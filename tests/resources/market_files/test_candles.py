"""Files of candles: what is understood in which form, and which row is refused why."""

import gzip
import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, MINUTE
from babingepet_resources.market_files.candles import read_candles
from babingepet_resources.market_files.refusals import LISTED

START = 1_700_000_040_000
NAME = "BTCUSDT-1m-2023-11.csv"


def row(minute, prices=(100.0, 102.0, 99.0, 101.0), volumes=(2.5, 250.5, 7, 1.5, 150.5)):
    time = START + minute * MINUTE
    base, quote, count, taker_base, taker_quote = volumes
    cells = (*prices, base, time + MINUTE - 1, quote, count, taker_base, taker_quote, 0)
    return ",".join(map(str, (time, *cells)))


def text(*rows):
    return "\n".join(rows).encode() + b"\n"


def packed(content, name="BTCUSDT-1m-2023-11.csv"):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def reasons(rows):
    return [(one.row, one.column, one.reason) for one in rows.rejects]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, packed], ids=["csv", "gzip", "zip"])
@pytest.mark.parametrize("header", [b"", b"open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore\n"])  # fmt: skip
def test_archive_files_are_read_as_they_are(pack, header):
    rows = read_candles(pack(header + text(row(0), row(1))), NAME)
    assert (len(rows.frame), rows.rows_read, rows.rejects, rows.interval) == (2, 2, (), "1m")
    assert rows.frame.open_time.tolist() == [START, START + MINUTE]
    first = [column[0] for column in rows.frame.columns().values()]
    assert first == [START, 100, 102, 99, 101, 2.5, 250.5, 7, 1.5]
    assert rows.taker_buy_quote_volume.tolist() == [150.5, 150.5]


def test_a_file_is_read_from_disk_memory_or_an_open_stream(tmp_path):
    path = tmp_path / NAME
    path.write_bytes(text(row(0), row(1)))
    with path.open("rb") as stream:
        frames = [read_candles(one, NAME).frame for one in (path, path.read_bytes(), stream)]
        assert not stream.closed
    assert frames[0].equals(frames[1])
    assert frames[0].equals(frames[2])


@pytest.mark.parametrize("scale", [1_000, 1_000_000], ids=["microseconds", "nanoseconds"])
def test_times_of_any_unit_come_out_in_milliseconds(scale):
    lines = [f"{START * scale},{row(0).partition(',')[2]}", f"{(START + MINUTE) * scale},{row(1).partition(',')[2]}"]  # fmt: skip
    assert read_candles(text(*lines), NAME).frame.open_time.tolist() == [START, START + MINUTE]


def test_a_file_may_go_over_from_milliseconds_to_microseconds():
    lines = [row(0), f"{(START + MINUTE) * 1_000},{row(1).partition(',')[2]}"]
    assert read_candles(text(*lines), NAME).frame.open_time.tolist() == [START, START + MINUTE]


@pytest.mark.parametrize("time", ["2023-11-14 22:14:00", "2023-11-14T22:14:00Z", "2023-11-15T05:14:00+07:00"])  # fmt: skip
def test_times_may_be_written_out(time):
    content = f"date,open,high,low,close,volume\n{time},1,2,1,2,0\n".encode()
    assert read_candles(content, NAME).frame.open_time.tolist() == [START]


@pytest.mark.parametrize(
    ("changed", "column", "reason"),
    [
        ({"prices": ("x", 102, 99, 101)}, "open", "'x' is not a number"),
        ({"prices": ("", 102, 99, 101)}, "open", "is empty"),
        ({"prices": ("nan", 102, 99, 101)}, "open", "nan is not a finite number"),
        ({"prices": (100, "1e999", 99, 101)}, "high", "inf is not a finite number"),
        ({"prices": (100, 102, 0, 101)}, "low", "0 is not a positive price"),
        ({"prices": (100, 98, 99, 99)}, "high", "98 is below low"),
        ({"prices": (100, 102, 99, 103)}, "high", "102 is below open or close"),
        ({"prices": (100, 102, 100.5, 101)}, "low", "100.5 is above open or close"),
        ({"prices": ("1_0", 102, 1, 101)}, "open", "'1_0' is not a number"),
        ({"volumes": (-1, 250.5, 7, 0, 150.5)}, "volume", "-1 is negative"),
        ({"volumes": (2.5, -1, 7, 1.5, 0)}, "quote_volume", "-1 is negative"),
        ({"volumes": (2.5, 250.5, -7, 1.5, 150.5)}, "count", "-7 is negative"),
        ({"volumes": (2.5, 250.5, 7, 2.6, 150.5)}, "taker_buy_volume", "2.6 is more than volume"),
        (
            {"volumes": (2.5, 250.5, 7, 1.5, 300)},
            "taker_buy_quote_volume",
            "300 is more than quote_volume",
        ),
    ],
)
def test_a_row_that_cannot_be_true_is_refused_and_the_others_stay(changed, column, reason):
    rows = read_candles(text(row(0), row(1, **changed), row(2)), NAME)
    assert reasons(rows) == [(2, column, reason)]
    assert (rows.rows_read, rows.rows_rejected) == (3, 1)
    assert rows.frame.open_time.tolist() == [START, START + 2 * MINUTE]


def test_a_row_with_several_faults_is_refused_once_with_the_first():
    rows = read_candles(text(row(0), row(1, (-1, -2, "x", "y")), row(2)), NAME)
    assert reasons(rows) == [(2, "low", "'x' is not a number")]


@pytest.mark.parametrize("line", ["1,2,3", "1" + ",2" * 12])
def test_a_row_of_another_shape_is_refused_with_its_own_number(line):
    rows = read_candles(text(row(0), line, row(1), row(2, ("x", 1, 1, 1))), NAME)
    said = "the row has more or fewer than 12 columns"
    assert reasons(rows) == [(2, "", said), (4, "open", "'x' is not a number")]


def test_empty_lines_are_no_rows_but_count_for_the_numbers_of_others():
    rows = read_candles(text(row(0), "", row(1), row(2, (0, 1, 0, 1)), ""), NAME)
    assert rows.rows_read == 3
    assert reasons(rows) == [(4, "open", "0 is not a positive price")]


def test_rows_out_of_order_are_sorted_and_told():
    rows = read_candles(text(row(2), row(0), row(1)), NAME)
    assert rows.frame.open_time.tolist() == [START, START + MINUTE, START + 2 * MINUTE]
    assert rows.notes == ("2 rows stood out of order and were sorted",)


def test_a_repeated_row_is_left_out_and_one_with_other_values_is_refused():
    rows = read_candles(text(row(0), row(1), row(1), row(1, (100, 103, 99, 101))), NAME)
    assert reasons(rows) == [(4, "open_time", "repeats row 2 with other values")]
    assert rows.notes == ("1 rows repeat another one and were left out",)
    assert rows.frame.high.tolist() == [102, 102]


def test_a_time_off_the_grid_or_not_over_yet_is_refused():
    late = f"{START + MINUTE + 7},{row(1).partition(',')[2]}"
    rows = read_candles(text(row(0), late, row(2), row(3)), NAME, until=START + 3 * MINUTE)
    assert reasons(rows) == [
        (2, "open_time", f"{START + MINUTE + 7} is not the start of a minute"),
        (4, "open_time", f"{START + 3 * MINUTE} is of a candle not closed yet"),
    ]


@pytest.mark.parametrize("time", ["1700000040", "0", "-5", "9" * 18, "9" * 25, "yesterday"])
def test_a_time_that_no_market_had_is_refused(time):
    rows = read_candles(text(row(0), f"{time},{row(1).partition(',')[2]}", row(2)), NAME)
    ((number, column, reason),) = reasons(rows)
    assert (number, column) == (2, "open_time")
    assert "is not a time: UTC milliseconds" in reason


def table(step, count=20, **columns):
    plain = {"open": 100.0, "high": 102.0, "low": 99.0, "close": 101.0, "volume": 2.5}
    times = START // DAY * DAY + np.arange(count) * step
    return pd.DataFrame({"open_time": times}).assign(**plain, **columns)


def as_parquet(frame):
    file = io.BytesIO()
    frame.to_parquet(file, index=False)
    return file.getvalue()


@pytest.mark.parametrize(("interval", "minutes"), [("1m", 1), ("5m", 5), ("15m", 15), ("1h", 60), ("4h", 240), ("1d", 1440)])  # fmt: skip
def test_the_interval_is_read_off_the_times(interval, minutes):
    frame = table(minutes * MINUTE).drop(index=[4, 5])
    assert read_candles(as_parquet(frame), "minutes.parquet").interval == interval


def test_an_interval_that_is_given_or_named_is_held_against_the_times():
    hours = as_parquet(table(60 * MINUTE))
    for name, given in (("minutes.parquet", "5m"), ("BTCUSDT-5m-2023.parquet", None)):
        with pytest.raises(InputError, match=r"rows are 3,600 s apart; candles of 5m are needed"):
            read_candles(hours, name, interval=given)
    with pytest.raises(InputError, match="rows are 180 s apart, which is none of 1m, 5m"):
        read_candles(as_parquet(table(3 * MINUTE)), "minutes.parquet")
    with pytest.raises(InputError, match="one row does not tell its interval"):
        read_candles(as_parquet(table(MINUTE, 1)), "minutes.parquet")


def test_what_a_file_lacks_is_unavailable_not_zero():
    rows = read_candles(as_parquet(table(MINUTE, trades=[np.nan, *[3.0] * 19])), NAME)
    assert rows.absent == {"quote_volume", "taker_buy_base_volume"}
    assert np.isnan(rows.frame.quote_volume).all()
    assert np.isnan(rows.frame.trade_count).tolist() == [True] + [False] * 19


@pytest.mark.parametrize("symbols", [["BTCUSDT", "ETHUSDT"], ["ETHUSDT", "btcusdt"]])
def test_of_a_file_of_many_symbols_one_is_taken(symbols):
    blocks = [table(MINUTE, 10).assign(symbol=symbol) for symbol in symbols]
    content = as_parquet(pd.concat(blocks))
    rows = read_candles(content, NAME, interval="1m", symbol="BTCUSDT")
    assert (len(rows.frame), rows.rows_read, rows.symbol) == (10, 20, "BTCUSDT")
    assert rows.notes == ("10 rows of other symbols were left out",)
    with pytest.raises(InputError, match="holds 2 symbols, such as BTCUSDT, ETHUSDT: name one"):
        read_candles(content, NAME)
    with pytest.raises(InputError, match="has no rows of XRPUSDT; it holds BTCUSDT, ETHUSDT"):
        read_candles(content, NAME, symbol="XRPUSDT")


def test_only_the_first_thousand_refusals_are_listed_and_all_are_counted():
    wrong = [row(minute, (0, 102, 99, 101)) for minute in range(LISTED + 5)]
    rows = read_candles(text(*wrong, row(LISTED + 5)), NAME)
    assert (len(rows.rejects), rows.rows_rejected, len(rows.frame)) == (LISTED, LISTED + 5, 1)
    assert [one.row for one in rows.rejects] == list(range(1, LISTED + 1))


def test_recorded_files_come_out_as_pandas_reads_them(recorded_data):
    path = recorded_data / "crypto/btc_spot_1m/raw/BTCUSDT-1m-2025-01-20.csv.gz"
    rows = read_candles(path, str(path))
    expected = pd.read_csv(path, header=None)
    assert rows.rejects == ()
    assert rows.frame.open_time.tolist() == (expected[0] // 1000).tolist()
    for position, name in ((1, "open"), (2, "high"), (3, "low"), (4, "close"), (5, "base_volume"), (7, "quote_volume"), (8, "trade_count"), (9, "taker_buy_base_volume")):  # fmt: skip
        assert getattr(rows.frame, name).tolist() == expected[position].tolist()
