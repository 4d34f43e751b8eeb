import pytest
from sqlalchemy import select

from babingepet.errors import InputError
from babingepet_resources.warehouse import context_feeds, etf_flows, news, swarm
from babingepet_resources.warehouse.records import InsertOutcome
from babingepet_resources.warehouse.tables import context_feeds as table
from tests.resources.warehouse.builders import START
from tests.resources.warehouse.context_builders import MARKET, check, headline, told, verdict

ALWAYS = START * 2


def last_ok(connection, *, name="news", market=MARKET, known_until=ALWAYS):
    return context_feeds.last_ok(connection, name, market, known_until=known_until)


def test_a_feed_nobody_asked_never_answered(database):
    with database.writing() as connection:
        assert context_feeds.note(connection, []) == InsertOutcome()
        assert last_ok(connection) is None
        assert context_feeds.present(connection, MARKET) == frozenset()


def test_the_last_answer_is_the_newest_that_was_one(database):
    checks = [check(5), check(0), check(9, ok=False, detail="HTTP 503")]
    with database.writing() as connection:
        assert context_feeds.note(connection, checks) == InsertOutcome(written=3)
        assert last_ok(connection) == check(5).checked_at


def test_an_answer_of_later_is_not_known_yet(database):
    with database.writing() as connection:
        context_feeds.note(connection, [check(0), check(5)])
        later = check(5).checked_at
        assert last_ok(connection, known_until=later - 1) == START
        assert last_ok(connection, known_until=later) == later
        assert last_ok(connection, known_until=START - 1) is None


def test_feeds_and_markets_never_meet(database):
    with database.writing() as connection:
        context_feeds.note(connection, [check(0), check(1, name="swarm"), check(2, market="ETH")])
        assert last_ok(connection) == START
        assert last_ok(connection, name="swarm") == check(1).checked_at
        assert last_ok(connection, market="ETH") == check(2).checked_at


def test_a_check_is_noted_once_and_its_contradiction_counted(database):
    with database.writing() as connection:
        context_feeds.note(connection, [check(0)])
        outcome = context_feeds.note(connection, [check(0), check(0, ok=False), check(1)])
        assert outcome == InsertOutcome(written=1, already_there=1, conflicts=1)
        assert last_ok(connection, known_until=START) == START


@pytest.mark.parametrize(
    ("file", "there"),
    [
        (lambda c: etf_flows.insert(c, [told()]), "etf_flow"),
        (lambda c: news.insert(c, [headline()]), "news"),
        (lambda c: swarm.insert(c, [verdict()]), "swarm"),
        (lambda c: context_feeds.note(c, [check()]), "news"),
    ],
)
def test_a_feed_is_present_once_it_left_a_row_or_answered(database, file, there):
    with database.writing() as connection:
        file(connection)
        assert context_feeds.present(connection, MARKET) == {there}
        assert context_feeds.present(connection, "ETH") == frozenset()


def test_every_feed_may_be_present_at_once(database):
    with database.writing() as connection:
        etf_flows.insert(connection, [told(0), told(1)])
        news.insert(connection, [headline("a"), headline("b")])
        swarm.insert(connection, [verdict(0), verdict(20)])
        assert context_feeds.present(connection, MARKET) == {"etf_flow", "news", "swarm"}


def test_a_feed_that_only_ever_failed_is_not_present(database):
    with database.writing() as connection:
        context_feeds.note(connection, [check(ok=False), check(1, name="fear_greed")])
        assert context_feeds.present(connection, MARKET) == frozenset()


def test_the_reason_of_a_failure_is_stored_as_one_plain_line(database):
    said = "HTTP 500:\r\n<html>\x00\x1b[2J" + "x" * 1_000
    with database.writing() as connection:
        context_feeds.note(connection, [check(ok=False, detail=said)])
        stored = connection.execute(select(table.c.detail)).scalar_one()
    assert stored == ("HTTP 500: <html> [2J" + "x" * 1_000)[:500]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "name is ''"),
        ({"market": "a\x00"}, "market is"),
        ({"checked_at": float("nan")}, "checked_at is nan"),
        ({"checked_at": START * 1_000_000}, "checked_at is"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_its_field(database, changes, said):
    with database.writing() as connection:
        with pytest.raises(InputError, match=f"context_feeds: {said}"):
            context_feeds.note(connection, [check(5), check(**changes)])
        assert last_ok(connection) is None
