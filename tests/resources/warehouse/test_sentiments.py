"""Scores of headlines: one a moment, with a reason in the place of one, and never changed."""

from dataclasses import replace

import pytest

from babingepet.errors import InputError
from babingepet_resources.warehouse import news, sentiments
from babingepet_resources.warehouse.records import InsertOutcome
from tests.resources.warehouse.builders import START
from tests.resources.warehouse.context_builders import MARKET, headline, tone

ALWAYS = START * 2
SILENT = {"score": None, "reason": "stale", "weight": None, "headlines": None}


def latest(connection, known_until=ALWAYS, market=MARKET):
    return sentiments.latest(connection, market, known_until=known_until)


def test_a_score_comes_back_as_it_was_stored(database):
    with database.writing() as connection:
        assert latest(connection) is None
        assert sentiments.insert(connection, [tone()]) == InsertOutcome(written=1)
        assert latest(connection) == tone()
        assert latest(connection, market="IHSG") is None


def test_unavailable_is_a_reason_and_no_numbers(database):
    with database.writing() as connection:
        sentiments.insert(connection, [tone(1, **SILENT), tone(0)])
        assert latest(connection) == tone(1, **SILENT)


def test_a_score_is_not_seen_before_it_was_known(database):
    with database.writing() as connection:
        sentiments.insert(connection, [tone(0), tone(5)])
        assert latest(connection, known_until=tone(5).known_at) == tone(5)
        assert latest(connection, known_until=tone(5).known_at - 1) == tone(0)


def test_a_stored_score_stays_and_another_one_is_a_conflict(database):
    again = [tone(), tone(score=0.5)]
    with database.writing() as connection:
        sentiments.insert(connection, [tone()])
        outcomes = [sentiments.insert(connection, [one]) for one in again]
        assert outcomes == [InsertOutcome(already_there=1), InsertOutcome(conflicts=1)]
        assert latest(connection) == tone()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"score": 1.5}, "score is 1.5"),
        ({"score": float("nan")}, "score is nan"),
        ({"score": None}, "either a score or a reason"),
        ({"reason": "stale"}, "either a score or a reason"),
        ({"known_at": START - 1}, "known_at is"),
        ({"method": ""}, "method is ''"),
    ],
)
def test_a_score_that_cannot_be_true_is_refused(database, changes, reason):
    with database.writing() as connection, pytest.raises(InputError, match=reason):
        sentiments.insert(connection, [tone(), replace(tone(1), **changes)])


def test_what_is_stored_is_known_by_its_id(database):
    batch = [headline(f"story {number}") for number in range(1_200)]
    with database.writing() as connection:
        news.insert(connection, batch[:700])
        assert news.stored(connection, []) == frozenset()
        found = news.stored(connection, [one.id for one in batch])
    assert found == {one.id for one in batch[:700]}


def test_who_read_the_headlines_is_told_of_those_that_count(database):
    with database.writing() as connection:
        news.insert(
            connection,
            [
                headline("a", method="model"),
                headline("b"),
                headline("c"),
                headline("unread", polarity=None, relevance=None, method="nobody"),
                headline("later", minute=9, method="late"),
                headline("elsewhere", market="IHSG", method="other"),
            ],
        )
        told = news.methods(connection, MARKET, START, START + 600_000, known_until=START + 60_000)
    assert told == ("lexicon", "model")
