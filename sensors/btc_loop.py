"""Keep one BTC loop alive: every 30 s, launch a run when nobody holds the market.

Belongs here: whether to launch. Does not belong here: the loop, and the guarantee that only one
decides; that is the lease and its fence (``babingepet_resources.warehouse.lease``).

Dagster's status of a run is not enough to go by: a run can read CANCELED while its process still
ticks, or STARTED for ever when its process and the code server died together. So a loop is alive
when its heartbeat in the lease is fresh, and only the start of a run is believed from its status.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import dagster as dg

from babingepet.errors import ExchangeUnavailable, WarehouseUnavailable
from babingepet_assets.btc.loop import btc_loop as btc_loop_job
from babingepet_resources.clients.binance.loopback import LoopbackControl
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import lease
from babingepet_resources.warehouse.database import open_database
from babingepet_resources.warehouse.records import Lease
from babingepet_services.btc.loop import STALE_AFTER, LoopOptions
from babingepet_services.market.source import resolve_market

EVERY = 30
"""Seconds between two looks."""
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
    """Launch a run."""


@dataclass(frozen=True)
class Wait:
    """Launch nothing, and why."""

    reason: str


@dataclass(frozen=True)
class Replace:
    """Mark runs failed that Dagster believes alive, then launch a run."""

    run_ids: tuple[str, ...]
    reason: str


def decide_launch(
    runs: Sequence[RunView], held: Lease | None, now: int, *, market_over: bool = False
) -> Launch | Wait | Replace:
    """Decide what to do.

    Args:
        runs: The newest runs of the loop, newest first.
        held: The lease as it stands; None when it was never taken.
        now: This machine's clock, UTC ms.
        market_over: Whether a recording was played to its end.
    """
    if _is_alive(held, now):
        return Wait(f"a loop is alive: {_describe(held, now)}")
    for run in runs:
        since = run.created if run.status in STARTING else run.started or run.created
        patience = START_PATIENCE if run.status in STARTING else STALE_AFTER
        if (
            run.status in (*STARTING, *STARTED)
            and now - since < patience
            and not _has_left(run, held)
        ):
            return Wait(f"run {run.run_id} is starting")
    if market_over:
        return Wait("the recorded market is over")
    dead = tuple(
        run.run_id
        for run in runs
        if run.status in (*STARTING, *STARTED) and not _has_left(run, held)
    )
    if dead:
        return Replace(dead, f"the loop gives no sign of life: {_describe(held, now)}")
    pause = _pause_until(runs) - now
    if pause > 0:
        return Wait(f"the last runs failed at once; the next is launched in {pause // 1000} s")
    return Launch()


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


@dg.sensor(
    name="btc_loop",
    job=btc_loop_job,
    minimum_interval_seconds=EVERY,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Keeps one BTC loop alive: launches a run when no heartbeat is fresh.",
)
def btc_loop(
    context: dg.SensorEvaluationContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.RunRequest | dg.SkipReason:
    """Look, decide, act."""
    if settings.market != "binance" and settings.exchange_url is None:
        return dg.SkipReason("no exchange is named: start with `babingepet run`")
    try:
        held, market_over = read_lease(settings, clock), is_over(settings)
    except (WarehouseUnavailable, ExchangeUnavailable) as error:
        return dg.SkipReason(str(error))
    decision = decide_launch(
        newest_runs(context.instance), held, clock.now(), market_over=market_over
    )
    if isinstance(decision, Wait):
        return dg.SkipReason(decision.reason)
    if isinstance(decision, Replace):
        _mark_failed(context.instance, decision)
    return dg.RunRequest(run_key=None)


def read_lease(settings: Settings, clock: Clock) -> Lease | None:
    """The lease in the warehouse of the market; None when there is no warehouse yet.

    Raises:
        WarehouseUnavailable: The database does not answer.
    """
    url = settings.warehouse_url(resolve_market(settings, clock))
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return None
    database = open_database(url, settings.database_schema)
    try:
        return lease.read(database, LoopOptions.lease_name)
    finally:
        database.close()


def is_over(settings: Settings) -> bool:
    """Whether the loopback exchange has played its recording to the end.

    Raises:
        ExchangeUnavailable: It does not answer.
    """
    if settings.exchange_url is None:
        return False
    return asyncio.run(_ask_whether_over(settings.exchange_url))


async def _ask_whether_over(url: str) -> bool:
    async with aiohttp.ClientSession() as session:
        return bool((await LoopbackControl(session, url).status())["ended"])


def newest_runs(instance: dg.DagsterInstance) -> list[RunView]:
    """The newest runs of the loop, newest first."""
    records = instance.get_run_records(dg.RunsFilter(job_name=btc_loop_job.name), limit=LOOKED_AT)
    return [
        RunView(
            run_id=record.dagster_run.run_id,
            status=record.dagster_run.status.value,
            created=int(record.create_timestamp.timestamp() * 1000),
            started=_ms(record.start_time),
            ended=_ms(record.end_time),
        )
        for record in records
    ]


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)


def _mark_failed(instance: dg.DagsterInstance, decision: Replace) -> None:
    for run_id in decision.run_ids:
        run = instance.get_run_by_id(run_id)
        if run is not None and not run.is_finished:
            instance.report_run_failed(run, f"Replaced by the sensor: {decision.reason}.")
