"""A backfill fills what is missing, once, from where it can be had, and keeps the ledger of gaps."""

from datetime import UTC, datetime

import numpy as np
import pytest

from babingepet.errors import ExchangeUnavailable, InputError
from babingepet.market.frames import Candles, FundingRates, OpenInterest
from babingepet.market.intervals import DAY, HOUR, MINUTE, to_ms
from babingepet_resources.clients.archive.client import ArchiveOptions, BinanceArchive
from babingepet_resources.clients.archive.files import ArchiveFile, day_of, month_of
from babingepet_resources.warehouse import candles, funding, gaps, market_files, open_interest
from babingepet_resources.warehouse.records import GapRecord
from babingepet_services.backfill.kinds import CandleSeries, FundingSeries, OpenInterestSeries
from babingepet_services.backfill.plan import Request
from babingepet_services.backfill.run import Backfill
from babingepet_services.backfill.sources import LEFT_TO_THE_LOOP, Sources
from babingepet_services.market.gap_ledger import Market
from tests.fakes import FakeClock, FakeFeed
from tests.loopback_archive import (
    LoopbackArchive,
    flat_minutes,
    funding_text,
    kline_text,
    metrics_text,
    publish_candles,
    served_archive,
)

JANUARY = to_ms(datetime(2024, 1, 1, tzinfo=UTC))
FEBRUARY = JANUARY + 31 * DAY
MARCH = FEBRUARY + 29 * DAY
UNTIL = MARCH + 2 * DAY + 9 * HOUR
NOW = UNTIL + LEFT_TO_THE_LOOP + 30_500
"""Two months are over, and two days; the newest minutes are those of a loop that may be running."""
MARKET = Market("BTCUSDT", "binance")


@pytest.fixture
def archive():
    with served_archive() as served:
        yield served


@pytest.fixture(scope="module")
def minutes():
    return flat_minutes(JANUARY, UNTIL)


@pytest.fixture(scope="module")
def published(minutes):
    """Two months and every day, as the archive has them."""
    made = LoopbackArchive()
    publish_candles(made, minutes, months_until=MARCH)
    return made.files


@pytest.fixture
def whole(archive, published):
    """The archive with all of it."""
    archive.files |= published
    return archive


@pytest.fixture
def clock():
    return FakeClock(NOW)


@pytest.fixture
def fill(warehouse, archive, tmp_path, clock):
    """Run a backfill over days of the archive and of a fake exchange."""
    options = ArchiveOptions(attempts=2, pause_s=0.001)
    client = BinanceArchive(archive.url, tmp_path / "archive", clock, options)

    def run(series=CandleSeries, start=JANUARY, end=NOW, feed=None, only=None, watcher=None):
        sources = Sources(
            None if only == "rest" else client,
            None if feed is None else lambda: feed,
            clock.now,
        )
        request = Request(MARKET, start, end, only)
        extra = () if watcher is None else (watcher,)
        return Backfill(warehouse, series(MARKET), request, sources, clock, *extra).run()

    yield run
    client.close()


def stored(warehouse, start=0, end=2**60):
    with warehouse.reading() as connection:
        return candles.read(connection, "BTCUSDT", "1m", "binance", start, end)


def ledger(warehouse):
    with warehouse.reading() as connection:
        return gaps.read(connection, "BTCUSDT", 0, 2**60)


def exchange(minutes=None, funding=None, readings=None):
    history = {} if minutes is None else {"1m": minutes}
    return FakeFeed(history=history, funding=funding, open_interest=readings)


@pytest.mark.slow
def test_months_come_whole_days_one_by_one_and_the_rest_from_the_exchange(
    fill, whole, minutes, warehouse
):
    outcome = fill(feed=exchange(minutes))
    assert stored(warehouse).equals(minutes)
    assert [file.label for file in outcome.plan.files] == [
        "2024-01", "2024-02", "2024-03-01", "2024-03-02",
    ]  # fmt: skip
    assert outcome.rows == {"archive": 62 * 1440, "rest": 9 * 60}
    assert (outcome.conflicts, outcome.rows_rejected, outcome.left) == (0, 0, [])
    assert outcome.rows_by_day["2024-03-03"] == {"rest": 9 * 60}


@pytest.mark.slow
def test_a_second_backfill_downloads_nothing_and_writes_nothing(fill, whole, minutes, warehouse):
    fill(feed=exchange(minutes))
    before, asked = ledger(warehouse), whole.asked.copy()
    outcome = fill(feed=exchange(minutes))
    assert (outcome.written, outcome.plan.holes, outcome.plan.files) == (0, (), ())
    assert (ledger(warehouse), whole.asked) == (before, asked)


@pytest.mark.slow
def test_a_month_that_is_not_published_yet_comes_as_its_days(fill, whole, minutes, warehouse):
    for path in [path for path in whole.files if "1m-2024-02.zip" in path]:
        del whole.files[path]
    outcome = fill(start=FEBRUARY, end=MARCH)
    assert outcome.files == {"unpublished": 1, "read": 29}
    assert stored(warehouse).equals(minutes.between(FEBRUARY, MARCH))


@pytest.mark.slow
def test_a_month_that_should_long_be_there_is_left_to_the_exchange(fill, archive, minutes):
    outcome = fill(start=JANUARY, end=FEBRUARY, feed=exchange(minutes))
    assert archive.downloads == 0
    assert sum(archive.asked.values()) <= 32
    assert outcome.rows["rest"] == 31 * 1440


@pytest.mark.slow
def test_few_missing_days_of_a_month_are_a_file_each(fill, whole, minutes, warehouse):
    fill(start=JANUARY, end=FEBRUARY - 2 * DAY)
    outcome = fill(start=JANUARY, end=FEBRUARY)
    assert [file.label for file in outcome.plan.files] == ["2024-01-30", "2024-01-31"]
    assert len(stored(warehouse)) == 31 * 1440


def test_files_in_microseconds_and_without_a_header_are_the_same_minutes(
    fill, archive, minutes, warehouse
):
    day = minutes.between(JANUARY, JANUARY + DAY)
    archive.put(day_of("klines", "BTCUSDT", JANUARY), kline_text(day, 1000, header=False))
    fill(end=JANUARY + DAY)
    assert stored(warehouse).equals(day)


def publish_january(archive, rows):
    archive.put(month_of("klines", "BTCUSDT", JANUARY), kline_text(rows.between(JANUARY, FEBRUARY)))


def without(rows, start, end):
    return rows.where((rows.time < start) | (rows.time >= end))


@pytest.mark.slow
def test_minutes_that_the_file_lacks_are_asked_of_the_exchange(fill, archive, minutes, warehouse):
    lost = (JANUARY + 5 * DAY + HOUR, JANUARY + 5 * DAY + HOUR + 7 * MINUTE)
    publish_january(archive, without(minutes, *lost))
    outcome = fill(end=FEBRUARY, feed=exchange(minutes))
    assert outcome.rows == {"archive": 31 * 1440 - 7, "rest": 7}
    assert stored(warehouse).equals(minutes.between(JANUARY, FEBRUARY))
    told = [(g.start_time, g.end_time, g.repaired_from) for g in ledger(warehouse)]
    assert told == [(JANUARY, lost[0], "archive"), (*lost, "rest"), (lost[1], FEBRUARY, "archive")]


@pytest.mark.slow
def test_minutes_that_nobody_has_stay_an_open_gap_with_the_reasons(
    fill, archive, minutes, warehouse
):
    lost = (JANUARY + 5 * DAY + HOUR, JANUARY + 5 * DAY + HOUR + 7 * MINUTE)
    kept = without(minutes, *lost)
    publish_january(archive, kept)
    outcome = fill(end=FEBRUARY, feed=exchange(kept))
    reason = "BTCUSDT-1m-2024-01.zip lacks it; the exchange does not tell it"
    assert outcome.left == [(lost, reason)]
    (gap,) = [gap for gap in ledger(warehouse) if gap.repaired_at is None]
    assert (gap.start_time, gap.end_time, gap.reason) == (*lost, reason)
    fill(end=FEBRUARY, feed=exchange(kept))
    assert len([gap for gap in ledger(warehouse) if gap.repaired_at is None]) == 1
    late = fill(end=FEBRUARY, feed=exchange(minutes))
    assert late.gaps == {"repaired": 1}
    assert all(gap.repaired_from for gap in ledger(warehouse))


def test_a_gap_seen_live_is_repaired_when_its_last_minute_is_there(
    fill, archive, minutes, warehouse, clock
):
    noon = JANUARY + 12 * HOUR
    day = minutes.between(JANUARY, JANUARY + DAY)
    with warehouse.writing() as connection:
        live = without(day, noon, noon + 10 * MINUTE)
        candles.insert(connection, "BTCUSDT", "1m", "binance", live, known_at=noon)
        gaps.insert(
            connection,
            [GapRecord("BTCUSDT", "candles", noon, noon + 10 * MINUTE, "silence", "binance", noon)],
        )
    half = without(day, noon + 5 * MINUTE, noon + 10 * MINUTE)
    archive.put(day_of("klines", "BTCUSDT", JANUARY), kline_text(half))
    fill(end=JANUARY + DAY)
    (gap,) = ledger(warehouse)
    assert gap.repaired_at is None
    fill(end=JANUARY + DAY, feed=exchange(day))
    (gap,) = ledger(warehouse)
    assert (gap.reason, gap.detected_at, gap.repaired_from) == ("silence", noon, "rest")
    assert gap.repaired_at >= NOW


def test_a_live_minute_that_the_archive_tells_differently_stays_and_is_listed(
    fill, archive, minutes, warehouse
):
    day = minutes.between(JANUARY, JANUARY + DAY)
    live = day.rows(0, 60)
    changed = {**live.columns(), "close": live.close + np.eye(60)[7] * 2.5}
    unknown = {**changed, "taker_buy_base_volume": np.full(60, np.nan)}
    with warehouse.writing() as connection:
        candles.insert(connection, "BTCUSDT", "1m", "binance", Candles(**unknown), known_at=1)
    archive.put(day_of("klines", "BTCUSDT", JANUARY), kline_text(day))
    outcome = fill(end=JANUARY + DAY)
    (conflict,) = outcome.conflicting
    assert outcome.conflicts == outcome.conflicts_by_day["2024-01-01"] == 1
    assert (conflict.time, conflict.column) == (JANUARY + 7 * MINUTE, "close")
    assert (conflict.stored, conflict.told) == (changed["close"][7], day.close[7])
    assert stored(warehouse).close[7] == changed["close"][7]
    assert len(stored(warehouse)) == 1440


class Killed(BaseException):
    """The program ends here."""


@pytest.mark.slow
def test_a_backfill_killed_between_two_months_goes_on_where_it_ended(
    fill, whole, minutes, warehouse
):
    from babingepet_services.backfill.watch import Watcher

    def kill(stage, done, total, detail=""):
        raise Killed

    with pytest.raises(Killed):
        fill(end=MARCH, watcher=Watcher(kill, lambda _: None))
    assert stored(warehouse).equals(minutes.between(JANUARY, FEBRUARY))
    outcome = fill(end=MARCH)
    assert [file.label for file in outcome.plan.files] == ["2024-02"]
    assert stored(warehouse).equals(minutes.between(JANUARY, MARCH))
    assert [gap.repaired_from for gap in ledger(warehouse)] == ["archive"] * 2
    with warehouse.reading() as connection:
        files = market_files.read(connection)
    assert [(file.name, file.rows_written) for file in files] == [
        ("BTCUSDT-1m-2024-01.zip", 31 * 1440),
        ("BTCUSDT-1m-2024-02.zip", 29 * 1440),
    ]
    assert all(file.origin == "archive" and file.rows_read == file.rows_written for file in files)


@pytest.mark.slow
def test_each_transaction_makes_its_rows_known_later_than_the_one_before(
    fill, whole, minutes, warehouse
):
    fill(end=MARCH)
    with warehouse.reading() as connection:
        known = connection.exec_driver_sql(
            "SELECT DISTINCT known_at FROM crypto_candles ORDER BY known_at"
        ).fetchall()
    assert known == [(NOW + 1,), (NOW + 2,)]


def test_a_damaged_file_is_refused_and_the_exchange_asked_instead(fill, whole, minutes, warehouse):
    whole.put(day_of("klines", "BTCUSDT", JANUARY), "this,is,no\nkline,file,at all\n")
    whole.faults["2024-01-02.zip"] = [b"x"] * 9
    outcome = fill(end=JANUARY + 2 * DAY, feed=exchange(minutes))
    assert sorted(name for name, _ in outcome.refusals) == [
        "BTCUSDT-1m-2024-01-01.zip", "BTCUSDT-1m-2024-01-02.zip",
    ]  # fmt: skip
    assert outcome.rows == {"rest": 2 * 1440}
    assert stored(warehouse).equals(minutes.between(JANUARY, JANUARY + 2 * DAY))


def test_rows_that_cannot_be_used_are_told_by_file_and_row(fill, archive, minutes, warehouse):
    day = minutes.between(JANUARY, JANUARY + DAY)
    lines = kline_text(day).splitlines()
    lines[11] = lines[11].replace(f",{float(day.high[10])!r},", ",0.5,", 1)
    archive.put(day_of("klines", "BTCUSDT", JANUARY), "\n".join(lines))
    outcome = fill(end=JANUARY + DAY)
    assert (outcome.rows_rejected, outcome.written) == (1, 1439)
    assert outcome.rejects[0]["file"] == "BTCUSDT-1m-2024-01-01.zip"
    assert outcome.rejects[0]["row"] == 11
    assert outcome.left[0][0] == (JANUARY + 10 * MINUTE, JANUARY + 11 * MINUTE)


def test_rows_of_another_day_in_a_file_are_not_taken(fill, archive, minutes, warehouse):
    two = minutes.between(JANUARY, JANUARY + 2 * DAY)
    archive.put(day_of("klines", "BTCUSDT", JANUARY), kline_text(two))
    fill(end=JANUARY + DAY)
    assert len(stored(warehouse)) == 1440


def test_a_silent_exchange_leaves_the_gap_open_with_what_it_said(fill, minutes, warehouse):
    class Silent(FakeFeed):
        def candles(self, interval, start, end):
            raise ExchangeUnavailable("it sleeps")

    outcome = fill(end=JANUARY + DAY, feed=Silent())
    ((_, reason),) = outcome.left
    assert reason == "BTCUSDT-1m-2024-01-01.zip: not published; it sleeps"


def test_only_one_source_is_asked_when_only_one_is_wanted(fill, whole, minutes):
    assert fill(end=JANUARY + DAY, feed=exchange(minutes), only="rest").rows == {"rest": 1440}
    assert whole.asked == {}
    assert fill(start=JANUARY + DAY, end=JANUARY + 2 * DAY).rows == {"archive": 1440}


def test_settlements_of_past_months_come_from_the_archive_and_the_present_ones_from_the_exchange(
    fill, archive, warehouse
):
    times = np.arange(JANUARY, NOW, 8 * HOUR)
    rates = FundingRates(times, np.round(times % 97 * 1e-6, 8), np.full(len(times), 8.0), times < 0)
    for month in (JANUARY, FEBRUARY):
        file = month_of("fundingRate", "BTCUSDT", month)
        archive.put(file, funding_text(rates.between(file.start, file.end)))
    outcome = fill(FundingSeries, feed=exchange(funding=rates))
    assert outcome.rows == {"archive": 60 * 3, "rest": 8}
    assert outcome.left == []
    with warehouse.reading() as connection:
        found = funding.read(connection, "BTCUSDT", "binance", 0, 2**60)
    assert found.equals(rates)
    assert fill(FundingSeries, feed=exchange(funding=rates)).written == 0


def test_open_interest_comes_by_day_and_the_minutes_read_live_stay(fill, archive, warehouse):
    times = np.arange(JANUARY + 5 * MINUTE, JANUARY + 2 * DAY + 1, 5 * MINUTE)
    readings = OpenInterest(times, 80_000.0 + times % 1009, 4e9 + times % 1013)
    for day in (JANUARY, JANUARY + DAY):
        part = readings.between(day + 1, day + DAY + 1)
        archive.put(day_of("metrics", "BTCUSDT", day), metrics_text(part))
    live = OpenInterest(times[:3] + 17_000, np.full(3, 80_500.0), np.full(3, np.nan))
    with warehouse.writing() as connection:
        open_interest.insert(connection, "BTCUSDT", "binance", live, known_at=1)
    outcome = fill(OpenInterestSeries, end=JANUARY + 2 * DAY)
    assert (outcome.written, outcome.left) == (2 * 288, [])
    with warehouse.reading() as connection:
        found = open_interest.read(connection, "BTCUSDT", "binance", 0, 2**60)
    assert len(found) == 2 * 288 + 3
    assert found.where(np.isin(found.event_time, times)).equals(readings)


def test_a_market_without_a_feed_says_so_and_has_no_gap(fill, warehouse):
    class Spot(FakeFeed):
        @property
        def info(self):
            from dataclasses import replace

            return replace(super().info, feeds=frozenset({"candles"}))

    outcome = fill(FundingSeries, feed=Spot(), only="rest")
    assert outcome.note == "this market has no funding"
    assert (outcome.left, ledger(warehouse)) == ([], [])


def test_the_newest_minutes_are_left_to_the_loop(fill, minutes, warehouse):
    outcome = fill(start=MARCH, feed=exchange(minutes), only="rest")
    assert outcome.plan.end == UNTIL
    assert stored(warehouse).equals(minutes.between(MARCH, UNTIL))


def test_a_period_that_ends_before_it_begins_is_refused():
    with pytest.raises(InputError, match="--from must be before --to"):
        Request(MARKET, FEBRUARY, JANUARY)


@pytest.mark.slow
def test_the_files_of_a_month_are_taken_only_when_the_month_was_asked_for(fill, whole, minutes):
    outcome = fill(start=JANUARY + DAY, end=FEBRUARY)
    assert {file.period for file in outcome.plan.files} == {"daily"}
    assert ArchiveFile("klines", "BTCUSDT", "daily", JANUARY) not in outcome.plan.files
