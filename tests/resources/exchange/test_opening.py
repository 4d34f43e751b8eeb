"""Choosing a market from what the user named."""

import pytest

from babingepet.errors import InputError
from babingepet_resources.exchange.moments import format_moment, parse_moment
from babingepet_resources.exchange.opening import open_source

START = 1_700_000_040_000
MINUTE = 60_000


def opened(*data, symbol="BTCUSDT", start=None, market="recorded"):
    return open_source(market, data=data, symbol=symbol, start=start, seed=0)


def test_candle_files_join_in_any_order(write_minutes):
    later = write_minutes("b.parquet", 10, start=START + 10 * MINUTE)
    earlier = write_minutes("a.parquet", 10)
    info = opened(later, earlier).info
    assert (info.start, info.end) == (START, START + 20 * MINUTE)


def test_overlapping_files_are_refused(write_minutes):
    first, second = write_minutes("a.parquet"), write_minutes("b.parquet", start=START + MINUTE)
    with pytest.raises(InputError, match="row 1 is not after the end of"):
        opened(first, second)


def test_a_folder_is_searched_for_the_symbol(write_minutes, tmp_path):
    write_minutes("BTCUSDT-1m.parquet")
    write_minutes("ETHUSDT-1m.parquet", count=5)
    assert opened(tmp_path, symbol="ethusdt").info.end == START + 5 * MINUTE


@pytest.mark.parametrize(
    ("name", "product"),
    [
        ("spot/BTCUSDT-1m.parquet", "spot"),
        ("spot/raw/BTCUSDT-1m.parquet", "spot"),
        ("spot/BTCUSDT-perp-1m.parquet", "usdm_perp"),
        ("other/more/BTCUSDT-1m.parquet", "usdm_perp"),
    ],
)
def test_the_nearest_name_tells_the_product(write_minutes, tmp_path, name, product):
    (tmp_path / name).parent.mkdir(parents=True)
    assert opened(write_minutes(name)).info.product == product


def test_spot_and_perpetual_are_never_mixed(write_minutes):
    perpetual = write_minutes("BTCUSDT-perp.parquet", 5)
    spot = write_minutes("BTCUSDT-spot.parquet", 5, start=START + 5 * MINUTE)
    with pytest.raises(InputError, match="spot and perpetual are never mixed"):
        opened(perpetual, spot)


@pytest.mark.parametrize("start", [START - 1, START + 30 * MINUTE])
def test_a_start_outside_of_the_recording_says_what_is_covered(write_minutes, start):
    with pytest.raises(InputError, match="covers 2023-11-14T22:14:00Z to 2023-11-14T22:44:00Z"):
        opened(write_minutes(), start=start)


@pytest.mark.slow
def test_a_start_between_two_stretches_names_both(stream_folder):
    with pytest.raises(InputError, match="2023-04-05T00:06:00Z and 2024-07-18T23:57:02Z"):
        opened(stream_folder, start=parse_moment("2023-12-01"))


def test_nothing_of_the_symbol_is_said_so(stream_folder):
    with pytest.raises(InputError, match="holds no file for SOLUSDT"):
        opened(stream_folder, symbol="SOLUSDT")


def test_a_file_of_another_symbol_is_refused(write_minutes):
    with pytest.raises(InputError, match="is a file of ETHUSDT, not of BTCUSDT"):
        opened(write_minutes("ETHUSDT-1m.parquet"))


def test_a_recorded_market_needs_data():
    with pytest.raises(InputError, match="needs --data"):
        opened()


def test_the_simulated_market_refuses_what_it_does_not_have():
    for arguments in ({"symbol": "NOPEUSDT"}, {"start": 0}, {"start": 2**53}):
        with pytest.raises(InputError):
            opened(market="simulated", **arguments)
    with pytest.raises(InputError, match="a seed is not negative"):
        open_source("simulated", data=[], symbol="BTCUSDT", start=None, seed=-1)


@pytest.mark.parametrize(
    "text", ["2023-04-04T23:58", "2023-04-04T23:58:00Z", "2023-04-04T23:58:00+00:00"]
)
def test_times_are_utc(text):
    assert parse_moment(text) == 1_680_652_680_000
    assert format_moment(parse_moment(text)) == "2023-04-04T23:58:00Z"


@pytest.mark.parametrize("text", ["yesterday", "2023-04-04T23:58+07:00", ""])
def test_other_times_are_refused(text):
    with pytest.raises(InputError, match="--from"):
        parse_moment(text)
