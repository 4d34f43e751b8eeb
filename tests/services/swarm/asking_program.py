"""A program that asks a round and tells what came of it; it may be killed while it asks.

Of several rounds each is asked by a process of its own, forked from one that has imported
everything, all at the same moment. It says that it is ready and waits for a line.
"""

import json
import os
import sys
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal

from pydantic import SecretStr

from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.clients.openrouter.client import OpenRouter
from babingepet_resources.warehouse.database import open_database
from babingepet_services.swarm import asking
from babingepet_services.swarm.budget import Budget
from babingepet_services.swarm.values import Parts
from tests.services.swarm.questions import question


def ask(order: dict, wait: Callable[[], object]) -> None:
    """Ask one round as soon as the wait is over."""
    clock = SystemClock()
    questions = [question(agent, *models) for agent, models in order["questions"].items()]
    with closing(open_database(order["database_url"])) as database:
        parts = Parts(
            database, clock, Budget(*map(Decimal, order["budget"])),
            lambda: OpenRouter(order["api_url"], SecretStr("k"), clock), order["concurrency"],
        )  # fmt: skip
        wait()
        replies = asking.ask(questions, parts, clock.monotonic() + 20)
    ends = {agent: reply.status for agent, reply in replies.items()}
    os.write(1, json.dumps(ends).encode() + b"\n")


def ready() -> None:
    os.write(1, b"ready\n")
    sys.stdin.readline()


def fork(orders: list[dict]) -> None:
    """Ask all rounds at once, each in a process of its own."""
    held_back, release = os.pipe()
    for order in orders:
        if os.fork() == 0:
            os.close(release)
            ask(order, lambda: os.read(held_back, 1))
            os._exit(0)
    ready()
    os.close(release)
    for _ in orders:
        os.wait()


if __name__ == "__main__":
    rounds = json.loads(sys.argv[1])
    if len(rounds) == 1:
        ask(rounds[0], ready)
    else:
        fork(rounds)
