"""Checks of the memory against the warehouse: what each lets pass, and what it says otherwise."""

from contextlib import closing

import pytest

from babingepet.market.intervals import DAY, day_key
from babingepet_resources.hippocampus.store import Hippocampus
from babingepet_resources.settings import load_settings
from babingepet_services.btc_day.day import DayScope
from babingepet_services.btc_day.warning_checks import evaluate
from babingepet_services.memory.checks import CHECKS, NO_FILE
from babingepet_services.memory.day import describe_chronicles, describe_engrams
from tests.databases import tamper
from tests.fakes import FakeClock
from tests.resources.warehouse import builders as b
from tests.services.memorable import decide, decide_a_day

MINUTES = 1_440
CLOCK = FakeClock(b.START + 999 * DAY)
BY_NAME = {check.name: check for check in CHECKS}
SATURDAY = day_key(b.START)


@pytest.fixture
def settings(tmp_path):
    return load_settings(data_dir=tmp_path / "data", market="recorded")


@pytest.fixture
def scope(warehouse):
    """A day that is over, of which nothing is remembered yet."""
    decide_a_day(warehouse)
    decide(warehouse, MINUTES)
    return DayScope(warehouse, b.SYMBOL, b.SOURCE, SATURDAY)


@pytest.fixture
def found(scope, settings):
    def check(name):
        return evaluate(BY_NAME[name], scope, settings, CLOCK)

    return check


@pytest.fixture
def remembered(scope, settings):
    describe_engrams(scope, settings, CLOCK)
    describe_chronicles(scope, settings, CLOCK)
    return scope


def test_without_a_memory_every_check_warns_and_makes_none(found, settings):
    for name in BY_NAME:
        record = found(name)
        assert (record.passed, record.severity, record.detail) == (False, "WARN", NO_FILE)
        assert not record.blocking
    assert not settings.memory_file("recorded").exists()


def test_a_day_that_is_remembered_as_it_is_stored_passes(remembered, found):
    assert {name: found(name).detail for name in BY_NAME} == {
        "facts_are_remembered": "5 of 5 facts are remembered",
        "memory_agrees": "5 of 5 remembered facts are those of the warehouse",
        "story_agrees": "the story of the day is that of the warehouse",
    }
    assert all(found(name).passed for name in BY_NAME)


def test_a_fact_that_came_after_the_day_was_remembered_is_missing(remembered, found):
    decide(remembered.database, 20, "SELL", ["GRADE"])
    record = found("facts_are_remembered")
    assert not record.passed
    assert record.detail == (
        "5 of 6 facts are remembered; the first that is missing: paper:btc-20250510T0020Z"
    )
    assert found("memory_agrees").passed


def test_a_day_that_is_not_over_may_have_facts_that_are_not_remembered_yet(warehouse, settings):
    decide_a_day(warehouse)
    scope = DayScope(warehouse, b.SYMBOL, b.SOURCE, SATURDAY)
    describe_engrams(scope, settings, CLOCK)
    decide(warehouse, 20, "SELL", ["GRADE"])
    record = evaluate(BY_NAME["facts_are_remembered"], scope, settings, CLOCK)
    assert record.passed
    assert record.detail.startswith("5 of 6 facts are remembered; the day is not over before ")
    assert evaluate(BY_NAME["story_agrees"], scope, settings, CLOCK).passed


@pytest.mark.parametrize(("days", "passes"), [(27, False), (29, True)])
def test_only_what_is_old_may_have_been_forgotten(remembered, found, settings, days, passes):
    """Words that were almost gone are as weak as 0.2 after a fact, and gone 28 days later."""
    decide(remembered.database, days * MINUTES)
    with closing(Hippocampus(settings.memory_file("recorded"))) as store:
        kept = store.trigger_decay(now=b.START + 60 * DAY).kept
    assert kept == 1  # the trade
    record = found("facts_are_remembered")
    assert record.passed is passes
    assert record.detail.startswith("1 of 5 facts are remembered")
    assert (", 4 were forgotten" in record.detail) is passes


def test_a_trade_is_never_forgotten(remembered, found, settings):
    settings.memory_file("recorded").unlink()
    with closing(Hippocampus(settings.memory_file("recorded"))) as store:
        store.health_check()
    decide(remembered.database, 99 * MINUTES)
    record = found("facts_are_remembered")
    assert not record.passed
    assert record.detail.endswith("4 were forgotten; the first that is missing: paper:position-1")


def test_a_fact_that_was_mended_in_the_warehouse_is_told_with_its_new_words(remembered, found):
    short = "UPDATE crypto_sim_positions SET side = 'SHORT' WHERE shadow = false"
    assert tamper(remembered.database, short) == 1
    record = found("memory_agrees")
    assert not record.passed
    assert record.detail.startswith("4 of 5 remembered facts are those of the warehouse; the first")
    assert "paper:position-1, now: " in record.detail
    assert found("facts_are_remembered").passed


def test_a_day_that_is_over_and_was_not_told_fails(scope, found, settings):
    describe_engrams(scope, settings, CLOCK)
    record = found("story_agrees")
    assert (record.passed, record.detail) == (
        False, "the day has no story: materialize memory/chronicles",
    )  # fmt: skip


def test_a_story_that_would_be_told_otherwise_now_fails_with_both_sentences(remembered, found):
    decide(remembered.database, 20)
    record = found("story_agrees")
    assert not record.passed
    assert "not 'Decided 10 minutes: BUY 4, HOLD 4, STRONG_BUY 2.'" in record.detail
    assert "but 'Decided 11 minutes: HOLD 5, BUY 4, STRONG_BUY 2.'" in record.detail
