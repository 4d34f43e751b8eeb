"""Checks beside the market: what passes, at which minute it ceases to, and what is said."""

import pytest

from babingepet.market.intervals import DAY, HOUR, MINUTE, day_key
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import context_feeds, etf_flows, sentiments
from babingepet_resources.warehouse.records import (
    EtfFlowRecord,
    FeedCheckRecord,
    SentimentRecord,
)
from babingepet_services.btc_day.context_checks import CHECKS
from babingepet_services.btc_day.day import DayScope
from babingepet_services.btc_day.warning_checks import evaluate
from tests.fakes import FakeClock

FRIDAY = 1_790_294_400_000
"""2026-09-25 00:00 UTC."""
MONDAY = FRIDAY + 3 * DAY
NOON = FRIDAY + 12 * HOUR
NEWS, TONE, FLOWS = CHECKS
URL = "http://127.0.0.1:9"


@pytest.fixture
def find(warehouse, tmp_path):
    def found(check, now, day=None, **given):
        scope = DayScope(warehouse, "BTCUSDT", "binance", day or day_key(now))
        settings = load_settings(**({"data_dir": tmp_path, "etf_flows_url": URL} | given))
        return evaluate(check, scope, settings, FakeClock(now))

    return found


def asked(warehouse, at, *, ok, detail="x"):
    for name in ("news", "etf_flow"):
        check = FeedCheckRecord(name, "BTC", at, ok=ok, detail=detail)
        with warehouse.writing() as connection:
            context_feeds.note(connection, [check])


def scored(warehouse, as_of, score, reason=None):
    record = SentimentRecord("BTC", as_of, "lexicon", score, reason, None, None, as_of)
    with warehouse.writing() as connection:
        sentiments.insert(connection, [record])


def flow(warehouse, day, known_at):
    with warehouse.writing() as connection:
        etf_flows.insert(connection, [EtfFlowRecord("BTC", day, "http", 1e6, known_at)])


def test_a_feed_of_headlines_may_be_silent_for_ninety_minutes(find, warehouse):
    assert find(NEWS, NOON).detail == "the news feed was never asked"
    asked(warehouse, NOON - HOUR, ok=False, detail="down")
    never = find(NEWS, NOON)
    assert not never.passed
    assert never.detail.startswith("the news feed never answered; the last attempt, 2026-09-25T11")
    asked(warehouse, NOON, ok=True)
    assert find(NEWS, NOON + 90 * MINUTE).passed
    asked(warehouse, NOON + HOUR, ok=False, detail="status 500")
    stale = find(NEWS, NOON + 90 * MINUTE + 1)
    assert not stale.passed
    assert stale.detail.startswith("the news feed answered 90 minutes ago; ")
    assert stale.detail.endswith("said: status 500")


def test_a_day_that_is_over_is_judged_as_it_was_at_its_end(find, warehouse):
    asked(warehouse, FRIDAY - HOUR, ok=True)
    asked(warehouse, NOON, ok=True)
    assert find(NEWS, NOON, day=day_key(FRIDAY - DAY)).passed
    assert not find(NEWS, NOON + DAY, day=day_key(FRIDAY)).passed


@pytest.mark.parametrize(
    ("score", "reason", "age", "passes"),
    [
        (0.2, None, 90 * MINUTE, True),
        (0.2, None, 90 * MINUTE + 1, False),
        (None, "stale: x", 0, False),
    ],
)
def test_a_tone_is_current_for_ninety_minutes_if_there_is_one(
    find, warehouse, score, reason, age, passes
):
    assert find(TONE, NOON).detail == "no moment was ever scored"
    scored(warehouse, NOON, score, reason)
    assert find(TONE, NOON + age).passed is passes
    assert (reason or "+0.200") in find(TONE, NOON + age).detail


@pytest.mark.parametrize(
    ("newest", "now", "late"),
    [
        (FRIDAY, FRIDAY + 28 * HOUR, 0),
        (FRIDAY, MONDAY + 27 * HOUR - 1, 0),  # over the weekend nothing is published
        (FRIDAY, MONDAY + 27 * HOUR, 1),  # Monday's flow is known from 03:00 on Tuesday
        (FRIDAY, MONDAY + 51 * HOUR - 1, 1),
        (FRIDAY, MONDAY + 51 * HOUR, 2),
        (MONDAY, MONDAY + HOUR, 0),  # sooner than anyone expects
    ],
)
def test_flows_may_be_one_business_day_late(find, warehouse, newest, now, late):
    flow(warehouse, newest, newest)
    asked(warehouse, newest, ok=False, detail="status 500")
    found = find(FLOWS, now)
    assert f"{late} business days" in found.detail
    assert found.passed is (late <= 1)
    assert ("status 500" in found.detail) is not found.passed


def test_without_any_flow_only_a_feed_that_is_set_is_missed(find, warehouse):
    assert find(FLOWS, NOON, etf_flows_url=None).passed
    assert find(FLOWS, NOON).detail == "no flow is stored; the feed of flows was never asked"
    flow(warehouse, FRIDAY - 7 * DAY, FRIDAY)
    assert not find(FLOWS, NOON, etf_flows_url=None).passed  # an imported one that grew old
