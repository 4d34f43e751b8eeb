"""Several files as one recording."""

import pyarrow as pa
import pyarrow.parquet
import pytest

from babingepet.errors import InputError
from babingepet_resources.exchange.recorded_klines import RecordedKlines
from babingepet_resources.exchange.recording import read_recording

START = 1_700_000_040_000
HOUR = 3_600_000


def rates_file(folder, name, times):
    path = folder / name
    pyarrow.parquet.write_table(
        pa.table({"funding_time": times, "funding_rate": [1e-4] * len(times)}), path
    )
    return path


def test_what_a_recording_cannot_stand_for_is_not_among_its_feeds(write_minutes, tmp_path):
    bare = read_recording([write_minutes(taker_buy_quote=None)], symbol="BTCUSDT")
    assert (bare.feeds, bare.absent) == ({"candles"}, ("taker_buy_quote_volume",))
    assert bare.funding_interval_hours == 8
    rates = rates_file(tmp_path, "f.parquet", [START, START + 4 * HOUR])
    full = read_recording([rates, write_minutes()], symbol="BTCUSDT")
    assert full.feeds == {"candles", "taker_volume", "funding"}
    assert full.funding_interval_hours == 4


def test_a_column_that_one_file_lacks_is_absent_from_all(write_minutes):
    whole = write_minutes("a.parquet", 10)
    bare = write_minutes("b.parquet", 10, start=START + 600_000, trades=None)
    assert read_recording([whole, bare], symbol="BTCUSDT").absent == ("trade_count",)


def test_funding_files_join_in_any_order_and_may_not_overlap(write_minutes, tmp_path):
    first = rates_file(tmp_path, "1.parquet", [START, START + 8 * HOUR])
    second = rates_file(tmp_path, "2.parquet", [START + 16 * HOUR])
    joined = read_recording([second, write_minutes(), first], symbol="BTCUSDT")
    assert joined.funding.funding_time.tolist() == [START + i * 8 * HOUR for i in range(3)]
    with pytest.raises(InputError, match=r"parquet: row 1 is not after the end of .*1\.parquet"):
        read_recording([first, first, write_minutes()], symbol="BTCUSDT")


def test_the_exchange_serves_the_rates_on_their_minutes(write_minutes, tmp_path):
    rates = rates_file(tmp_path, "f.parquet", [START + 7, START + 8 * HOUR + 30])
    served = RecordedKlines(
        read_recording([write_minutes(), rates], symbol="BTCUSDT"), symbol="BTCUSDT"
    )
    assert [one.time for one in served.funding(None, START + HOUR, 5)] == [START]
    assert served.funding_interval_hours == 8


def test_funding_alone_is_not_a_market(tmp_path):
    with pytest.raises(InputError, match="minute candles are needed too"):
        read_recording([rates_file(tmp_path, "f.parquet", [START])], symbol="BTCUSDT")
