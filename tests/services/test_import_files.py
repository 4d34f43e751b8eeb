"""Files into the warehouse: once, whole or by row, and never another market's."""

import hashlib
from contextlib import closing

import numpy as np
import pandas as pd
import pytest

from babingepet.errors import InputError
from babingepet.market.context import EtfFlows
from babingepet.market.frames import Candles
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import (
    candles,
    etf_flows,
    fear_greed,
    funding,
    market_files,
    open_interest,
)
from babingepet_services.imports import files as service
from babingepet_services.imports import kinds as import_kinds
from babingepet_services.imports.files import ImportRequest, import_files
from babingepet_services.market.source import open_warehouse
from tests.fakes import FakeClock

START = 1_700_000_040_000
NOW = 1_800_000_000_000
FOREVER = 4_000_000_000_000


def minutes(folder, name="BTCUSDT-1m-2023-11.csv", count=30, **columns):
    """A file of minutes; keywords replace columns."""
    plain = {"open": 100.0, "high": 103.0, "low": 99.0, "close": 101.0, "volume": 2.5}
    frame = pd.DataFrame({"open_time": START + np.arange(count) * MINUTE}).assign(
        **(plain | columns)
    )
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False)
    return path


@pytest.fixture
def run(tmp_path):
    """Import files; the clock stands at NOW and is the test's to move."""
    clock = FakeClock(NOW)

    def imported(kind, *files, data_dir=tmp_path / "data", **options):
        request = ImportRequest(
            kind=kind, files=files, settings=load_settings(data_dir=data_dir), **options
        )
        return import_files(request, clock, lambda *_: None)

    imported.clock = clock
    return imported


@pytest.fixture
def stored(tmp_path):
    """Read from the warehouse of a source."""

    def read(query, source="recorded"):
        settings = load_settings(data_dir=tmp_path / "data")
        with closing(open_warehouse(settings, source)) as opened, opened.reading() as connection:
            return query(connection)

    return read


def all_candles(connection, symbol="BTCUSDT", interval="1m", source="recorded"):
    return candles.read(connection, symbol, interval, source, 0, FOREVER)


def counts(outcome):
    return outcome.written, outcome.already_there, outcome.conflicts


def test_the_warehouse_holds_what_pandas_reads_in_the_file(run, stored, tmp_path):
    path = minutes(tmp_path, trades=np.arange(30.0))
    report = run("candles", path)
    expected = pd.read_csv(path)
    frame = stored(all_candles)
    assert counts(report.outcome) == (30, 0, 0)
    assert frame.open_time.tolist() == expected["open_time"].tolist()
    assert frame.high.tolist() == expected["high"].tolist()
    assert frame.trade_count.tolist() == expected["trades"].tolist()
    assert np.isnan(frame.taker_buy_base_volume).all()


def test_rows_become_known_when_they_are_imported(run, stored, tmp_path):
    run("candles", minutes(tmp_path))
    known = [stored(lambda c, at=at: len(candles.read(c, "BTCUSDT", "1m", "recorded", 0, FOREVER, known_until=at))) for at in (NOW, NOW + 1)]  # fmt: skip
    assert known == [0, 30]


def test_the_same_file_twice_changes_nothing(run, stored, tmp_path):
    path = minutes(tmp_path)
    run("candles", path)
    before = stored(lambda c: (all_candles(c).to_bytes(), market_files.read(c)))
    run.clock.time += DAY
    again = run("candles", path)
    assert counts(again.outcome) == (0, 30, 0)
    assert stored(lambda c: (all_candles(c).to_bytes(), market_files.read(c))) == before


def test_a_file_is_remembered_by_its_content(run, stored, tmp_path):
    path = minutes(tmp_path)
    report = run("candles", path)
    (record,) = stored(market_files.read)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert (record.sha256, record.kind, record.symbol) == (digest, "candles", "BTCUSDT")
    assert (record.name, record.origin, record.read_at) == (path.name, "file", NOW)
    assert (record.rows_read, record.rows_written, record.rows_rejected) == (30, 30, 0)
    assert (record.first_time, record.last_time) == (START, START + 29 * MINUTE)
    assert report.files[0].sha256 == digest


def test_a_stored_row_stays_when_another_file_contradicts_it(run, stored, tmp_path):
    run("candles", minutes(tmp_path))
    high = np.full(30, 103.0)
    high[4] = 104.0
    report = run("candles", minutes(tmp_path, "BTCUSDT-1m-other.csv", high=high))
    assert counts(report.outcome) == (0, 29, 1)
    assert stored(all_candles).high.tolist() == [103.0] * 30


def test_refused_rows_are_listed_and_the_others_written(run, stored, tmp_path):
    low = np.full(30, 99.0)
    low[[3, 7]] = -1.0
    path = minutes(tmp_path, low=low)
    document = run("candles", path).document()
    assert document["rejects"] == [
        {"file": str(path), "row": n, "column": "low", "reason": "-1 is not a positive price"}
        for n in (4, 8)
    ]
    assert (document["rows_read"], document["rows_written"], document["rows_rejected"]) == (30, 28, 2)  # fmt: skip
    assert len(stored(all_candles)) == 28


def test_of_an_unusable_file_nothing_is_written_and_the_others_are_done(run, stored, tmp_path):
    good = minutes(tmp_path)
    letter = tmp_path / "letter.csv"
    letter.write_text("Dear all,\n")
    hopeless = minutes(tmp_path, "BTCUSDT-1m-hopeless.csv", close=0.0)
    report = run("candles", letter, hopeless, tmp_path / "nothing.csv", good)
    assert [one.name for one in report.files] == [str(good)]
    assert [one.name for one in report.unusable] == [str(letter), str(hopeless), str(tmp_path / "nothing.csv")]  # fmt: skip
    assert "none of 30 rows can be used; row 1, column 'close'" in report.unusable[1].reason
    assert "2 more files could not be used; the other 1 were imported" in report.complaint
    assert len(stored(market_files.read)) == 1


def test_a_killed_import_leaves_whole_pieces_and_goes_on(run, stored, tmp_path, monkeypatch):
    monkeypatch.setattr(import_kinds, "ROWS_AT_ONCE", 10)
    path = minutes(tmp_path)

    def die(stage, done, _total):
        if stage.startswith("storing") and done == 20:
            raise KeyboardInterrupt

    request = ImportRequest(
        kind="candles", files=(path,), settings=load_settings(data_dir=tmp_path / "data")
    )
    with pytest.raises(KeyboardInterrupt):
        import_files(request, run.clock, die)
    assert stored(lambda c: (len(all_candles(c)), market_files.read(c))) == (20, [])
    assert counts(run("candles", path).outcome) == (10, 20, 0)


def test_each_transaction_has_a_later_time_than_the_one_before(run, stored, tmp_path, monkeypatch):
    monkeypatch.setattr(import_kinds, "ROWS_AT_ONCE", 10)
    run("candles", minutes(tmp_path))
    _, known_at = stored(lambda c: candles.read_known(c, "BTCUSDT", "1m", "recorded", 0, FOREVER))
    assert known_at.tolist() == [NOW + 1] * 10 + [NOW + 2] * 10 + [NOW + 3] * 10


def test_longer_candles_go_under_their_own_interval(run, stored, tmp_path):
    times = START // DAY * DAY + np.arange(30) * 4 * HOUR
    report = run("candles", minutes(tmp_path, "hours.csv", open_time=times))
    assert report.files[0].interval == "4h"
    assert len(stored(lambda c: all_candles(c, interval="4h"))) == 30


@pytest.mark.parametrize(
    ("name", "options", "symbol"),
    [
        ("ETHUSDT-1m-2023-11.csv", {}, "ETHUSDT"),
        ("minutes-1m.csv", {}, "BTCUSDT"),
        ("minutes-1m.csv", {"symbol": "SOLUSDT"}, "SOLUSDT"),
    ],
)
def test_the_symbol_is_the_given_the_named_or_the_configured_one(
    run, tmp_path, name, options, symbol
):
    assert run("candles", minutes(tmp_path, name), **options).files[0].symbol == symbol


def test_the_symbol_may_stand_in_the_rows(run, stored, tmp_path):
    both = pd.concat(
        pd.read_csv(minutes(tmp_path, count=10)).assign(symbol=one) for one in ("AUSDT", "BUSDT")
    )
    path = tmp_path / "both-1m.csv"
    both.to_csv(path, index=False)
    assert "holds 2 symbols" in run("candles", path).unusable[0].reason
    assert run("candles", path, symbol="BUSDT").files[0].rows_read == 20
    assert len(stored(lambda c: all_candles(c, "BUSDT"))) == 10
    assert len(stored(lambda c: all_candles(c, "AUSDT"))) == 0


def test_spot_files_have_a_source_and_a_database_of_their_own(run, stored, tmp_path):
    spot = minutes(tmp_path / "btc_spot_1m")
    report = run("candles", spot, minutes(tmp_path / "btc_perp_1m"))
    assert [one.source for one in report.files] == ["recorded-spot", "recorded"]
    assert "named after the spot market" in report.files[0].notes[0]
    assert report.document()["source"] is None
    assert len(stored(lambda c: all_candles(c, source="recorded-spot"), "recorded-spot")) == 30
    assert len(stored(lambda c: all_candles(c, source="recorded-spot"))) == 0


@pytest.mark.parametrize(
    ("first", "second", "source"),
    [
        ("btc_perp_1m", "btc_spot_1m", "mine"),
        ("btc_spot_1m", "btc_perp_1m", "mine"),
        (None, "btc_spot_1m", "binance"),
        (None, "btc_spot_1m", "simulated"),
        (None, "btc_perp_1m", "recorded-spot"),
    ],
)
def test_the_two_markets_never_share_a_source(run, tmp_path, first, second, source):
    if first is not None:
        assert run("candles", minutes(tmp_path / first), source=source).files
    report = run("candles", minutes(tmp_path / second), source=source)
    assert not report.files
    assert "the two are never mixed" in report.unusable[0].reason


@pytest.mark.parametrize(
    ("kind", "options", "complaint"),
    [
        ("candles", {"source": "../evil"}, "--source"),
        ("candles", {"source": "Recorded"}, "--source"),
        ("candles", {"symbol": "BTC/USDT"}, "--symbol"),
        ("candles", {"interval": "7m"}, "--interval '7m': use one of 1m, 5m"),
        ("trades", {"interval": "1m"}, "--interval belongs to candles"),
        ("fear-greed", {"symbol": "BTCUSDT"}, "--symbol"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_read(run, tmp_path, kind, options, complaint):
    with pytest.raises(InputError, match=complaint):
        run(kind, minutes(tmp_path), **options)
    assert not (tmp_path / "data").exists()


def test_a_file_of_another_symbol_is_refused(run, tmp_path):
    report = run("candles", minutes(tmp_path), symbol="ETHUSDT")
    assert "is a file of BTCUSDT, not of ETHUSDT" in report.unusable[0].reason


def test_a_candle_that_is_not_over_at_the_imports_time_is_refused(run, tmp_path):
    run.clock.time = START + 30 * MINUTE - 1
    (file,) = run("candles", minutes(tmp_path)).files
    assert [one.row for one in file.rejects] == [30]


def test_funding_and_open_interest_go_into_their_tables(run, stored, tmp_path):
    rates, interest = tmp_path / "rates.csv", tmp_path / "interest.csv"
    rates.write_text(f"funding_time,funding_rate\n{START},0.0001\n{START + 8 * HOUR},-0.0002\n")
    interest.write_text(f"timestamp,sum_open_interest\n{START},80.5\n")
    assert counts(run("funding", rates).outcome) == (2, 0, 0)
    assert counts(run("open-interest", interest).outcome) == (1, 0, 0)
    settled = stored(lambda c: funding.read(c, "BTCUSDT", "recorded", 0, FOREVER))
    assert settled.funding_rate.tolist() == [0.0001, -0.0002]
    assert settled.interval_hours.tolist() == [8.0, 8.0]
    told = stored(lambda c: open_interest.read(c, "BTCUSDT", "recorded", 0, FOREVER))
    assert told.open_interest.tolist() == [80.5]
    assert np.isnan(told.notional).all()


def test_flows_and_the_index_are_known_from_the_import_on(run, stored, tmp_path):
    flows, index = tmp_path / "flows.csv", tmp_path / "index.csv"
    flows.write_text("date,IBIT,total\n2024-01-11,5.0,5.0\n2024-01-15,0.0,0.0\n")
    index.write_text("day,value\n2024-01-11,30\n")
    report = run("etf-flows", flows)
    assert (report.files[0].symbol, counts(report.outcome)) == ("BTC", (1, 0, 0))
    assert counts(run("fear-greed", index).outcome) == (1, 0, 0)
    for known_until, rows in ((NOW, 0), (NOW + 9, 1)):
        seen = {"until": FOREVER, "known_until": known_until, "limit_days": 9}
        days = stored(lambda c, seen=seen: etf_flows.read(c, "BTC", **seen))
        values = stored(lambda c, seen=seen: fear_greed.read(c, **seen))
        assert (len(days), len(values)) == (rows, rows)
    assert isinstance(days, EtfFlows)
    assert (days.flow_usd.tolist(), values.value.tolist()) == ([5e6], [30])


def test_an_old_file_does_not_take_a_revision_back(run, stored, tmp_path):
    first, revised = tmp_path / "1.csv", tmp_path / "2.csv"
    first.write_text("day,flow_usd\n2024-01-11,1.0\n")
    revised.write_text("day,flow_usd\n2024-01-11,2.0\n")
    told = []
    for path in (first, revised, first):
        run.clock.time += DAY
        told.append(run("etf-flows", path).outcome)
    assert [counts(one) for one in told] == [(1, 0, 0), (1, 0, 0), (0, 1, 0)]
    seen = {"until": FOREVER, "known_until": FOREVER, "limit_days": 9}
    assert stored(lambda c: etf_flows.read(c, "BTC", **seen)).flow_usd.tolist() == [2.0]


@pytest.mark.slow
def test_recorded_minutes_of_the_perpetual_arrive_whole(run, stored, recorded_data):
    folder = recorded_data / "crypto/btc_perp_1m"
    path = folder / "BTCUSDT-perp-1m-2025-05-04_2025-05-27.parquet"
    report = run("candles", path)
    expected = pd.read_parquet(path)
    frame = stored(all_candles)
    assert isinstance(frame, Candles)
    assert report.outcome.written == len(expected)
    for ours, theirs in (("open_time", "open_time"), ("close", "close"), ("base_volume", "volume")):
        assert getattr(frame, ours).tolist() == expected[theirs].tolist()


def test_progress_is_told_by_file(tmp_path):
    told = []
    request = ImportRequest(
        kind="candles", files=(minutes(tmp_path),), settings=load_settings(data_dir=tmp_path)
    )
    service.import_files(request, FakeClock(NOW), lambda *step: told.append(step))
    name = "BTCUSDT-1m-2023-11.csv"
    assert told == [(f"reading {name}", 0, 0), (f"storing {name}", 30, 30)]
