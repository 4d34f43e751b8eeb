"""A day of the market under random kills: every minute accounted for, and what the platform takes.

A real `babingepet run` on the simulated market, its worker, code server and daemon killed at random
moments. At the end: which minutes were decided, which are on record as missed and why, whether all
that is stored holds together, and how memory, handles, tables and the event log grew.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from babingepet.market.intervals import HOUR, MINUTE
from babingepet_resources.clients.clock import Clock, SystemClock
from babingepet_resources.settings import Settings, load_settings
from babingepet_resources.warehouse import history
from babingepet_resources.warehouse.database import Database
from babingepet_services.btc.minutes import account_minutes
from babingepet_services.market.gap_ledger import Market
from babingepet_services.market.source import open_existing
from scripts.bench.common.report import print_report
from scripts.bench.platform.soak_picture import draw
from scripts.bench.platform.soaking import LOOK_EVERY, PATIENCE, Soak, soak
from scripts.devtools import postgres
from scripts.devtools.project import VerbError
from tests.faults import invariants
from tests.faults.platform import running
from tests.faults.stored import EVER

TRADING = (
    "buy_threshold=0.02", "strong_threshold=0.03", "min_votes=1", "min_coverage=0",
    "max_hold=900000", "stop_loss=0.002", "blocked_hours=", "entry_spacing=60000",
)  # fmt: skip
"""Rules under which positions are opened and closed all day."""


def verdict(database: Database) -> dict[str, object]:
    """What became of every minute, and whether all that is stored holds together."""
    work = invariants.examine(database)
    with database.reading() as connection:
        decided = history.outlines(connection, "paper", "BTCUSDT", 0, EVER)
        start, end = decided[0].as_of - MINUTE, decided[-1].as_of
        account = account_minutes(connection, Market("BTCUSDT", "simulated"), start, end)
    return {
        "minutes": account.minutes,
        "decided": account.decided,
        "missed": account.missed,
        "unknown": account.unknown,
        "decided_and_missed": account.both,
        "reasons": account.reasons,
        "fences": work.fences,
        "positions": work.positions,
        "told": work.told,
        "broken": list(work.broken),
    }


@contextmanager
def storage(database: str) -> Iterator[str | None]:
    """The address of an empty PostgreSQL database on a server of its own; None for SQLite."""
    if database == "sqlite":
        yield None
        return
    programs = postgres.programs()
    if programs is None:
        raise VerbError("no PostgreSQL server binaries (15 or later) on this machine")
    with postgres.server(programs, prefix="soak-pg-", durable=True) as server:
        yield f"{server}/postgres"


@contextmanager
def started(settings: Settings, folder: Path, speed: str, clock: Clock) -> Iterator[Soak]:
    """The platform, and its warehouse once it is there."""
    options = ["--speed", speed, "--from", "2025-05-01T10:00"]
    for pair in TRADING:
        options += ["--set", pair]
    with running(settings, folder, *options) as platform:
        deadline = clock.monotonic() + PATIENCE
        while (database := open_existing(settings, "simulated")) is None:
            if clock.monotonic() > deadline:
                raise VerbError(f"no warehouse within {PATIENCE:.0f} s; see {platform.log}")
            clock.sleep(LOOK_EVERY)
        yield Soak(platform, database, clock, clock.monotonic())


def options_of(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--hours", type=float, default=24.0, help="of market")
    parser.add_argument("--speed", default="60", help="minutes of market a minute takes")
    parser.add_argument("--kills", type=int, default=18)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--out", type=Path, default=Path(".data/soak"), help="folder for soak.json and soak.png"
    )
    return parser.parse_args(arguments)


def measure(options: argparse.Namespace, folder: Path, clock: Clock) -> dict[str, Any]:
    """Run it all; the figures."""
    minutes = int(options.hours * HOUR / MINUTE)
    with storage(options.database) as url:
        settings = load_settings(data_dir=folder / "data", market="simulated", database_url=url)
        with started(settings, folder, options.speed, clock) as one:
            soak(one, minutes, options.kills, random.Random(options.seed))  # noqa: S311 (not a secret)
        found = verdict(one.database)  # the platform has ended: nothing is written any more
        one.database.close()
    kinds = Counter(" and ".join(kill.victims) for kill in one.kills)
    return {
        "database": options.database, "hours": options.hours, "speed": options.speed,
        "seed": options.seed, "wall_seconds": one.seconds(), "killed": dict(kinds),
        "verdict": found, "kills": [asdict(kill) for kill in one.kills], "samples": one.samples,
    }  # fmt: skip


def main() -> None:
    """Run, write the figures and their picture, print; status 1 when something is broken."""
    options = options_of(sys.argv[1:])
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        figures = measure(options, Path(folder), SystemClock())
    (options.out / "soak.json").write_text(json.dumps(figures, indent=1) + "\n")
    draw(figures, options.out / "soak.png")
    shown = figures if options.json else {k: v for k, v in figures.items() if k != "samples"}
    print_report("soak", shown, as_json=options.json)
    found = figures["verdict"]
    sys.exit(1 if found["broken"] or found["unknown"] or found["decided_and_missed"] else 0)


if __name__ == "__main__":
    main()
