"""The loop waits for no model: minutes are decided while a round is held open by its models.

Nothing is timed: the scripted server holds its answers back until the minutes are decided.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from babingepet.market.intervals import MINUTE
from babingepet_resources.warehouse import gaps, history, predictions, swarm_calls
from babingepet_resources.warehouse.limits import ORDINARY
from babingepet_services.swarm.rounds import hold
from tests.services.swarm.seats import DECIDED, MODELS, SYMBOL, decide
from tests.services.swarm.seats import MINUTES as BEFORE

pytestmark = pytest.mark.slow

BESIDE = 12
"""Minutes that are decided while the models hold back."""
AT_ONCE = {"momentum": "429", "contrarian": "10 MB", "macro_sage": "200 error", "gpt": "404"}
"""Ends that come while the others are held: what they write is written beside decisions too."""
HELD = sorted(set(MODELS) - set(AT_ONCE))
IMPATIENT = replace(ORDINARY, lock=0.2)
"""A loop that gives up when anybody holds its lock for longer than a moment."""


@pytest.fixture
def url(decided_url, databases, tmp_path):
    return databases.copy_of(decided_url, tmp_path)


@pytest.fixture
def database(url, connect):
    """Where the round writes."""
    return connect(url)


@pytest.fixture
def loop_database(url, connect):
    """The same warehouse, where the loop writes."""
    return connect(url, limits=IMPATIENT)


def wait_for(holds):
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "the models were not asked"
        time.sleep(0.01)


def told(database):
    with database.reading() as connection:
        decisions = history.decisions(connection, "paper", SYMBOL, DECIDED, 2**60)
        missed = gaps.read(connection, SYMBOL, 0, 2**60, feed="decision")
        calls = swarm_calls.of_round(connection, "BTC", DECIDED)
        answers = predictions.between(connection, "BTC", DECIDED, DECIDED + 1)
    return [one for one in decisions if one.as_of > DECIDED], missed, calls, answers


def test_minutes_are_decided_while_models_hold_their_answers_back(
    seats, server, database, loop_database
):
    for agent, model in MODELS.items():
        server.script(model, AT_ONCE.get(agent, "held"))
    table = seats(attempt_s=120.0)
    with ThreadPoolExecutor(1) as beside:
        held = beside.submit(hold, replace(table, seconds=120.0))
        try:
            wait_for(lambda: {MODELS[one] for one in HELD} <= set(server.counts()))
            decide(loop_database, BEFORE + BESIDE)
            decisions, missed, calls, answers = told(loop_database)
            assert not held.done(), "the round still waits"
            assert server.at_once >= len(HELD), "for requests that are still open"
        finally:
            server.released.set()
        assert held.result().came == "asked"
    assert [one.as_of for one in decisions] == [
        DECIDED + n * MINUTE for n in range(1, BESIDE + 1)
    ], "every minute, in order, once"
    assert missed == []
    assert answers == [], "a round is written when it is over"
    assert {one.agent for one in calls if one.status == "in_flight"} >= set(HELD)
    assert all(said(one).get("provider") is None for one in decisions), "nothing was known yet"
    decide(loop_database, BEFORE + BESIDE + 1)
    decisions, missed, calls, answers = told(loop_database)
    assert said(decisions[-1])["provider"] == "openrouter", "the next one hears them"
    assert missed == []
    assert sorted(one.agent for one in answers if one.state == "vote") == HELD


def said(decision):
    """What a decision read of the analysts."""
    return json.loads(decision.payload)["raw"].get("ai_consensus") or {}


def test_an_open_request_holds_no_lock_that_another_writer_would_wait_for(
    seats, server, database, loop_database
):
    server.script(MODELS["gpt"], "held")
    table = seats(attempt_s=120.0)
    with ThreadPoolExecutor(1) as beside:
        held = beside.submit(hold, replace(table, seconds=120.0))
        try:
            wait_for(lambda: server.at_once == 1 and server.counts()[MODELS["gpt"]] == 1)
            with loop_database.writing() as connection:
                swarm_calls.lock(connection)  # the one that reserving and settling take
            assert not held.done()
        finally:
            server.released.set()
        assert held.result().came == "asked"
