"""``babingepet backfill`` and ``babingepet gaps``: what they say, and that they do it."""

from datetime import UTC, datetime

import numpy as np
import pytest

from babingepet.market.frames import Trades
from babingepet.market.intervals import DAY, MINUTE, to_ms
from babingepet_resources.clients.archive.files import day_of
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import candles
from babingepet_services.market.source import open_warehouse
from tests.delivery.conftest import call
from tests.loopback_archive import flat_minutes, kline_text, served_archive, trades_text

START = to_ms(datetime(2024, 1, 1, tzinfo=UTC))
DAYS = ("--from", "2024-01-01", "--to", "2024-01-03")
KEYS = [
    "kind", "symbol", "source", "plan", "note", "rows", "rows_written", "rows_read",
    "rows_rejected", "rejects", "conflicts", "conflicting", "files", "refusals", "gaps", "left",
    "seconds", "rows_per_second",
]  # fmt: skip


@pytest.fixture
def archive():
    with served_archive() as served:
        yield served


@pytest.fixture
def binance(archive, databases, tmp_path):
    """Variables of a warehouse that is filled from the loopback archive."""
    place = databases.place(tmp_path / "data")
    return {"market": "binance", "archive_url": archive.url, **place}


@pytest.fixture
def minutes(archive):
    """Two published days, of which three minutes are lost."""
    minutes = flat_minutes(START, START + 2 * DAY)
    kept = minutes.where((minutes.open_time // MINUTE % 1440 < 700) | (minutes.open_time // MINUTE % 1440 >= 703))  # fmt: skip
    archive.put(day_of("klines", "BTCUSDT", START), kline_text(kept.between(START, START + DAY)))
    second = minutes.between(START + DAY, START + 2 * DAY)
    archive.put(day_of("klines", "BTCUSDT", START + DAY), kline_text(second))
    return minutes


def test_a_backfill_tells_what_it_did_under_stable_keys(binance, minutes):
    done = call("backfill", "candles", *DAYS, "--only", "archive", "--json", **binance)
    assert (done.code, done.err) == (0, "")
    told = done.document
    assert list(told) == KEYS
    assert (told["kind"], told["symbol"], told["source"]) == ("candles", "BTCUSDT", "binance")
    assert told["rows"] == {"archive": 2 * 1440 - 3, "rest": 0}
    assert told["gaps"] == {"seen": 4, "repaired": 3, "left": 1}
    hole = START + 700 * MINUTE
    assert told["left"] == [
        {"start": hole, "end": hole + 3 * MINUTE, "reason": "BTCUSDT-1m-2024-01-01.zip lacks it"}
    ]
    assert told["seconds"] > 0
    assert told["rows_per_second"] > 0


def test_the_ledger_of_gaps_is_listed_and_cut_to_days(binance, minutes):
    call("backfill", "candles", *DAYS, "--only", "archive", "--json", **binance)
    told = call("gaps", "--json", **binance).document
    assert told["counts"] == {"seen": 4, "repaired": 3, "open": 1}
    assert list(told["gaps"][0]) == [
        "warehouse", "feed", "source", "start", "end", "reason", "seen", "repaired",
        "repaired_from", "decisions_affected",
    ]  # fmt: skip
    second = call("gaps", "--from", "2024-01-02", "--to", "2024-01-03", "--json", **binance)
    assert [gap["start"] for gap in second.document["gaps"]] == [START + DAY]
    shown = call("gaps", **binance)
    assert "4 gaps, 3 repaired, 1 open" in shown.out
    assert "lacks it" in shown.out


def test_people_read_a_summary(binance, minutes):
    done = call("backfill", "candles", *DAYS, "--only", "archive", **binance)
    assert "2,877 rows new (2,877 from the archive, 0 from the exchange)" in done.out
    assert "4 seen, 3 repaired, 1 left" in done.out
    assert "Still missing" in done.out
    again = call("backfill", "candles", *DAYS, "--only", "archive", **binance)
    assert "0 rows new" in again.out


def test_a_contradiction_is_shown_with_both_values(binance, minutes):
    database = open_warehouse(load_settings(**binance), "binance")
    first = minutes.rows(0, 1)
    other = type(first)(**{**first.columns(), "close": first.close - 0.5})
    with database.writing() as connection:
        candles.insert(connection, "BTCUSDT", "1m", "binance", other, known_at=1)
    database.close()
    done = call("backfill", "candles", *DAYS, "--only", "archive", **binance)
    assert "conflicts: 1" in done.out
    assert f"{float(first.close[0]):,.4f}" in done.out


def test_a_dry_run_says_what_would_be_done_and_does_nothing(binance, minutes, archive):
    told = call("backfill", "candles", *DAYS, "--dry-run", "--json", **binance).document
    assert list(told) == ["kind", "symbol", "source", "plan"]
    assert told["plan"]["files"] == ["BTCUSDT-1m-2024-01-01.zip", "BTCUSDT-1m-2024-01-02.zip"]
    assert told["plan"]["missing_hours"] == 48.0
    assert archive.asked == {}
    assert call("gaps", "--json", **binance).document["gaps"] == []
    assert (
        "2 files of the archive" in call("backfill", "candles", *DAYS, "--dry-run", **binance).out
    )


def test_trades_state_their_size_before_they_are_downloaded(binance, archive):
    times = START + np.arange(0, DAY, 60_000)
    n = len(times)
    rows = Trades(np.arange(n) + 1, times, np.full(n, 6e4), np.full(n, 0.5), np.arange(n) % 2 == 0)
    packed = archive.put(day_of("aggTrades", "BTCUSDT", START), trades_text(rows))
    day = ("--from", "2024-01-01", "--to", "2024-01-02")
    told = call("backfill", "trades", *day, "--dry-run", "--json", **binance).document
    assert told["plan"]["bytes"] == len(packed)
    done = call("backfill", "trades", *day, **binance)
    assert "to download: " in done.out
    assert "1,440 rows new" in done.out


def test_the_usual_period_is_two_years(binance):
    plan = call("backfill", "candles", "--dry-run", "--json", **binance).document["plan"]
    assert 729 < (plan["to"] - plan["from"]) / DAY <= 730
    assert 24 <= len(plan["files"]) <= 24 + 31 * 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("candles", "--from", "soon"), "--from 'soon' is not a time"),
        (("candles", "--to", "soon"), "--to 'soon' is not a time"),
        (("candles", "--from", "2024-02-01", "--to", "2024-01-01"), "--from must be before --to"),
        (("candles", "--symbol", "../x", *DAYS), "is not a symbol"),
        (("books",), "books"),
    ],
    ids=["from", "to", "order", "symbol", "kind"],
)
def test_bad_input_is_one_sentence_and_exit_code_2(binance, arguments, said):
    done = call("backfill", *arguments, "--json", **binance)
    assert done.code == 2
    assert said in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("trades",), "are in Binance's archive, not in a simulated market"),
        (("candles", "--only", "archive"), "holds nothing of a simulated market"),
    ],
    ids=["trades", "archive"],
)
def test_what_a_made_up_market_cannot_have_is_refused(tmp_path, arguments, said):
    done = call("backfill", *arguments, data_dir=tmp_path, market="simulated")
    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.slow
def test_a_simulated_market_is_asked_over_its_own_exchange(databases, tmp_path):
    variables = {"market": "simulated", **databases.place(tmp_path)}
    days = ("--from", "2025-05-01", "--to", "2025-05-02")
    told = call("backfill", "candles", *days, "--json", **variables).document
    assert told["rows"] == {"archive": 0, "rest": 1440}
    assert told["source"] == "simulated"
    assert call("backfill", "candles", *days, "--json", **variables).document["rows_written"] == 0
    assert call("backfill", "funding", *days, "--json", **variables).document["rows"]["rest"] == 3
