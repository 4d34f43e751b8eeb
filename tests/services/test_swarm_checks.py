"""Whether the analysts' probabilities are what came: a check over a week, one round an hour."""

import numpy as np
import pytest

from babingepet.market.intervals import HOUR, MINUTE, day_key
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import predictions, swarm
from babingepet_services.btc_day.day import DayScope
from babingepet_services.btc_day.swarm_checks import CALIBRATED_OVER, CHECKS, FEWEST_HOURS
from babingepet_services.btc_day.warning_checks import evaluate
from tests.fakes import FakeClock
from tests.resources.warehouse.builders import START
from tests.resources.warehouse.context_builders import verdict
from tests.resources.warehouse.swarm_builders import outcome, prediction

(CHECK,) = [one for one in CHECKS if one.name == "is_calibrated"]
WEEK = CALIBRATED_OVER // HOUR
BY_RULES = {"provider": "rules", "model": None, "prompt_hash": None, "answer_hash": None}


@pytest.fixture
def judge(warehouse):
    """Evaluate the check an hour and a minute after the last of the hours that are stored."""

    def judged(hours, at=None):
        now = START + hours * HOUR + MINUTE if at is None else at
        scope = DayScope(warehouse, "BTCUSDT", "binance", day_key(now))
        settings = load_settings(market="binance", database_url=None)
        return evaluate(CHECK, scope, settings, FakeClock(now))

    return judged


def hold(warehouse, hours, p_up, *, rose):
    """A round every twenty minutes of whose price it is known an hour later whether it rose."""
    rounds = [(minute, rose[minute // 60]) for minute in range(0, hours * 60, 20)]
    with warehouse.writing() as connection:
        swarm.insert(connection, [verdict(minute, p_up=p_up) for minute, _ in rounds])
        predictions.insert(connection, [prediction(minute, **BY_RULES) for minute, _ in rounds])
        told = [outcome(minute, 0.01 if up else -0.01) for minute, up in rounds]
        predictions.resolve(connection, told)


def test_probabilities_that_come_true_as_often_as_they_say_pass(warehouse, judge):
    hold(warehouse, WEEK, 0.6, rose=np.arange(WEEK) % 10 < 6)
    found = judge(WEEK)
    assert found.passed
    assert found.severity == "WARN"
    assert "hours by rules" in found.detail
    assert "Brier score 0.239" in found.detail


def test_probabilities_that_promise_more_than_comes_fail(warehouse, judge):
    hold(warehouse, WEEK, 0.7, rose=np.arange(WEEK) % 10 < 5)
    found = judge(WEEK)
    assert not found.passed
    assert "standard deviations from what was promised" in found.detail


def test_three_rounds_of_an_hour_are_one_that_is_judged(warehouse, judge):
    hold(warehouse, WEEK, 0.7, rose=np.arange(WEEK) % 10 < 5)
    hours = int(judge(WEEK).detail.split()[0])
    assert WEEK - 2 <= hours <= WEEK


def test_too_few_hours_are_not_judged(warehouse, judge):
    hold(warehouse, FEWEST_HOURS - 1, 0.95, rose=np.zeros(FEWEST_HOURS, bool))
    found = judge(FEWEST_HOURS - 1)
    assert found.passed
    assert (
        found.detail == f"{FEWEST_HOURS - 1} hours of the week are resolved, 50 are needed to judge"
    )


def test_an_outcome_counts_from_when_it_was_known(warehouse, judge):
    hold(warehouse, FEWEST_HOURS, 0.95, rose=np.zeros(FEWEST_HOURS, bool))
    known = START + 30 * HOUR + MINUTE
    told = {at: judge(FEWEST_HOURS, at=at).detail.split()[0] for at in (known - 1, known)}
    assert told == {known - 1: "29", known: "30"}
    assert not judge(FEWEST_HOURS).passed
