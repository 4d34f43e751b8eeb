"""Trades into the warehouse: the minutes that a file covers whole, reduced as the loop reduces them."""

import io
import zipfile
from contextlib import closing

import numpy as np
import pandas as pd
import pytest

from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet_resources.event_tape.frames import TapedTrades
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import candles, tape
from babingepet_services.capture.content import tape_minute
from babingepet_services.imports.files import ImportRequest, import_files
from babingepet_services.imports.trades import covered
from babingepet_services.market.source import open_warehouse
from tests import factories
from tests.fakes import FakeClock

T = 1_700_006_400_000
"""2023-11-15, 00:00."""
NOW = 1_800_000_000_000


def made_up(count=3_000, *, first=T + 17_000, step=200, seed=1):
    """Trades every so many milliseconds; as a table that pandas reads again."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "agg_trade_id": 50 + np.arange(count),
            "price": np.round(100 + rng.standard_normal(count).cumsum() * 0.01, 2),
            "quantity": np.round(rng.uniform(0.1, 9.0, count), 3),
            "first_trade_id": 1,
            "last_trade_id": 1,
            "transact_time": first + np.arange(count) * step,
            "is_buyer_maker": rng.random(count) < 0.5,
        }
    )


def whole_day():
    """A trade every half minute of a day."""
    return made_up(2_880, first=T + 9, step=30_000)


def packed(frame, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        text = io.StringIO()
        frame.to_csv(text, index=False)
        archive.writestr("anything.csv", text.getvalue())
    return path


@pytest.fixture
def settings(tmp_path):
    return load_settings(data_dir=tmp_path / "data")


@pytest.fixture
def run(settings):
    def imported(*files):
        request = ImportRequest(kind="trades", files=files, settings=settings)
        return import_files(request, FakeClock(NOW), lambda *_: None)

    return imported


@pytest.fixture
def stored(settings):
    def read(query):
        with (
            closing(open_warehouse(settings, "recorded")) as opened,
            opened.reading() as connection,
        ):
            return query(connection, "BTCUSDT", "recorded", 0, NOW)

    return read


def test_whole_minutes_hold_what_pandas_sums(run, stored, tmp_path):
    frame = made_up()
    frame.to_csv(tmp_path / "trades.csv", index=False)
    (file,) = run(tmp_path / "trades.csv").files
    rows = stored(tape.order_flow)
    frame["minute"] = frame["transact_time"] // MINUTE * MINUTE
    expected = dict(list(frame.groupby("minute")))
    inner = sorted(expected)[1:-1]
    assert [row.open_time for row in rows] == inner
    for row in rows:
        part = expected[row.open_time]
        bought = part[~part["is_buyer_maker"]]["quantity"].sum()
        assert row.trade_count == len(part)
        assert row.taker_buy_base_volume == pytest.approx(bought, rel=1e-12)
        assert row.taker_sell_base_volume == pytest.approx(
            part["quantity"].sum() - bought, rel=1e-12
        )
        assert (row.order_flow_imbalance, row.quotes_from, row.quote_count) == (None, None, 0)
        assert row.trades_from == inner[0]
    assert (file.rows_read, file.outcome.written) == (3_000, len(inner))
    assert f"{len(inner)} whole minutes of order flow" in file.notes[0]


def test_the_same_trades_twice_change_nothing(run, stored, tmp_path):
    made_up().to_csv(tmp_path / "trades.csv", index=False)
    run(tmp_path / "trades.csv")
    before = stored(tape.order_flow)
    outcome = run(tmp_path / "trades.csv").outcome
    assert (outcome.written, outcome.already_there, outcome.conflicts) == (0, len(before), 0)
    assert stored(tape.order_flow) == before


def test_large_prints_are_kept(run, stored, tmp_path):
    frame = made_up()
    frame.loc[1_500, ["price", "quantity"]] = [100.0, 6_000.0]
    frame.to_csv(tmp_path / "trades.csv", index=False)
    run(tmp_path / "trades.csv")
    (print_,) = stored(tape.large_prints)
    assert (print_.trade_id, print_.quantity, print_.notional) == (1_550, 6_000.0, 600_000.0)


def test_an_archived_day_is_covered_from_midnight_to_midnight(run, stored, tmp_path):
    run(packed(whole_day(), tmp_path / "BTCUSDT-aggTrades-2023-11-15.zip"))
    rows = stored(tape.order_flow)
    assert [row.open_time for row in rows] == [T + n * MINUTE for n in range(1_440)]
    assert {row.trade_count for row in rows} == {2}


@pytest.mark.slow
def test_the_volume_clock_goes_on_from_one_file_to_the_next(run, stored, settings, tmp_path):
    with closing(open_warehouse(settings, "recorded")) as opened, opened.writing() as connection:
        history = factories.candles(31 * 1_440, first=T - 31 * DAY, base_volume=2.0)
        candles.insert(connection, "BTCUSDT", "1m", "recorded", history, known_at=T)
    day = whole_day()
    tomorrow = day.assign(
        transact_time=day["transact_time"] + DAY, agg_trade_id=day["agg_trade_id"] + len(day)
    )
    run(packed(day, tmp_path / "BTCUSDT-aggTrades-2023-11-15.zip"))
    run(packed(tomorrow, tmp_path / "BTCUSDT-aggTrades-2023-11-16.zip"))
    last, first = (tape_minute(r.open_time, r.summary) for r in stored(tape.order_flow)[1439:1441])
    assert last.volume_clock is not None
    assert first.volume_clock is not None
    assert first.trades_from == T
    assert first.volume_clock.recent[:3].tolist() == last.volume_clock.recent[-50:][:3].tolist()


def test_whole_hours_are_laid_on_the_tape_once(run, settings, tmp_path):
    frame = whole_day().iloc[:400]
    frame.to_csv(tmp_path / "trades.csv", index=False)
    run(tmp_path / "trades.csv")
    event_tape = EventTape.open(settings.tape_address())
    assert event_tape.hours(TapedTrades, "BTCUSDT", "recorded", 0, NOW) == [T + HOUR, T + 2 * HOUR]
    taped = event_tape.read(TapedTrades, "BTCUSDT", "recorded", T + HOUR, T + 3 * HOUR)
    expected = frame[frame["transact_time"].between(T + HOUR, T + 3 * HOUR - 1)]
    assert taped.trade_id.tolist() == expected["agg_trade_id"].tolist()
    assert taped.quantity.tolist() == expected["quantity"].tolist()
    run(tmp_path / "trades.csv")
    assert len(event_tape.stored()) == 2


@pytest.mark.parametrize(
    ("times", "ids", "spans"),
    [
        ([5, 65, 125, 185], [1, 2, 3, 4], [(1, 3)]),
        ([0, 65, 125, 180], [1, 2, 3, 4], [(1, 3)]),
        ([5, 65, 125, 185, 245, 305], [1, 2, 3, 5, 6, 7], [(1, 2), (4, 5)]),
        ([5, 65, 125, 185], [1, 3, 5, 7], []),
        ([5, 6], [1, 2], []),
        ([], [], []),
    ],
)
def test_a_minute_is_covered_when_no_number_is_missing_around_it(times, ids, spans):
    rows = [(n, T + s * 1000, 1.0, 1.0, False) for n, s in zip(ids, times, strict=True)]
    trades = type(factories.trades()).from_rows(rows)
    expected = [(T + a * MINUTE, T + b * MINUTE) for a, b in spans]
    assert covered(trades, "BTCUSDT-aggTrades-2023-11-15.csv", whole=True) == expected


@pytest.mark.parametrize(
    ("name", "whole", "claimed"),
    [
        ("BTCUSDT-aggTrades-2023-11-15.zip", True, (0, 1_440)),
        ("BTCUSDT-aggTrades-2023-11-15.zip", False, (1, 2)),
        ("BTCUSDT-aggTrades-2023-11-15.csv", True, (1, 2)),
        ("BTCUSDT-aggTrades-2023-11-14.zip", True, (1, 2)),
        ("BTCUSDT-aggTrades-2023-13.zip", True, (1, 2)),
        ("BTCUSDT-aggTrades-2023-11.zip", True, (-14 * 1_440, 16 * 1_440)),
    ],
)
def test_only_an_undamaged_archive_of_that_period_is_taken_at_its_name(name, whole, claimed):
    rows = [(n, T + n * MINUTE + 5, 1.0, 1.0, False) for n in range(3)]
    trades = type(factories.trades()).from_rows(rows)
    assert covered(trades, name, whole=whole) == [tuple(T + n * MINUTE for n in claimed)]
