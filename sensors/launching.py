"""Whether to launch a run of the loop: a pure decision over the lease and what Dagster believes.

Belongs here: the decision. Does not belong here: asking or acting (``btc_loop``).

Dagster's status of a run is not enough to go by: a run can read CANCELED while its process still
ticks, or STARTED for ever when its process and the code server died together. So a loop is alive
when its heartbeat in the lease is fresh, and only the start of a run is believed from its status.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from babingepet_resources.warehouse.lease import SUCCESSOR_STALE_AFTER
from babingepet_resources.warehouse.records import Lease
from babingepet_services.btc.loop import STALE_AFTER

NO_EXCHANGE = "no exchange is named: start with `babingepet run`"
"""Why a sensor of a made-up market rests."""

START_PATIENCE = 180_000
"""Age of a run, ms, up to which it may still be starting: queue, process, imports."""
LIVED = 300_000
"""A run that lasted this long, ms, worked: its failure says nothing about the next one."""
FIRST_BACKOFF = 60_000
LONGEST_BACKOFF = 900_000
"""Pauses, ms, after runs that failed at once; a broken set-up launched every 30 s fills the log."""

STARTING = ("QUEUED", "NOT_STARTED", "STARTING")
STARTED = ("STARTED", "CANCELING")
LOOKED_AT = 20
"""Newest runs that are looked at: more than were ever alive at once or failed before a pause."""


@dataclass(frozen=True)
class RunView:
    """What Dagster believes of one run of the loop; times are UTC ms of this machine."""

    run_id: str
    status: str
    created: int
    started: int | None = None
    ended: int | None = None


@dataclass(frozen=True)
class Launch:
    """Launch a run.

    Attributes:
        ask: Ask the living loop first to hand over, for this reason.
    """

    ask: str | None = None


@dataclass(frozen=True)
class Wait:
    """Launch nothing, and why."""

    reason: str


@dataclass(frozen=True)
class Replace:
    """Mark runs failed that Dagster believes alive, then launch a run; see ``Launch`` for ``ask``."""

    run_ids: tuple[str, ...]
    reason: str
    ask: str | None = None


def decide_launch(
    runs: Sequence[RunView],
    held: Lease | None,
    now: int,
    *,
    market_over: bool = False,
    new_code: str | None = None,
) -> Launch | Wait | Replace:
    """Decide what to do.

    Args:
        runs: The newest runs of the loop, newest first.
        held: The lease as it stands; None when it was never taken.
        now: This machine's clock, UTC ms.
        market_over: Whether a recording was played to its end.
        new_code: Version of this code location, when it was reloaded with other code than the
            loop runs and nobody was asked to hand over for it yet.
    """
    is_alive = _is_alive(held, now)
    wanted = _handover_reason(held, new_code)
    if is_alive and wanted is None:
        return Wait(f"a loop is alive: {_describe(held, now)}")
    if held is not None and _is_awaited(held, now):
        return Wait(f"run {held.successor} stands by: {held.handover_reason}")
    living = {held.owner} if held is not None and is_alive else set()
    others = [run for run in runs if run.run_id not in living and not _has_left(run, held)]
    for run in others:
        since = run.created if run.status in STARTING else run.started or run.created
        # A successor rehearses before it stands by, and compiles the rules that changed.
        patience = START_PATIENCE if run.status in STARTING or is_alive else STALE_AFTER
        if run.status in (*STARTING, *STARTED) and now - since < patience:
            return Wait(f"run {run.run_id} is starting")
    if market_over:
        return Wait("the recorded market is over")
    return _launch(runs, others, held, now, ask=wanted if is_alive else None)


def _launch(
    runs: Sequence[RunView],
    others: Sequence[RunView],
    held: Lease | None,
    now: int,
    *,
    ask: str | None,
) -> Launch | Wait | Replace:
    pause = _pause_until(runs) - now
    dead = tuple(run.run_id for run in others if run.status in (*STARTING, *STARTED))
    if dead:
        return Replace(
            dead, f"the run gives no sign of life; the lease: {_describe(held, now)}", ask
        )
    if pause > 0:
        return Wait(f"the last runs failed at once; the next is launched in {pause // 1000} s")
    return Launch(ask)


def _handover_reason(held: Lease | None, new_code: str | None) -> str | None:
    if held is None or held.handover_reason is not None or new_code is None:
        return held.handover_reason if held else None
    return f"code {held.code_version} was replaced by {new_code}"


def _is_awaited(held: Lease, now: int) -> bool:
    """Whether a successor stands by, or is just taking the lease."""
    return held.successor_at is not None and now - held.successor_at < SUCCESSOR_STALE_AFTER


def _is_alive(held: Lease | None, now: int) -> bool:
    return held is not None and held.released_at is None and now - held.heartbeat_at < STALE_AFTER


def _has_left(run: RunView, held: Lease | None) -> bool:
    """Whether the run held the lease and gave it back: it only writes its last reports."""
    return held is not None and held.released_at is not None and held.owner == run.run_id


def _describe(held: Lease | None, now: int) -> str:
    if held is None:
        return "the lease was never taken"
    return f"{held.owner}, fence {held.fence}, heartbeat {(now - held.heartbeat_at) // 1000} s ago"


def _pause_until(runs: Sequence[RunView]) -> int:
    """When the pause after failures in a row ends: none after the first, then 60 s, doubling."""
    failures = 0
    for run in runs:
        if run.status != "FAILURE" or _lasted(run) >= LIVED:
            break
        failures += 1
    if failures < 2:  # noqa: PLR2004 (a single failure is no row)
        return 0
    pause = min(LONGEST_BACKOFF, FIRST_BACKOFF << failures - 2)
    return (runs[0].ended or runs[0].created) + pause


def _lasted(run: RunView) -> int:
    return (run.ended or run.created) - (run.started or run.ended or run.created)
