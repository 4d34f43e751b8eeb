"""The ledger of calls: written before, settled once, added up exactly."""

from dataclasses import replace
from decimal import Decimal

import pytest

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, MINUTE
from babingepet_resources.warehouse import swarm_calls
from babingepet_resources.warehouse.records import Spent
from tests.resources.warehouse.builders import START
from tests.resources.warehouse.swarm_builders import MARKET, PROMPT, call, end

NOW = START + 10 * MINUTE
AGE = 5 * MINUTE


def begin(connection, *calls):
    for one in calls:
        swarm_calls.begin(connection, one)


def spent(connection, *, as_of=START, day=0, month=0):
    return swarm_calls.spent(connection, MARKET, as_of, day=day, month=month)


def of_round(connection, as_of=START):
    return swarm_calls.of_round(connection, MARKET, as_of)


def test_a_call_is_there_before_it_ends_and_whole_afterwards(database):
    with database.writing() as connection:
        begin(connection, call())
    with database.writing() as connection:
        assert of_round(connection) == [call()]
        assert swarm_calls.settle(connection, call().key, end())
    with database.reading() as connection:
        assert of_round(connection) == [replace(call(), **vars(end()))]


def test_a_call_is_settled_once(database):
    with database.writing() as connection:
        begin(connection, call())
        assert swarm_calls.settle(connection, call().key, end())
        assert not swarm_calls.settle(connection, call().key, end("timeout"))
        assert not swarm_calls.settle(connection, call("nobody").key, end())
        assert of_round(connection)[0].status == "answered"


def test_a_call_that_was_given_up_may_still_come_in(database):
    with database.writing() as connection:
        begin(connection, call())
        swarm_calls.abandon(connection, MARKET, START, ["momentum"], now=NOW, age=AGE)
        assert of_round(connection)[0].status == "possibly_billed"
        assert swarm_calls.settle(connection, call().key, end())
        assert of_round(connection)[0].cost_usd == Decimal("0.0001584")


def test_calls_of_the_round_that_begins_again_and_of_dead_programs_are_given_up(database):
    ours, others = call("momentum"), call("macro_sage")
    done, next_door = call("done"), call("momentum", market="ETH")
    fresh = call("momentum", minute=6)
    old, ancient = call("momentum", minute=-20), call("momentum", minute=-60 * 24 * 40)
    with database.writing() as connection:
        begin(connection, ours, others, done, next_door, fresh, old, ancient)
        swarm_calls.settle(connection, done.key, end())
        given_up = swarm_calls.abandon(
            connection, MARKET, START, ["momentum", "done"], now=START + 2 * MINUTE, age=AGE
        )
        assert given_up == 2
        statuses = {one.agent: one.status for one in of_round(connection)}
        assert statuses == {
            "momentum": "possibly_billed", "macro_sage": "in_flight", "done": "answered"
        }  # fmt: skip
        assert of_round(connection, old.as_of)[0].status == "possibly_billed"
        assert of_round(connection, fresh.as_of)[0].status == "in_flight"


def test_a_reservation_counts_until_the_cost_is_known(database):
    with database.writing() as connection:
        begin(connection, call("a"), call("b"), call("c"), call("d"))
        swarm_calls.settle(connection, call("a").key, end())
        swarm_calls.settle(connection, call("b").key, end("timeout", cost_usd=None))
        swarm_calls.settle(connection, call("c").key, end("rate_limited", cost_usd=Decimal(0)))
        total = Decimal("0.0001584") + Decimal("0.01") + 0 + Decimal("0.01")
        assert spent(connection) == Spent(total, total, total)


def test_rounds_days_and_months_are_added_up_apart(database):
    begun = {"today": 0, "in this round, yesterday": -60, "last month": -60 * 24 * 20}
    with database.writing() as connection:
        for name, minute in begun.items():
            one = call(name, minute=minute)
            begin(connection, one if minute < -60 else replace(one, as_of=START))
        begin(connection, call("of another market", market="ETH"))
        cents = Decimal("0.01")
        found = spent(connection, day=START, month=START - DAY)
        assert found == Spent(2 * cents, 2 * cents, 3 * cents)
        # on the first of a month its day is the longer of the two that is asked for
        assert spent(connection, day=START - DAY, month=START).day == 3 * cents


def test_many_small_sums_add_up_to_the_last_digit(database):
    """In floats the sum of these is off by some 1e-12, and on SQLite they are text."""
    with database.writing() as connection:
        for number in range(300):
            begin(connection, call(attempt=number + 1, reserved_usd=Decimal("0.00000001") * number))
        begin(connection, call("dear", reserved_usd=Decimal("999999.12345678")))
        assert spent(connection).cycle == Decimal("999999.12390528")


def test_attempts_are_numbered_by_agent_and_round(database):
    with database.writing() as connection:
        begin(connection, call(attempt=1), call(attempt=2), call("other", attempt=7))
        assert swarm_calls.next_attempt(connection, MARKET, START, "momentum") == 3
        assert swarm_calls.next_attempt(connection, MARKET, START, "nobody") == 1
        assert swarm_calls.next_attempt(connection, "ETH", START, "momentum") == 1


def test_an_end_is_found_by_agent_round_and_prompt_and_an_answer_before_any_other(database):
    def found(agent="momentum", as_of=START, prompt=PROMPT, statuses=("answered", "refused")):
        one = swarm_calls.concluded(connection, MARKET, as_of, agent, prompt, statuses)
        return one and one.attempt

    with database.writing() as connection:
        begin(connection, call(attempt=1), call(attempt=2), call(attempt=3), call(attempt=4))
        assert found() is None
        for attempt, status in ((2, "timeout"), (3, "refused"), (4, "answered")):
            swarm_calls.settle(connection, call(attempt=attempt).key, end(status))
        assert found() == 4
        assert found(statuses=["refused"]) == 3
        assert found(agent="other") is None
        assert found(as_of=START + 1) is None
        assert found(prompt="c" * 64) is None


def test_spending_is_told_by_agent_and_model(database):
    with database.writing() as connection:
        begin(connection, call("a"), call("a", 2), call("b"), call("a", minute=60))
        swarm_calls.settle(connection, call("a").key, end())
        swarm_calls.settle(connection, call("a", 2).key, end(cost_usd=None, cached_tokens=None))
        one, other = swarm_calls.spend(connection, START, START + 60 * MINUTE)
    assert (one.agent, one.calls, one.answered) == ("a", 2, 2)
    assert (one.prompt_tokens, one.completion_tokens, one.cached_tokens) == (270, 80, 100)
    assert (one.cost_usd, one.unsettled_usd) == (Decimal("0.0001584"), Decimal("0.01"))
    assert (other.agent, other.answered, other.cost_usd) == ("b", 0, Decimal(0))


@pytest.mark.parametrize(
    "change", [{"market": ""}, {"agent": "a\n"}, {"as_of": -1}, {"model": "x" * 201}]
)
def test_a_row_without_a_name_or_a_time_is_refused(sqlite_database, change):
    with (
        pytest.raises(InputError, match=next(iter(change))),
        sqlite_database.writing() as connection,
    ):
        begin(connection, call(**change))
