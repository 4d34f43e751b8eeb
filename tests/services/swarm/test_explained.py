"""Whoever was heard, what a decision read is told from the store."""

import pytest

from babingepet.cycles.settings import BtcSettings, override
from babingepet.market.intervals import MINUTE
from babingepet_resources.warehouse import blobs, history
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, LoopOptions
from babingepet_services.explain.decision import decision_story
from babingepet_services.swarm.rounds import hold
from scripts.bench.common.market import START
from tests.fakes import FakeClock
from tests.services.conftest import EAGER, made_up_feed
from tests.services.swarm.seats import DECIDED, SOURCE, SYMBOL, RealFeed

FIRST = START + MINUTE


@pytest.fixture
def database(databases, connect, tmp_path):
    """Of the kind that this run is about."""
    return connect(databases.upgraded(tmp_path))


def decide_by_rules(database, minutes):
    program = BtcProgram(settings=override(BtcSettings(), EAGER))
    options = LoopOptions("rules", limits=database.limits)
    feed = made_up_feed(minutes, RealFeed)
    list(BtcLoop(feed, database, FakeClock(START + minutes * MINUTE), program, options).run())


def newest_story(database):
    with database.reading() as connection:
        newest = history.last_decision(connection, "paper", SYMBOL, SOURCE)
        return decision_story(connection, "paper", newest.cycle_id)


def test_rules_and_models_that_were_asked_about_one_moment_keep_their_own_words(
    seats, server, database
):
    """A loop without the key beside a program with it."""
    decide_by_rules(database, 1)
    assert hold(seats(seconds_later=(FIRST - DECIDED) / 1_000 + 5)).as_of == FIRST
    asked = newest_story(database)
    assert [one["kind"] for one in asked["reasoning"] if "swarm" in one["kind"]] == [
        "swarm", "swarm_rules",
    ]  # fmt: skip
    decide_by_rules(database, 2)
    heard = newest_story(database)["analysts"]
    assert (heard["round"]["provider"], heard["round"]["as_of"]) == ("openrouter", FIRST)
    assert {one["provider"] for one in heard["round"]["answers"]} == {"openrouter"}
    assert len(heard["round"]["answers"]) == 9
    assert heard["round"]["memory"]["text"] == "nothing is remembered yet"
    with database.reading() as connection:
        for digest, told in heard["texts"].items():
            assert blobs.get(connection, digest) == told["text"].encode()
    assert len(heard["texts"]) == 9 + 1


def test_of_a_decision_whose_inputs_are_not_stored_no_round_is_guessed(database):
    decide_by_rules(database, 2)
    assert newest_story(database)["analysts"]["round"]["provider"] == "rules"
    with database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM cycle_inputs")
    heard = newest_story(database)["analysts"]
    assert (heard["heard"], heard["round"]) == (True, None)
    assert heard["why_no_round"] == "what the decision read is not stored"
