"""A model that fails five times in a row is left alone for an hour, then tried once."""

from decimal import Decimal

import pytest

from babingepet.market.intervals import HOUR
from babingepet_resources.clients.openrouter.values import Attempt, Status, Usage
from babingepet_resources.warehouse import swarm_models
from babingepet_services.swarm import resting
from babingepet_services.swarm.values import Stop
from tests.fakes import FakeClock
from tests.services.swarm.questions import AS_OF, question

A, B = "openai/gpt-4o-mini", "google/gemini-2.5-flash"
NOW = AS_OF


@pytest.fixture
def database(warehouse_url, connect):
    """Of the kind that this run is about: what both kinds do is under test elsewhere."""
    return connect(warehouse_url)


class Book:
    """The rules over one database, with a clock that is told the time."""

    def __init__(self, database) -> None:
        self.database = database

    def ended(self, status, *, model=A, asked_at=None, now=NOW):
        attempt = Attempt(status, "because", usage=Usage(cost=Decimal(0)))
        asked_at = now if asked_at is None else asked_at
        with self.database.writing() as connection:
            resting.note(connection, model, attempt, asked_at=asked_at, now=now)

    def may_ask(self, now=NOW, model=A):
        with self.database.writing() as connection:
            return resting.refusal(connection, model, now) is None

    def row(self, model=A):
        with self.database.reading() as connection:
            return swarm_models.read(connection, [model])


@pytest.fixture
def book(database):
    return Book(database)


def test_four_failures_are_no_reason_and_the_fifth_is(book):
    for _ in range(4):
        book.ended(Status.PROVIDER_ERROR)
    assert book.may_ask()
    book.ended(Status.TIMEOUT)
    assert not book.may_ask(NOW + HOUR - 1)
    assert book.may_ask(model=B)
    (row,) = book.row()
    assert (row.failures, row.open_until, row.reason) == (5, NOW + HOUR, "timeout: because")


def test_an_answer_in_between_forgets_the_failures(book):
    for status in [Status.TIMEOUT] * 4 + [Status.ANSWERED] + [Status.TIMEOUT] * 4:
        book.ended(status)
    assert book.may_ask()


def test_after_its_rest_one_call_tries_it_and_the_others_wait_for_what_comes_of_it(book):
    for _ in range(5):
        book.ended(Status.TIMEOUT)
    later = NOW + HOUR
    assert [book.may_ask(later) for _ in range(3)] == [True, False, False]
    book.ended(Status.ANSWERED, now=later + 5)
    assert [book.may_ask(later + 5) for _ in range(3)] == [True, True, True]


def test_a_trial_that_fails_means_another_hour(book):
    for _ in range(5):
        book.ended(Status.TIMEOUT)
    later = NOW + HOUR
    assert book.may_ask(later)
    book.ended(Status.TIMEOUT, now=later + 9)
    assert not book.may_ask(later + 9 + HOUR - 1)
    assert book.may_ask(later + 9 + HOUR)


def test_a_trial_whose_program_died_is_left_to_the_next_after_a_minute(book):
    for _ in range(5):
        book.ended(Status.TIMEOUT)
    later = NOW + HOUR
    assert book.may_ask(later)
    assert not book.may_ask(later + resting.TRIAL - 1)
    assert book.may_ask(later + resting.TRIAL)


def test_a_trial_that_taught_nothing_is_left_to_the_next_at_once(book):
    for _ in range(5):
        book.ended(Status.TIMEOUT)
    later = NOW + HOUR
    assert book.may_ask(later)
    book.ended(Status.UNSUPPORTED, asked_at=later, now=later + 7)
    assert [book.may_ask(later + 7) for _ in range(2)] == [True, False]


def test_an_answer_that_was_on_its_way_before_the_rest_does_not_end_it(book):
    book.ended(Status.OUT_OF_CREDIT, now=NOW)
    book.ended(Status.ANSWERED, asked_at=NOW - 5, now=NOW + 5)
    assert not book.may_ask(NOW + 5)


def test_our_own_faults_are_not_held_against_a_model(book):
    for status in (Status.UNREACHABLE, Status.UNAUTHORIZED, Status.UNSUPPORTED):
        for _ in range(6):
            book.ended(status)
    assert (book.may_ask(), book.row()) == (True, [])


def test_without_credit_every_model_rests_at_once_until_one_call_goes_through(ask, server):
    clock = FakeClock(AS_OF)
    server.script(A, "402", "fine")
    assert ask(question("a", A), clock=clock)["a"].status is Status.OUT_OF_CREDIT
    reply = ask(question("b", B, A), clock=clock)["b"]
    assert (reply.status, len(server.asked)) == (Stop.RESTING, 1)
    assert "Every model rests" in reply.detail
    assert "Insufficient credits" in reply.detail
    clock.advance(3_600)
    replies = ask(question("c", B), question("d", A), clock=clock, concurrency=1)
    assert {reply.status for reply in replies.values()} == {Status.ANSWERED}


def test_a_resting_model_makes_way_for_the_next_and_five_failures_are_all_it_takes(ask, server):
    clock = FakeClock(AS_OF)
    server.script(A, "503")
    for n in range(4):
        reply = ask(question("a", A, B, minute=n), clock=clock)["a"]
        assert reply.model == B
    assert server.counts() == {A: 5, B: 4}  # the sixth, a second attempt, found it at rest


def test_a_model_that_knows_no_schemas_comes_back_from_its_rest_too(ask, server, book):
    clock = FakeClock(AS_OF)
    for _ in range(5):
        book.ended(Status.TIMEOUT)
    clock.advance(3_600)
    server.script(A, "404 parameter", "fine")
    assert ask(question("a", A), clock=clock)["a"].status is Status.ANSWERED
    assert book.may_ask(clock.now())
