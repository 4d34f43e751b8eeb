"""A sweep from what is asked for to its report: which trial was best, and what that is worth.

1. the grid is checked, the market read, and replayed once under the base rules
2. every trial decides the same minutes (``babingepet.replay.sweep``)
3. the best one is told with what chance alone would have reached, and with what the choice was
   worth afterwards (walk forward)
"""

from __future__ import annotations

from collections.abc import Callable

from babingepet.errors import InputError
from babingepet.replay.result import Replay
from babingepet.replay.run import replay
from babingepet.replay.sweep import sweep
from babingepet.replay.trials import Trial, make_trials, random_books
from babingepet_resources.clients.clock import Clock
from babingepet_services.performance.measure import PERIODS_PER_YEAR
from babingepet_services.replay.inputs import ReplayInputs, check_request, read_inputs
from babingepet_services.replay.sweep_report import SweepReport, SweepRequest, SweepTiming

Progress = Callable[[str, int, int], None]
"""Takes what is done now, how much of it is done, and how much there is; 0 where nobody knows."""


def silent(_stage: str, _done: int, _total: int) -> None:
    """Report no progress."""


def run_sweep(request: SweepRequest, clock: Clock, progress: Progress = silent) -> SweepReport:
    """Read, replay and try; nothing is written.

    Args:
        request: What is asked for.
        clock: Times it.
        progress: Told what is done.

    Raises:
        ConfigurationError: A trial asks for more of the vote than the source can ever supply.
        InputError: What is asked for cannot be tried; the message names the option or file.
        WarehouseUnavailable: The market was to be read from a database that does not answer.
    """
    check_sweep(request)
    progress("reading the market", 0, 0)
    inputs = read_inputs(request.base, clock)
    begun = clock.monotonic()
    base = replay(
        inputs.market,
        inputs.rules,
        start=inputs.start,
        end=inputs.end,
        threads=request.workers,
        progress=lambda done, total: progress("replaying minutes", done, total),
    )
    replayed = clock.monotonic()
    swept = sweep(
        base,
        _trials(request, inputs, base),
        PERIODS_PER_YEAR,
        splits=request.splits,
        rolling=request.rolling,
        workers=request.workers,
        progress=lambda done, total: progress("trying", done, total),
    )
    timing = SweepTiming(inputs.read_seconds, replayed - begun, clock.monotonic() - replayed)
    return SweepReport(request, base, swept, timing, inputs.notes)


def check_sweep(request: SweepRequest) -> None:
    """Refuse what can be refused before anything is read.

    Raises:
        InputError: The message names the option.
    """
    for name, value, least in (
        ("weights", request.weights, 0),
        ("splits", request.splits, 0),
        ("seed", request.seed, 0),
        ("workers", request.workers, 1),
    ):
        if value < least:
            raise InputError(f"--{name} {value}: must be {least} or more")
    rules = check_request(request.base)
    make_trials(rules, request.grid, [rules.book])


def _trials(request: SweepRequest, inputs: ReplayInputs, base: Replay) -> tuple[Trial, ...]:
    drawn = random_books(inputs.rules.book, base.capability, request.weights, request.seed)
    return make_trials(inputs.rules, request.grid, (inputs.rules.book, *drawn))
