"""What may be spent: the most a call can cost is held against every limit before it is made."""

from decimal import Decimal

import pytest

from babingepet.market.intervals import DAY, HOUR
from babingepet_resources.clients.openrouter.catalogue import most_cost
from babingepet_resources.clients.openrouter.values import Status
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse.records import Spent
from babingepet_services.swarm.budget import Budget, periods
from babingepet_services.swarm.values import Stop
from tests.fakes import FakeClock
from tests.services.swarm.questions import AS_OF, question

A = "openai/gpt-4o-mini"
MOST = most_cost(question("a").call(A, structured=True))
COST = Decimal("0.0001584")
WIDE = Decimal(1_000)


@pytest.fixture
def database(warehouse_url, connect):
    """Of the kind that this run is about: what both kinds do is under test elsewhere."""
    return connect(warehouse_url)


def budget(**limits):
    return Budget(**({"cycle": WIDE, "day": WIDE, "month": WIDE} | limits))


def spent(cycle="0", day="0", month="0"):
    return Spent(Decimal(cycle), Decimal(day), Decimal(month))


@pytest.mark.parametrize(
    ("so_far", "name", "figures"),
    [
        (spent(cycle="0.96"), "round", ("1 USD", "0.96 USD", "0.05 USD")),
        (spent(day="1.96"), "day", ("2 USD", "1.96 USD", "0.05 USD")),
        (spent(month="2.96"), "month", ("3 USD", "2.96 USD", "0.05 USD")),
    ],
)
def test_the_sentence_names_the_limit_and_the_figures(so_far, name, figures):
    limits = Budget(Decimal(1), Decimal(2), Decimal(3))
    sentence = limits.refusal(so_far, Decimal("0.05"))
    assert sentence.startswith(f"The budget of the {name} is ")
    assert all(figure in sentence for figure in figures)
    assert limits.refusal(so_far, Decimal("0.04")) is None


def test_without_a_word_from_the_user_the_limits_are_5_cents_1_dollar_and_20():
    assert Budget.of(load_settings()) == Budget(Decimal("0.05"), Decimal(1), Decimal(20))


@pytest.mark.parametrize(
    ("limit", "days", "status"),
    [
        ("cycle", 0, Stop.BUDGET),
        ("day", 0, Stop.BUDGET),
        ("month", 0, Stop.BUDGET),
        ("cycle", 1, Status.ANSWERED),
        ("day", 1, Status.ANSWERED),
        ("month", 1, Stop.BUDGET),
        ("month", 16, Stop.BUDGET),
        ("month", 17, Status.ANSWERED),
    ],
)
def test_at_a_limit_nobody_is_asked_until_its_period_is_over(ask, server, limit, days, status):
    """The clock says 14 November: 17 days later it is December."""
    clock = FakeClock(AS_OF)
    server.script(A, "no usage")
    limits = budget(**{limit: MOST * 2 - Decimal("1e-8")})
    assert ask(question("a"), clock=clock, budget=limits)["a"].status is Status.ANSWERED
    clock.advance(days * DAY / 1_000)
    reply = ask(question("b", minute=days), clock=clock, budget=limits)["b"]
    assert reply.status is status
    assert server.count(A) == 1 + (status is Status.ANSWERED)
    if status is Stop.BUDGET:
        assert f"{MOST} USD are spent or reserved" in reply.detail


def test_the_known_cost_takes_the_place_of_the_reservation(ask):
    limits = budget(day=MOST + 2 * COST)
    statuses = [ask(question(name), budget=limits)[name].status for name in "abcd"]
    assert statuses == [Status.ANSWERED] * 3 + [Stop.BUDGET]
    assert MOST > COST  # three reservations would not have fitted


def test_a_bill_beyond_the_reservation_is_booked_as_it_is_and_stops_what_follows(
    ask, calls, server
):
    server.script(A, "x100", "fine")
    limits = budget(day=Decimal(1))
    assert ask(question("a"), budget=limits)["a"].status is Status.ANSWERED
    (call,) = calls()
    assert (call.cost_usd, call.reserved_usd) == (Decimal(5), MOST)
    reply = ask(question("b"), budget=limits)["b"]
    assert (reply.status, server.count(A)) == (Stop.BUDGET, 1)
    assert "5.00000000 USD are spent" in reply.detail


def test_a_storm_that_costs_nothing_uses_up_nothing(ask, calls, server):
    server.script(A, "429", "429", "fine")
    limits = budget(day=MOST)
    assert ask(question("a"), budget=limits)["a"].status is Status.RATE_LIMITED
    assert len(calls()) == 2
    assert ask(question("b"), budget=limits)["b"].status is Status.ANSWERED


def test_the_day_and_the_month_are_those_of_utc():
    day, month = periods(AS_OF)
    assert (AS_OF - day) == 22 * HOUR + 14 * 60_000
    assert (day - month) == 13 * DAY
