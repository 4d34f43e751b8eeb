"""`babingepet run`: the market, Dagster and the loop, kept alive in the foreground.

1. refuse what cannot work: a port in use, a data folder in use
2. choose the market; a recorded or simulated one is served by an exchange of our own
3. wait for the databases, and bring the tables in place that a run may make itself
4. start the code server, the daemon and the pages; restart whatever dies
5. say where the pages are, and when the first decision was made
6. on Ctrl-C or SIGTERM end everything in order: first what launches, then what decides

`dagster dev` is not used: it ends when its daemon dies, and its code server is then gone with it.

Belongs here: the order. Does not belong here: each step (``supervision``).
"""

from __future__ import annotations

import errno
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from babingepet.errors import InputError
from babingepet_delivery.supervision import home as places
from babingepet_delivery.supervision.children import Child, has_child
from babingepet_delivery.supervision.home import Home
from babingepet_delivery.supervision.market import MarketPlan, exchange_command, plan_market
from babingepet_delivery.supervision.readiness import wait_for_databases
from babingepet_delivery.supervision.watch import StartWatch
from babingepet_resources.clients.clock import Clock, SystemClock
from babingepet_resources.settings import Settings

LOOK_EVERY = 0.25
"""Seconds between two looks at the children."""
GRAPH_PATIENCE = 60.0
"""Seconds for the code server to import everything: 5 s, or 20 s when nothing is compiled yet."""
CHILDREN = ("exchange", "code-server", "daemon", "web-server")
"""In the order of their start."""
STOP_ORDER = ("daemon", "code-server", "web-server", "exchange")
"""First what would launch another loop, then the loop, last the market that it reads."""
BAD_INPUT = 2
"""Exit code of the exchange for a file, symbol or time that it cannot serve."""

Say = Callable[[str], object]


def run(settings: Settings, say: Say | None = None) -> int:
    """Run everything until a signal.

    Args:
        settings: As the user gave them.
        say: Takes each line for people; standard output without.

    Returns:
        0 after a signal.

    Raises:
        InputError: The port is in use, or the market cannot be served.
        ConfigurationError: The data folder is in use or cannot be written, or the database needs
            `babingepet db upgrade`.
        WarehouseUnavailable: The database refuses us.
    """
    clock, say = SystemClock(), say or _print
    places.require_free_port(settings.dagster_port)
    with places.only_one(settings.data_dir), _stop_asked() as is_stop_asked:
        home = places.prepare_home(settings, CHILDREN)
        plan = plan_market(settings, clock)
        _introduce(plan, home, say)
        wait_for_databases(plan.settings, clock, is_stop_asked, say)
        children = build_children(plan, home, clock)
        try:
            _start(children, home, clock, is_stop_asked)
            _tend(children, StartWatch(plan.settings, clock), clock, is_stop_asked, say)
        finally:
            say("Stopping: the loop finishes the minute in hand.")
            for name in STOP_ORDER:
                if name in children:
                    children[name].stop()
    say("Stopped.")
    return 0


def build_children(plan: MarketPlan, home: Home, clock: Clock) -> dict[str, Child]:
    """The programs to run, by name, in the order of their start."""
    variables = places.environment(plan.settings, home)
    commands: dict[str, Callable[[], list[str]]] = {
        "exchange": lambda: exchange_command(plan, clock),
        "code-server": lambda: places.code_server(home),
        "daemon": lambda: places.daemon(home),
        "web-server": lambda: places.web_server(home, plan.settings.dagster_port),
    }
    if plan.exchange_port is None:
        del commands["exchange"]
    # The code server's proxy does not notice that the server below it is gone.
    needs = {"code-server": has_child}
    return {
        name: Child(
            name, command, variables, home.log(name), clock, needs.get(name, lambda _: True)
        )
        for name, command in commands.items()
    }


def _start(
    children: dict[str, Child], home: Home, clock: Clock, is_stop_asked: Callable[[], bool]
) -> None:
    """Start in order; who reads the graph waits until it is served."""
    deadline = clock.monotonic() + GRAPH_PATIENCE
    for name, child in children.items():
        if name in {"daemon", "web-server"}:
            while not (places.is_served(home.code_port) or is_stop_asked()):
                if children["code-server"].pid is None or clock.monotonic() > deadline:
                    break
                clock.sleep(LOOK_EVERY)
        if is_stop_asked():
            return
        child.start()


def _tend(
    children: dict[str, Child],
    watch: StartWatch,
    clock: Clock,
    is_stop_asked: Callable[[], bool],
    say: Say,
) -> None:
    while not is_stop_asked():
        exchange = children.get("exchange")
        if exchange is not None and exchange.exit_code == BAD_INPUT:
            raise InputError(exchange.log.read_text().strip().rpartition("\n")[2])
        for child in children.values():
            change = child.tend()
            if change:
                say(f"{change}; see {child.log}")
        for line in watch.news():
            say(line)
        clock.sleep(LOOK_EVERY)


def _introduce(plan: MarketPlan, home: Home, say: Say) -> None:
    settings = plan.settings
    if plan.warning:
        say(f"{'!' * 80}\n!!! {plan.warning}\n{'!' * 80}")
    speed = {"max": ", as fast as it can be decided"}.get(settings.speed, f" at {settings.speed}x")
    if settings.market == "binance":
        speed = ""
    say(f"Market: {settings.symbol}, {settings.market}{speed}. Data: {home.folder}")
    say(f"Logs: {home.log('*')}. Ctrl-C ends everything.")


@contextmanager
def _stop_asked() -> Iterator[Callable[[], bool]]:
    """Turn SIGINT and SIGTERM into a question, for as long as the block lasts."""
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print(line: str) -> None:
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except OSError as error:  # what trades must not end because its log has no room
        if error.errno != errno.ENOSPC:
            raise
