"""What each analyst said, and what became of it: neither ever changes."""

from dataclasses import replace

import pytest

from babingepet.errors import InputError
from babingepet.market.intervals import HOUR, MINUTE
from babingepet_resources.warehouse import predictions
from babingepet_resources.warehouse.records import InsertOutcome
from tests.resources.warehouse.builders import START
from tests.resources.warehouse.swarm_builders import MARKET, outcome, prediction

ALWAYS = START * 2


def resolved(connection, *, agent="momentum", provider="openrouter", known_until=ALWAYS, limit=50):
    found = predictions.resolved(
        connection, MARKET, agent, provider, known_until=known_until, limit=limit
    )
    return [one.as_of for one in found]


def test_answers_come_back_by_round(database):
    votes = [prediction(agent="gpt", reason="a\x00b\nc"), prediction(), prediction(20)]
    silent = prediction(agent="slow", state="timeout", p_up=None, confidence=None, model=None)
    with database.writing() as connection:
        assert predictions.insert(connection, [*votes, silent]) == InsertOutcome(written=4)
        found = predictions.of_round(connection, MARKET, START)
    assert found == [replace(votes[0], reason="a b c"), votes[1], silent]


def test_an_answer_never_changes_and_the_conflict_is_counted(database):
    changes = [
        {"p_up": 0.62}, {"state": "abstain", "p_up": None}, {"confidence": "LOW"}, {"model": "m"},
        {"answer_hash": None}, {"horizon_end": START},
    ]  # fmt: skip
    with database.writing() as connection:
        predictions.insert(connection, [prediction()])
        assert predictions.insert(connection, [prediction()]) == InsertOutcome(0, 1, 0)
        for change in changes:
            changed = replace(prediction(), **change)
            assert predictions.insert(connection, [changed]) == InsertOutcome(0, 0, 1), change
        assert predictions.of_round(connection, MARKET, START) == [prediction()]


@pytest.mark.parametrize(
    "change",
    [{"p_up": 1.7}, {"p_up": float("nan")}, {"p_up": None}, {"state": "timeout"}, {"market": ""},
     {"known_at": START - 1}, {"outcome": 0.1}, {"resolved_at": ALWAYS}, {"model": "a\n"},
     {"horizon_end": -1}],
)  # fmt: skip
def test_what_is_no_answer_is_refused_by_its_field(sqlite_database, change):
    with (
        pytest.raises(InputError, match=next(iter(change))),
        sqlite_database.writing() as connection,
    ):
        predictions.insert(connection, [prediction(20), prediction(**change)])
    with sqlite_database.reading() as connection:
        assert predictions.of_round(connection, MARKET, START + 20 * MINUTE) == []


def test_an_outcome_is_added_to_every_vote_of_its_moment_once(database):
    others = [
        prediction(agent="slow", state="timeout", p_up=None), prediction(symbol="ETHUSDT"),
        prediction(20), prediction(agent="far", horizon_end=START + 2 * HOUR),
    ]  # fmt: skip
    with database.writing() as connection:
        predictions.insert(connection, [prediction(), prediction(agent="gpt"), *others])
        assert predictions.resolve(connection, [outcome()]) == InsertOutcome(written=2)
        assert predictions.resolve(connection, [outcome()]) == InsertOutcome(0, 2, 0)
        assert predictions.resolve(connection, [outcome(value=-0.5)]) == InsertOutcome(0, 0, 2)
        found = predictions.of_round(connection, MARKET, START)
    known = {one.agent: one.outcome for one in found if one.symbol == "BTCUSDT"}
    assert known == {"momentum": 0.01, "gpt": 0.01, "slow": None, "far": None}
    assert {one.outcome for one in found if one.symbol == "ETHUSDT"} == {None}


@pytest.mark.parametrize(
    "change", [{"outcome": float("inf")}, {"outcome": -1.1}, {"resolved_at": START}]
)
def test_what_is_no_outcome_is_refused_by_its_field(sqlite_database, change):
    with (
        pytest.raises(InputError, match=next(iter(change))),
        sqlite_database.writing() as connection,
    ):
        predictions.resolve(connection, [outcome(**change)])


def test_only_what_was_known_at_a_time_counts_for_an_agent(database):
    slow = prediction(40, known_at=START + 5 * HOUR)
    with database.writing() as connection:
        predictions.insert(connection, [prediction(0), prediction(20), slow, prediction(60)])
        predictions.resolve(connection, [outcome(0), outcome(20), outcome(40)])
        assert resolved(connection) == [slow.as_of, START + 20 * MINUTE, START]
        assert resolved(connection, limit=1) == [slow.as_of]
        assert resolved(connection, known_until=START + 5 * HOUR - 1) == [
            START + 20 * MINUTE, START
        ]  # fmt: skip
        assert resolved(connection, known_until=START + 61 * MINUTE) == [START]
        assert resolved(connection, known_until=START + 61 * MINUTE - 1) == []


def test_rules_and_models_under_one_name_have_a_record_each(database):
    with database.writing() as connection:
        predictions.insert(
            connection,
            [prediction(), prediction(20, provider="rules"), prediction(40, agent="gpt")],
        )
        predictions.resolve(connection, [outcome(0), outcome(20), outcome(40)])
        assert resolved(connection) == [START]
        assert resolved(connection, provider="rules") == [START + 20 * MINUTE]


def test_what_waits_for_its_outcome_is_found_when_its_horizon_is_over(database):
    silent = prediction(agent="slow", state="timeout", p_up=None)
    with database.writing() as connection:
        predictions.insert(connection, [prediction(20), prediction(), silent, prediction(40)])
        predictions.resolve(connection, [outcome(20)])

        def waiting(since, until):
            found = predictions.unresolved(connection, MARKET, since=since, until=until)
            return [one.as_of for one in found]

        assert waiting(START, START + HOUR - 1) == []
        assert waiting(START, START + HOUR) == [START]
        assert waiting(START, ALWAYS) == [START, START + 40 * MINUTE]
        assert waiting(START + 1, ALWAYS) == [START + 40 * MINUTE]


def test_a_page_holds_whole_rounds(database):
    batch = [prediction(minute, agent) for minute in (0, 20, 40) for agent in ("a", "b")]
    with database.writing() as connection:
        predictions.insert(connection, [*batch, prediction(60, market="ETH")])

        def page(before, rounds):
            found = predictions.page(connection, MARKET, before=before, rounds=rounds)
            return [((one.as_of - START) // MINUTE, one.agent) for one in found]

        assert page(ALWAYS, 2) == [(40, "a"), (40, "b"), (20, "a"), (20, "b")]
        assert page(START + 20 * MINUTE, 2) == [(0, "a"), (0, "b")]
        assert page(START, 2) == []
