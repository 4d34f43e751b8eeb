"""Few events: a decision a minute at 1x, everything every hour of the market and at a day's end."""

from dataclasses import replace

import dagster as dg
import pytest

from babingepet.market.intervals import HOUR, MINUTE, day_key
from babingepet_assets.btc.loop_events import REPORT_EVERY, LoopEvents, minute_event
from babingepet_assets.btc.reports import REPORTS
from babingepet_resources.clients.clock import SystemClock
from babingepet_services.btc.checks import CHECKS
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import DECIDED_BEFORE, BtcLoop, CycleReport, LoopOptions
from babingepet_services.btc_day.day import AssetReport
from scripts.bench.common.market import START
from tests.assets.conftest import DAY
from tests.fakes import FakeClock
from tests.services.conftest import made_up_feed

ASSETS = 9
MIDNIGHT = START + 14 * HOUR


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def runless():
    return []


@pytest.fixture
def events(warehouse, clock, runless):
    reports = dict.fromkeys(REPORTS, lambda scope: AssetReport(1, None, scope.source, "| |"))
    return LoopEvents(warehouse, "BTCUSDT", "simulated", runless.append, clock, reports)


def report(as_of):
    return CycleReport(as_of, None, None, 0.0, 0.0, None)


def after(events, as_of, *, accelerated=False):
    return list(events.after(report(as_of), accelerated=accelerated))


def assets_of(told):
    return [e.asset_key.to_user_string() for e in told if isinstance(e, dg.AssetMaterialization)]


def checks_of(told):
    return [e for e in told if isinstance(e, dg.AssetCheckEvaluation)]


def test_the_first_minute_shows_everything_at_once(events):
    told = after(events, START + MINUTE)
    assert len(assets_of(told)) == ASSETS
    assert {e.partition for e in told} == {DAY}
    assert {c.check_name for c in checks_of(told)} == {spec.name for spec in CHECKS}


def test_a_minute_within_an_hour_is_no_report(events):
    after(events, START + MINUTE)
    assert after(events, START + 2 * MINUTE) == []


def test_a_full_hour_is_reported_even_when_its_last_minute_was_missed(events):
    after(events, START + 58 * MINUTE)
    assert len(assets_of(after(events, START + 62 * MINUTE))) == ASSETS


def test_an_accelerated_market_is_not_reported_faster_than_the_pages_are_read(events, clock):
    after(events, START + 59 * MINUTE, accelerated=True)
    assert after(events, START + 60 * MINUTE, accelerated=True) == []
    clock.advance(REPORT_EVERY)
    assert len(assets_of(after(events, START + 120 * MINUTE, accelerated=True))) == ASSETS


def test_the_end_of_a_day_is_written_without_a_run(events, runless):
    after(events, MIDNIGHT - MINUTE)
    told = after(events, MIDNIGHT)
    assert events.day_ended
    assert assets_of(told) == []
    assert len(checks_of(told)) == len(CHECKS)
    assert len(runless) == ASSETS
    assert {e.partition for e in runless} == {DAY} == {c.partition for c in told}


def test_a_day_whose_last_minutes_were_missed_is_ended_by_the_next_minute(events, runless):
    after(events, MIDNIGHT - 7 * MINUTE)
    after(events, MIDNIGHT + 2 * MINUTE)
    assert {e.partition for e in runless} == {DAY}


def test_the_next_day_begins_quietly(events, runless):
    after(events, MIDNIGHT - MINUTE)
    after(events, MIDNIGHT)
    assert after(events, MIDNIGHT + MINUTE) == []
    assert not events.day_ended
    assert len(runless) == ASSETS


def test_a_successor_that_begins_with_midnight_ends_the_day(events, runless):
    told = after(events, MIDNIGHT)
    assert events.day_ended
    assert len(checks_of(told)) == len(CHECKS)
    assert {e.partition for e in runless} == {DAY}


def test_minutes_decided_before_are_not_told_again(events, runless):
    before = replace(report(MIDNIGHT), missed=DECIDED_BEFORE)
    assert list(events.after(before, accelerated=False)) == []
    assert runless == []
    assert len(assets_of(after(events, MIDNIGHT + MINUTE))) == ASSETS


def test_the_end_of_a_day_that_was_not_written_is_written_a_minute_later(events, runless):
    after(events, MIDNIGHT - MINUTE)
    stops = events.after(report(MIDNIGHT), accelerated=False)
    next(stops)
    stops.close()
    assert runless == []
    after(events, MIDNIGHT + MINUTE)
    assert len(runless) == ASSETS
    assert {e.partition for e in runless} == {DAY}


def test_what_is_handed_to_the_run_is_counted_and_what_is_not_is_not(events):
    after(events, MIDNIGHT - MINUTE)
    first = ASSETS + len(CHECKS)
    assert events.count == first
    after(events, MIDNIGHT)
    assert events.count == first + len(CHECKS)


def test_a_failing_check_does_not_fail_the_run_of_the_loop(events):
    for check in checks_of(after(events, START + MINUTE)):
        assert not check.blocking


@pytest.mark.slow
def test_a_decision_is_one_small_event_at_the_market_s_own_pace(events, warehouse):
    loop = BtcLoop(
        made_up_feed(121), warehouse, SystemClock(), BtcProgram(), LoopOptions("x", max_cycles=1)
    )
    (decided,) = [r for r in loop.run() if r.decision]
    after(events, decided.as_of - MINUTE)
    (event,) = events.after(decided, accelerated=False)
    assert event.partition == day_key(decided.decision.open_time)
    assert set(event.metadata) == {"cycle_id", "verdict", "score", "blocked_by", "equity"}
    assert event.metadata == minute_event(decided.decision).metadata
    assert len(repr(event.metadata)) < 1000
    assert list(events.after(decided, accelerated=True)) == []
