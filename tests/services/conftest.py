"""A warehouse of the test's own, and a loop over a made-up market in memory."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from babingepet.cycles.settings import BtcSettings, override
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.limits import ORDINARY
from babingepet_services.btc.cycle import Analysts, BtcProgram
from babingepet_services.btc.loop import BtcLoop, LoopOptions
from scripts.bench.common.market import MadeUpFeed

EAGER = (
    "buy_threshold=0.02", "strong_threshold=0.03", "min_votes=1", "min_coverage=0",
    "max_hold=900000", "stop_loss=0.002", "blocked_hours=", "entry_spacing=60000",
)  # fmt: skip
"""Settings under which the made-up market trades within minutes."""


@pytest.fixture
def warehouse(warehouse_url: str, connect: Callable[..., Database]) -> Database:
    return connect(warehouse_url, limits=replace(ORDINARY, lock=0.2))


DRIFT = 1e-4
"""Rise of the log price a minute: enough of a trend for the regime to be tradable."""

SEED = 8
"""A market that stops out, times out and wins within two hours."""

HISTORY_DAYS = 40
"""Enough for every bar signal, and a quarter of what a live loop loads."""


def made_up_feed(minutes: int, kind: type[MadeUpFeed] = MadeUpFeed) -> MadeUpFeed:
    """The made-up market of these tests."""
    return kind(minutes, seed=SEED, drift=DRIFT, history_days=HISTORY_DAYS)


LoopMaker = Callable[..., BtcLoop]


def new_loop(
    database: Database,
    minutes: int,
    *,
    owner: str = "test",
    max_cycles: int | None = None,
    feed: MadeUpFeed | None = None,
    settings: tuple[str, ...] = EAGER,
    analysts: Analysts = "rules",
) -> BtcLoop:
    """A loop over the first ``minutes`` of the made-up market."""
    program = BtcProgram(settings=override(BtcSettings(), settings), analysts=analysts)
    # On a busy machine a first cycle with its history may take longer than a loop grants it.
    options = LoopOptions(owner, max_cycles=max_cycles, limits=database.limits)
    return BtcLoop(feed or made_up_feed(minutes), database, SystemClock(), program, options)


@pytest.fixture
def make_loop(warehouse: Database) -> LoopMaker:
    """``new_loop`` over the test's own warehouse, or over another one."""

    def make(minutes: int, *, database: Database = warehouse, **given: Any) -> BtcLoop:
        return new_loop(database, minutes, **given)

    return make
