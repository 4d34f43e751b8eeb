"""Candle and funding files, and what a warehouse holds, as markets that can be replayed."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, HOUR, MINUTE, minutes_needed_from
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import candles, funding, schema
from babingepet_resources.warehouse.database import open_database
from babingepet_services.replay.files import read_files
from babingepet_services.replay.inputs import ReplayRequest, check_request
from babingepet_services.replay.warehouse import read_warehouse
from tests import factories as f
from tests.resources.exchange.conftest import minute_columns

START = f.WEDNESDAY


def write(path: Path, **columns):
    pyarrow.parquet.write_table(pa.table(columns), path)
    return path


def minutes_file(folder, name="minutes.parquet", *, first=0, count=30, without=(), **changes):
    columns = minute_columns(count, START + first * MINUTE) | changes
    kept = {key: value for key, value in columns.items() if key not in without}
    return write(folder / name, **kept)


def funding_file(folder, name="funding.parquet", *, times, rates=None):
    given = [1e-4] * len(times) if rates is None else rates
    return write(folder / name, funding_time=list(times), funding_rate=given)


def read(*candle_files, rates=(), symbol="BTCUSDT"):
    return read_files(candle_files, rates, symbol)


def test_files_become_the_engine_s_columns(tmp_path):
    market = read(minutes_file(tmp_path)).market
    assert market.minutes.open_time.tolist() == [START + i * MINUTE for i in range(30)]
    assert market.minutes.close.tolist() == [101.0 + i for i in range(30)]
    assert market.minutes.base_volume.tolist() == [2.5] * 30
    assert market.minutes.taker_buy_base_volume.tolist() == [1.5] * 30
    assert market.minutes.trade_count.tolist() == [7.0] * 30
    assert (market.symbol, market.source, len(market.hours)) == ("BTCUSDT", "recorded", 0)
    assert market.feeds == {"candles", "taker_volume"}


def test_a_column_that_a_file_lacks_is_unknown_and_not_zero(tmp_path):
    read_ = read(minutes_file(tmp_path, without=("taker_buy_base", "trades")))
    assert np.isnan(read_.market.minutes.taker_buy_base_volume).all()
    assert np.isnan(read_.market.minutes.trade_count).all()
    assert read_.market.feeds == {"candles"}
    assert "the files lack trade_count, taker_buy_base_volume: unavailable" in read_.notes[-1]


def test_candle_files_are_joined_in_the_order_of_time(tmp_path):
    later = minutes_file(tmp_path, "b.parquet", first=40, count=5)
    market = read(later, minutes_file(tmp_path, "a.parquet")).market
    assert (
        np.diff(market.minutes.open_time).tolist() == [MINUTE] * 29 + [11 * MINUTE] + [MINUTE] * 4
    )


def test_rates_lie_on_the_minute_they_were_settled_in(tmp_path):
    first = funding_file(tmp_path, "1.parquet", times=[START + 5, START + 8 * HOUR + 17])
    second = funding_file(tmp_path, "2.parquet", times=[START + 16 * HOUR], rates=[-2e-4])
    rates = read(minutes_file(tmp_path), rates=[second, first]).market.funding
    assert rates.funding_time.tolist() == [START, START + 8 * HOUR, START + 16 * HOUR]
    assert rates.funding_rate.tolist() == [1e-4, 1e-4, -2e-4]
    assert rates.interval_hours.tolist() == [8.0] * 3


def test_the_interval_is_the_usual_distance_of_two_settlements(tmp_path):
    times = [START, START + 4 * HOUR, START + 8 * HOUR, START + 16 * HOUR]
    rates = read(minutes_file(tmp_path), rates=[funding_file(tmp_path, times=times)]).market.funding
    assert rates.interval_hours[0] == 4.0


def test_files_are_told_with_their_fingerprint(tmp_path):
    path = minutes_file(tmp_path)
    rates = funding_file(tmp_path, times=[START])
    files = read(path, rates=[rates]).origin["files"]
    assert [(file["kind"], file["path"]) for file in files] == [
        ("candles", str(path)), ("funding", str(rates)),
    ]  # fmt: skip
    assert files[0]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_prices_of_another_market_and_missing_funding_are_noted(tmp_path):
    notes = read(minutes_file(tmp_path, "BTCUSDT-spot-1m.parquet")).notes
    assert "named after the spot market" in notes[0]
    assert "no funding rates were given" in notes[1]
    plain = read(minutes_file(tmp_path), rates=[funding_file(tmp_path, times=[START])])
    assert plain.notes == ()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda t: read(minutes_file(t), minutes_file(t, "b.parquet", first=29)),
            "b.parquet: row 1",
        ),
        (lambda t: read(funding_file(t, times=[START])), "--candles"),
        (lambda t: read(minutes_file(t), rates=[minutes_file(t, "b.parquet")]), "--funding"),
        (lambda t: read(minutes_file(t, "ETHUSDT-1m.parquet")), "is a file of ETHUSDT, not of BTC"),
        (
            lambda t: read(
                minutes_file(t, "a-spot.parquet"), minutes_file(t, "b.parquet", first=30)
            ),
            "spot and perpetual are never mixed",
        ),
        (
            lambda t: read(
                minutes_file(t),
                rates=[
                    funding_file(t, "1.parquet", times=[START, START + HOUR]),
                    funding_file(t, "2.parquet", times=[START + HOUR]),
                ],
            ),
            "2.parquet: row 1 is not after the end of",
        ),
        (lambda t: read(t / "nothing.parquet"), "nothing.parquet: cannot be read"),
    ],
)
def test_files_that_do_not_belong_together_are_refused_by_name(tmp_path, make, words):
    with pytest.raises(InputError) as refusal:
        make(tmp_path)
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"market": "ihsg"}, "--market ihsg: this version replays btc only"),
        ({"market": "altcoin"}, "--market altcoin: this version replays btc only"),
        ({"funding": (Path("x"),)}, "--funding belongs to --candles"),
        ({"start": START, "end": START}, "is not after --from"),
        ({"capital": 0.0}, "--capital 0"),
        ({"capital": float("nan")}, "--capital nan"),
        ({"settings": load_settings(overrides=("colour=red",))}, "--set colour"),
    ],
)
def test_what_cannot_be_replayed_is_refused_before_anything_is_read(given, words):
    with pytest.raises(InputError, match=words):
        check_request(ReplayRequest(**({"settings": load_settings()} | given)))


def test_settings_and_capital_become_the_rules():
    settings = load_settings(overrides=("leverage=2",))
    rules = check_request(ReplayRequest(settings=settings, capital=500.0))
    assert (rules.settings.sizing.leverage, rules.capital) == (2.0, 500.0)


@pytest.fixture
def stored(tmp_path):
    """Settings of a data folder whose recorded warehouse holds six months of some minutes."""
    settings = load_settings(data_dir=tmp_path, market="recorded")
    database = open_database(settings.warehouse("recorded").url)
    schema.upgrade(database)
    rates = f.funding((START - 9 * DAY, 1e-4), (START, 2e-4), (START + 40 * MINUTE, 3e-4))
    hours = f.candles(3, first=START - 200 * DAY, interval="1h")
    with database.writing() as connection:
        for first in (START - 180 * DAY, START - HOUR, START):
            candles.insert(
                connection, "BTCUSDT", "1m", "recorded", f.candles(60, first=first), known_at=START
            )
        candles.insert(connection, "BTCUSDT", "1h", "recorded", hours, known_at=START)
        funding.insert(connection, "BTCUSDT", "recorded", rates, known_at=START)
    database.close()
    return settings


def test_a_warehouse_is_read_as_far_back_as_the_signals_of_the_period_need(stored):
    market = read_warehouse(stored, START, None).market
    assert minutes_needed_from(START) > START - 180 * DAY
    assert market.minutes.open_time[0] == START - HOUR
    assert len(market.minutes) == 120
    assert market.hours.open_time[0] == START - 200 * DAY
    assert market.funding.funding_rate.tolist() == [2e-4, 3e-4]
    assert market.feeds == {"candles", "taker_volume", "funding"}
    assert (market.symbol, market.source) == ("BTCUSDT", "recorded")


def test_without_a_start_all_of_a_warehouse_is_read(stored):
    read_ = read_warehouse(stored, None, None)
    assert len(read_.market.minutes) == 180
    assert read_.origin["minutes"]["rows"] == 180
    assert len(read_.origin["minutes"]["sha256"]) == 64
    assert "facts that became known late are there" in read_.notes[0]


def test_an_end_ends_the_reading(stored):
    assert len(read_warehouse(stored, START, START + 10 * MINUTE).market.minutes) == 70


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"symbol": "ETHUSDT"},
            "holds no minute of ETHUSDT from recorded: give files with --candles",
        ),
        ({"market": "simulated"}, "no warehouse named simulated"),
        ({"market": "auto"}, "no warehouse named binance"),
    ],
)
def test_a_warehouse_that_holds_nothing_of_it_says_so(stored, changes, words):
    with pytest.raises(InputError, match=words):
        read_warehouse(stored.model_copy(update=changes), None, None)


def test_a_period_without_a_minute_names_those_that_there_are(stored):
    with pytest.raises(InputError, match="2025-05-07T01:00:00Z"):
        read_warehouse(stored, START + 300 * DAY, START + 301 * DAY)
