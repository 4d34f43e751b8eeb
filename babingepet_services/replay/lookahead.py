"""The proof that a replay does not look ahead, from what is asked for to its document.

1. what is asked for is checked, the market read and replayed once
2. the moments at which the future is changed are chosen
3. the engine tells the days before each of them again, and compares (``babingepet.replay.lookahead``)
4. the minute of every fill and of every exit is decided again with another rest
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from babingepet.errors import InputError
from babingepet.market.intervals import MINUTE, iso
from babingepet.replay.dependence import OTHER_REST, RESUMED, Dependence, earlier
from babingepet.replay.lookahead import LookaheadReport, check
from babingepet.replay.lookahead_cuts import CUTS, choose_cuts
from babingepet.replay.opening import check_trades
from babingepet.replay.truth import Truth, read_truth
from babingepet.signals.registry import NAMES, SIGNALS
from babingepet_resources.clients.clock import Clock
from babingepet_services.replay.inputs import ReplayRequest, check_request, read_inputs
from babingepet_services.replay.measures import outside

Progress = Callable[[str, int, int], None]
"""Takes what is done now, how much of it is done, and how much there is; 0 where nobody knows."""

NEVER_MEASURED = "had no score in this period: too little history"


@dataclass(frozen=True, kw_only=True)
class LookaheadRequest:
    """What is asked for.

    Attributes:
        base: The market, the period and the rules.
        cuts: Moments at which the future is changed.
        seed: Of the choice of moments and of the other futures.
        workers: Moments that are checked side by side; the result is the same for every number.
    """

    base: ReplayRequest
    cuts: int = CUTS
    seed: int = 0
    workers: int = 1


@dataclass(frozen=True, eq=False)
class LookaheadDone:
    """A proof, or what stands against it.

    Attributes:
        request: What was asked for.
        truth: The replay as it truly was.
        report: What was compared, and the first dependence.
        read_seconds: Reading files or the warehouse.
        seconds: The replay and all comparisons.
        notes: What is known about the market that was read.
    """

    request: LookaheadRequest
    truth: Truth
    report: LookaheadReport
    read_seconds: float
    seconds: float
    notes: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """As JSON values under stable names; times are UTC ms."""
        truth, report = self.truth, self.report
        open_time = truth.columns.open_time
        found = report.dependence
        return {
            "symbol": truth.market.symbol,
            "source": truth.market.source,
            "start": int(open_time[0]) + MINUTE,
            "end": int(open_time[-1]) + MINUTE + 1,
            "bars": len(open_time),
            "trades": len(truth.trades),
            "clean": found is None,
            "dependence": None if found is None else asdict(found) | {"ahead": found.ahead},
            "statement": statement(report),
            "cuts": report.cuts,
            "minutes": report.minutes,
            "distinct_minutes": report.distinct_minutes,
            "values": report.values,
            "signals_checked": checked_signals(truth),
            "signals_unchecked": unchecked_signals(truth),
            "seed": self.request.seed,
            "workers": self.request.workers,
            "read_seconds": self.read_seconds,
            "seconds": self.seconds,
            "settings": truth.rules.settings.by_name,
            "notes": list(self.notes),
        }


def silent(_stage: str, _done: int, _total: int) -> None:
    """Report no progress."""


def run_lookahead(
    request: LookaheadRequest, clock: Clock, progress: Progress = silent
) -> LookaheadDone:
    """Read, replay and compare; nothing is written.

    Args:
        request: What is asked for.
        clock: Times it.
        progress: Told what is done.

    Raises:
        ConfigurationError: The source can never supply enough of the vote.
        InputError: What is asked for cannot be checked; the message names the option or file.
        WarehouseUnavailable: The market was to be read from a database that does not answer.
    """
    check_lookahead(request)
    progress("reading the market", 0, 0)
    inputs = read_inputs(request.base, clock)
    begun = clock.monotonic()
    progress("replaying minutes", 0, 0)
    truth = read_truth(inputs.market, inputs.rules, start=inputs.start, end=inputs.end)
    report = check(
        truth,
        choose_cuts(truth, request.cuts, request.seed),
        seed=request.seed,
        workers=request.workers,
        progress=lambda done, total: progress("changing the future", done, total),
    )
    progress("changing minutes of fills and exits", 0, 0)
    report = replace(report, dependence=earlier(report.dependence, check_trades(truth)))
    seconds = clock.monotonic() - begun
    return LookaheadDone(request, truth, report, inputs.read_seconds, seconds, inputs.notes)


def check_lookahead(request: LookaheadRequest) -> None:
    """Refuse what can be refused before anything is read.

    Raises:
        InputError: The message names the option.
    """
    for name, value, least in (
        ("cuts", request.cuts, 1),
        ("seed", request.seed, 0),
        ("workers", request.workers, 1),
    ):
        if value < least:
            raise InputError(f"--{name} {value}: must be {least} or more")
    check_request(request.base)


def checked_signals(truth: Truth) -> list[str]:
    """Signals that had a score in some minute."""
    columns = truth.columns
    told = zip(columns.measured.tolist(), columns.scores, strict=True)
    return [NAMES[at] for at, scores in told if not np.isnan(scores).all()]


def unchecked_signals(truth: Truth) -> dict[str, str]:
    """The other signals, and why nothing is proven of them."""
    reasons, checked = outside(truth.market.feeds), checked_signals(truth)
    others = (spec.name for spec in SIGNALS if spec.name not in checked)
    return {name: reasons.get(name, NEVER_MEASURED) for name in others}


def statement(report: LookaheadReport) -> str:
    """What was found, in a sentence."""
    found = report.dependence
    if found is None:
        return f"no dependence on the future at any of {report.cuts:,} cuts"
    return f"{found.part} of {iso(found.as_of)} depends on {_what(found)}"


def _what(found: Dependence) -> str:
    """What it depends on, in words."""
    if found.future == OTHER_REST:
        return "what its own minute went on to do"
    if found.future == RESUMED:
        return f"what the minutes until {iso(found.cut)} knew of later ones"
    return f"what happened after {iso(found.cut)}: it looks more than {_ahead(found)} ahead"


def _ahead(found: Dependence) -> str:
    minutes = found.ahead // MINUTE
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
