"""Open interest and the health of the feeds: from the loop's minutes to a day's report."""

import io
from dataclasses import dataclass, replace

import numpy as np
import pytest
from PIL import Image

from babingepet.cycles.settings import BtcSettings, override
from babingepet.errors import ExchangeUnavailable
from babingepet.market.frames import Candles, OpenInterest
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.clients.feed import Agreement, Disagreement, FeedGap, FeedHealth
from babingepet_resources.warehouse import checks, gaps, history, open_interest
from babingepet_resources.warehouse.database import open_database
from babingepet_services.btc import checks as btc_checks
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, LoopOptions
from babingepet_services.btc_day.day import AssetReport, DayScope
from babingepet_services.btc_day.open_interest import describe_open_interest
from babingepet_services.market.feed_health import feed_health, with_feed_health
from babingepet_services.market.feed_watch import read_reports
from babingepet_services.replay.cycle import replay_cycle
from scripts.bench.common.market import START, MadeUpFeed
from tests.databases import tamper
from tests.services.conftest import EAGER, made_up_feed

TODAY = "2025-04-22"
MINUTES = 76
SYMBOL, SOURCE = "BTCUSDT", "simulated"
QUARTER = START + 15 * MINUTE
FAILED = START + 20 * MINUTE
"""End of the minute in which open interest could not be asked."""
OFF = Disagreement("candles", QUARTER - 5 * MINUTE, "close", 100.0, 101.5)
VOLUME = Disagreement("trades", QUARTER - 5 * MINUTE, "base_volume", 5.0, 5.5)


@dataclass
class Watched(MadeUpFeed):
    """The made-up market with a loss, a failed poll and a comparison in it."""

    differing: tuple[Disagreement, ...] = ()

    def next_minute(self, *, after, timeout):
        minute = super().next_minute(after=after, timeout=timeout)
        health = FeedHealth(
            {"messages": 500, "reconnects": 2, "dropped": 7, "disagreements": len(self.differing)},
            clock_skew_ms=12,
            used_weight=40,
            message_ages_ms={"trades": 150, "quotes": 20},
        )
        minute = replace(minute, health=health)
        if minute.as_of == FAILED:
            gap = FeedGap("open_interest", FAILED - MINUTE, FAILED, "HTTP 503", None)
            return replace(
                minute, open_interest=OpenInterest.empty(), gaps=(gap,), quotes_from=FAILED - 1_000
            )
        if minute.as_of == QUARTER:
            agreement = Agreement(QUARTER - 10 * MINUTE, QUARTER - MINUTE, 90, self.differing)
            return replace(minute, agreement=agreement)
        return minute


def decide(database, feed):
    program = BtcProgram(settings=override(BtcSettings(), EAGER))
    options = LoopOptions("test", limits=database.limits)
    return list(BtcLoop(feed, database, SystemClock(), program, options).run())


@pytest.fixture(scope="module")
def decided_url(lasting_databases, tmp_path_factory):
    url = lasting_databases.upgraded(tmp_path_factory.mktemp("decided"))
    database = open_database(url)
    decide(database, made_up_feed(MINUTES, Watched))
    database.close()
    return url


@pytest.fixture
def scope(decided_url, databases, tmp_path, connect):
    return DayScope(connect(databases.copy_of(decided_url, tmp_path)), SYMBOL, SOURCE, TODAY)


def stored_readings(database):
    with database.reading() as connection:
        return open_interest.read(connection, SYMBOL, SOURCE, 0, START + DAY)


def latest_check(database, asset, name):
    with database.reading() as connection:
        return checks.latest(connection, asset, name, TODAY, SOURCE)


@pytest.mark.slow
def test_each_minutes_reading_is_written_with_its_decision_and_the_day_before_it_is_loaded(scope):
    stored = stored_readings(scope.database)
    live = stored.where(stored.event_time % MINUTE == 59_000)
    assert len(live) == MINUTES - 1
    assert len(stored) - len(live) == 287  # on a grid of five minutes
    with scope.database.reading() as connection:
        known = open_interest.read(
            connection, SYMBOL, SOURCE, START, START + DAY, known_until=START + 5 * MINUTE
        )
        holes = [one for one in gaps.read(connection, SYMBOL, 0, START + DAY)
                 if one.feed == "open_interest"]  # fmt: skip
    assert known.event_time[-1] == START + 5 * MINUTE - 1_000
    assert [(one.start_time, one.end_time, one.reason) for one in holes] == [
        (FAILED - MINUTE, FAILED, "HTTP 503")
    ]


@pytest.mark.slow
def test_a_loop_that_begins_again_stores_no_reading_twice(scope):
    before = stored_readings(scope.database)
    decide(scope.database, made_up_feed(MINUTES + 2, Watched))
    assert len(stored_readings(scope.database)) == len(before) + 2


def test_what_the_last_hour_changed_is_read_and_decided_again_byte_for_byte(scope):
    with scope.database.reading() as connection:
        last = history.last_decision(connection, "paper", SYMBOL, SOURCE)
        manifest = history.inputs(connection, "paper", last.cycle_id).manifest
    now, before = START + MINUTES * MINUTE - 1_000, START + (MINUTES - 60) * MINUTE - 1_000
    assert manifest["open_interest"] == pytest.approx(
        [now, 80_000.0 + (now - START) / 6_000, before, 80_000.0 + (before - START) / 6_000]
    )
    backfilled = OpenInterest.from_rows([(now - 60_500, 1.0, 2.0), (before - 100, 1.0, 2.0)])
    with scope.database.writing() as connection:
        open_interest.insert(connection, SYMBOL, SOURCE, backfilled, known_at=last.as_of)
    assert replay_cycle(scope.database, "paper", last.cycle_id).identical


def test_a_past_that_is_not_told_keeps_no_loop_from_deciding(warehouse):
    class Mute(MadeUpFeed):
        def open_interest(self, start, end):
            raise ExchangeUnavailable("no history today")

    reports = decide(warehouse, made_up_feed(2, Mute))
    assert [report.missed for report in reports] == [None, None]
    assert len(stored_readings(warehouse)) == 2


def test_a_day_of_open_interest_is_counted_and_drawn(scope):
    report = describe_open_interest(scope)
    minutes = made_up_feed(MINUTES, Watched).minutes
    assert report.rows == 10 * 12 + MINUTES - 1
    newest = 80_000.0 + (MINUTES - 1 / 60) * 10.0
    assert report.numbers["open_interest"] == pytest.approx(newest)
    change = (newest / (newest - 600.0) - 1.0) * 100
    assert report.numbers["change_1h_pct"] == round(change, 4)
    price = minutes.between(START, START + (MINUTES - 1) * MINUTE).close[-1]
    assert report.numbers["notional"] == pytest.approx(newest * price, abs=0.01)
    assert report.numbers["minutes_failed"] == 1
    assert Image.open(io.BytesIO(report.plot_png)).size == (960, 390)
    assert [line.split("|")[1].strip() for line in report.table.splitlines()[-2:]] == [
        "10:00", "11:00",
    ]  # fmt: skip


def test_a_change_over_a_stretch_without_readings_is_unknown_and_not_zero(scope):
    tamper(scope.database, "DELETE FROM crypto_open_interest WHERE event_time < ?", START + HOUR)
    numbers = describe_open_interest(scope).numbers
    assert numbers["change_1h_pct"] is None
    assert numbers["open_interest"] > 0


def test_a_day_without_readings_is_empty(scope):
    empty = describe_open_interest(replace(scope, partition="2025-04-25"))
    assert (empty.rows, empty.plot_png, empty.numbers) == (0, None, {"minutes_failed": 0})


def test_the_feeds_are_told_every_quarter_of_an_hour_with_the_decision(scope):
    with scope.database.reading() as connection:
        reports = read_reports(connection, "paper", scope.start, scope.end)
    assert [one.as_of for one in reports] == [QUARTER + n * 15 * MINUTE for n in range(5)]
    first, last = reports[0].detail, reports[-1].detail
    assert (first["minutes"], last["minutes"]) == (15, 60)
    assert last["coverage"]["candles"] == 1.0
    assert last["coverage"]["open_interest"] == last["coverage"]["quotes"] == round(59 / 60, 4)
    assert first["agreements"][0]["compared"] == 90
    assert [len(one.detail["agreements"]) for one in reports] == [1, 0, 0, 0, 0]


def test_a_history_loaded_anew_after_a_hole_forgets_nothing_of_the_feeds(warehouse):
    class Holed(MadeUpFeed):
        def next_minute(self, *, after, timeout):
            minute = super().next_minute(after=after, timeout=timeout)
            lost = minute.as_of == START + 20 * MINUTE
            return replace(minute, candles=Candles.empty()) if lost else minute

    reports = decide(warehouse, made_up_feed(30, Holed))
    assert sum(report.missed is not None for report in reports) == 1
    with warehouse.reading() as connection:
        newest = read_reports(connection, "paper", START, START + HOUR)[-1]
    assert (newest.as_of, newest.detail["minutes"]) == (START + 30 * MINUTE, 30)
    assert newest.detail["coverage"]["candles"] == round(29 / 30, 4)


def test_the_health_of_the_feeds_stands_beside_what_they_brought(scope):
    text, numbers = feed_health(scope)
    assert numbers == {"reconnects": 2, "rows_dropped": 7, "disagreements": 0}
    assert "As of 2025-04-22T11:15:00Z" in text
    lines = {line.split("|")[1].strip(): line for line in text.splitlines() if "|" in line}
    assert "98.3%" in lines["quotes"]
    assert "0.02" in lines["quotes"]
    assert "12" in lines["clock skew, ms"]
    assert "40" in lines["used weight"]
    report = with_feed_health(lambda _: AssetReport(3, None, "x", "t", None, {"a": 1}))(scope)
    assert (report.rows, report.texts) == (3, {"feed_health": text})
    assert report.numbers == {"a": 1, **numbers}


def test_a_day_without_a_loop_tells_no_health(scope):
    assert feed_health(replace(scope, partition="2025-04-25")) == ("", {})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("differing", "prices_agree", "feeds_agree", "said"),
    [
        ((), True, True, "0 of 90 numbers differ"),
        ((VOLUME,), True, False, "first base_volume of trades at 2025-04-22T10:10:00Z"),
        ((VOLUME, OFF), False, False, "first close of candles at 2025-04-22T10:10:00Z"),
    ],
    ids=["all alike", "a volume", "a price"],
)
def test_a_disagreement_is_a_warning_and_one_in_price_forbids_entries_for_an_hour(
    warehouse, differing, prices_agree, feeds_agree, said
):
    feed = made_up_feed(17, Watched)
    feed.differing = differing
    reports = decide(warehouse, feed)
    stored = [
        latest_check(warehouse, asset, name)
        for asset, name in (("btc/candles", "prices_agree"), ("btc/order_flow", "feeds_agree"))
    ]
    assert [one.passed for one in stored] == [prices_agree, feeds_agree]
    assert [one.blocking for one in stored] == [True, False]
    assert said in stored[1].detail
    gates = {refusal.gate for refusal in reports[-1].decision.blocked_by}
    assert ("CHECK_FAILED" in gates) is not prices_agree
    with warehouse.reading() as connection:
        later = btc_checks.load_day(connection, SYMBOL, SOURCE, "paper", QUARTER + HOUR)
    assert btc_checks.prices_agree(later).passed


def test_notional_as_told_wins_over_what_can_be_reckoned(scope):
    told = OpenInterest(np.array([START + HOUR + 1]), np.array([5.0]), np.array([123.0]))
    with scope.database.writing() as connection:
        open_interest.insert(connection, SYMBOL, SOURCE, told, known_at=START + HOUR + 1)
    report = describe_open_interest(scope)
    assert report.rows == 10 * 12 + MINUTES
    assert report.numbers["notional"] > 1e6
    after = START + HOUR + 1
    tamper(scope.database, "DELETE FROM crypto_open_interest WHERE event_time > ?", after)
    assert describe_open_interest(scope).numbers["notional"] == 123.0
