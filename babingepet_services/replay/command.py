"""A replay from what is asked for to what is kept.

1. what is asked for is checked, the market read (``replay.inputs``)
2. the engine decides every minute of the period
3. the account is measured, and set beside the coin held and accounts that flip one
4. it is written into the replay book of the warehouse, if that is wanted

The time that is told is that of step 2: from candles in memory to the last entry of the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from babingepet.errors import InputError
from babingepet.replay.result import Replay
from babingepet.replay.run import replay
from babingepet_resources.clients.clock import Clock
from babingepet_services.market.source import open_warehouse
from babingepet_services.replay.baselines import beside
from babingepet_services.replay.book import run_id_of, save_replay
from babingepet_services.replay.inputs import ReplayInputs, ReplayRequest, read_inputs
from babingepet_services.replay.report import ReplayReport, Timing, report_of

Progress = Callable[[str, int, int], None]
"""Takes what is done now, how much of it is done, and how much there is; 0 where nobody knows."""


@dataclass(frozen=True, eq=False)
class Finished:
    """A replay that is over.

    Attributes:
        request: What was asked for.
        inputs: What was read.
        replay: What came out of the engine.
        report: What it came to.
    """

    request: ReplayRequest
    inputs: ReplayInputs
    replay: Replay
    report: ReplayReport


def silent(_stage: str, _done: int, _total: int) -> None:
    """Report no progress."""


def run_replay(
    request: ReplayRequest, clock: Clock, *, threads: int = 1, progress: Progress = silent
) -> Finished:
    """Read, replay and measure; nothing is written.

    Args:
        request: What is asked for.
        clock: Times the replay.
        threads: Months whose signals are computed side by side; the result is the same.
        progress: Told what is done.

    Raises:
        InputError: What is asked for cannot be replayed; the message names the option or file.
        WarehouseUnavailable: It was to be read from a database that does not answer.
    """
    if threads < 1:
        raise InputError(f"--threads {threads}: at least one")
    progress("reading the market", 0, 0)
    inputs = read_inputs(request, clock)
    begun = clock.monotonic()
    replayed = replay(
        inputs.market,
        inputs.rules,
        start=inputs.start,
        end=inputs.end,
        threads=threads,
        progress=lambda done, total: progress("replaying minutes", done, total),
    )
    timing = Timing(clock.monotonic() - begun, inputs.read_seconds)
    progress("flipping coins", 0, 0)
    report = report_of(replayed, timing, beside(replayed, threads=threads), inputs.notes)
    return Finished(request, inputs, replayed, report)


def keep(finished: Finished, clock: Clock) -> ReplayReport:
    """Write a replay into the book of its source's warehouse; returns the report under its name.

    Raises:
        ConfigurationError: The database is not at this version's tables.
        WarehouseUnavailable: It cannot be written.
    """
    now = clock.now()
    report = finished.report.kept_as(run_id_of(now, finished.report.ledger_sha256))
    settings = finished.request.settings
    with closing(open_warehouse(settings, finished.inputs.market.source)) as database:
        save_replay(
            database,
            finished.replay,
            run_id=report.run_id or "",
            created_at=now,
            origin="command",
            inputs=finished.inputs.origin,
            document=report.document(),
        )
    return report
