"""Real programs that ask: killed between two answers, and two at the same moment."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from decimal import Decimal

import pytest

from babingepet.market.intervals import HOUR
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.clients.openrouter.catalogue import most_cost
from babingepet_resources.warehouse import swarm_calls, swarm_models
from tests.conftest import PRODUCT
from tests.services.swarm.questions import AS_OF, MARKET, question

pytestmark = pytest.mark.slow

PROGRAM = [sys.executable, "-m", "tests.services.swarm.asking_program"]
PLENTY = ["1000", "1000", "1000"]


@contextmanager
def program(url, server, *rounds, budget=PLENTY, concurrency=9):
    """A program that is ready to ask; it is gone when the block ends."""
    same = {
        "database_url": url, "api_url": server.url, "budget": budget, "concurrency": concurrency,
    }  # fmt: skip
    orders = [{"questions": questions, **same} for questions in rounds]
    running = subprocess.Popen(
        [*PROGRAM, json.dumps(orders)], cwd=PRODUCT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with running:
        try:
            assert running.stdout.readline() == "ready\n"
            running.stdin.write("\n")
            running.stdin.flush()
            yield running
        finally:
            running.kill()


def ends(running, rounds=2):
    """How often each end came about, in all rounds together."""
    told = [json.loads(running.stdout.readline()) for _ in range(rounds)]
    return Counter(status for one in told for status in one.values())


def wait_until(condition):
    for _ in range(1_000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to pass")


def test_a_program_that_is_killed_between_answers_repeats_only_the_call_that_was_on_its_way(
    url, server, ask, calls, database
):
    agents = {agent: [f"m/{agent}"] for agent in ("a", "b", "c", "d")}
    server.script("m/c", "hang", "fine")
    with program(url, server, agents, concurrency=1) as running:
        wait_until(lambda: server.count("m/c") == 1)
        running.send_signal(signal.SIGKILL)
        assert running.wait(10) == -signal.SIGKILL
    assert [call.status for call in calls()] == ["answered", "answered", "in_flight"]

    replies = ask(*(question(agent, *models) for agent, models in agents.items()))

    assert {reply.status for reply in replies.values()} == {"answered"}
    assert server.counts() == Counter({"m/a": 1, "m/b": 1, "m/c": 2, "m/d": 1})
    known = [(call.agent, call.attempt, call.status) for call in calls()]
    assert known == [
        ("a", 1, "answered"), ("b", 1, "answered"), ("c", 1, "possibly_billed"),
        ("c", 2, "answered"), ("d", 1, "answered"),
    ]  # fmt: skip
    lost = calls()[2]
    assert lost.cost_usd is None
    with database.reading() as connection:
        spent = swarm_calls.spent(connection, MARKET, AS_OF, day=0, month=0)
    assert spent.cycle == lost.reserved_usd + 4 * Decimal("0.0001584")


def test_two_programs_that_ask_at_once_never_spend_more_than_there_is(url, server, calls):
    halves = [{f"{letter}{n}": [f"m/{letter}{n}"] for n in range(9)} for letter in "xy"]
    for model in [*halves[0].values(), *halves[1].values()]:
        server.script(*model, "no usage")  # so that the reservation is what counts
    most = most_cost(question("x0").call("m/x0", structured=True))
    with program(url, server, *halves, budget=[PLENTY[0], str(most * 7), PLENTY[2]]) as running:
        assert ends(running) == Counter({"budget_stopped": 11, "answered": 7})
    assert len(server.asked) == 7
    assert sum(call.reserved_usd for call in calls()) == most * 7


def test_of_two_programs_one_call_alone_tries_a_rested_model(warehouse_url, server, connect):
    database = connect(warehouse_url)
    server.slow_s = 0.5
    server.script("m/rested", "slow")
    now = SystemClock().now()
    with database.writing() as connection:
        swarm_models.rest(connection, "m/rested", "503", now=now - 2 * HOUR, until=now - HOUR)
    halves = [{f"{letter}{n}": ["m/rested"] for n in range(4)} for letter in "xy"]
    with program(warehouse_url, server, *halves) as running:
        assert ends(running) == Counter({"resting": 7, "answered": 1})
    assert server.count("m/rested") == 1
    with database.reading() as connection:
        (row,) = swarm_models.read(connection, ["m/rested"])
    assert (row.failures, row.open_until) == (0, None)
