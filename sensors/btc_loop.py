"""Keep one BTC loop alive: every 30 s, launch a run when nobody holds the market.

A loop that asked for a successor is sent one, which stands by until it is handed the lease. The
sensor asks in its place when this code location was reloaded with other code than the loop runs.

Belongs here: asking and acting. Does not belong here: whether to launch (``launching``), the loop, and
the guarantee that only one decides; that is the lease and its fence
(``babingepet_resources.warehouse.lease``).
"""

import dagster as dg

from babingepet.errors import ExchangeUnavailable, WarehouseUnavailable
from babingepet_assets.btc.loop import btc_loop as btc_loop_job
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import lease
from babingepet_resources.warehouse.records import Lease
from babingepet_services.btc.loop import LoopOptions
from babingepet_services.btc.loop_watch import existing_warehouse
from babingepet_services.market.exchange_state import is_over
from babingepet_services.version import code_version
from sensors.launching import LOOKED_AT, NO_EXCHANGE, Replace, RunView, Wait, decide_launch

EVERY = 30
"""Seconds between two looks."""


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
    if not settings.names_exchange:
        return dg.SkipReason(NO_EXCHANGE)
    try:
        held, market_over = read_lease(settings, clock), is_over(settings)
        new_code = find_new_code(context, held)
        decision = decide_launch(
            newest_runs(context.instance),
            held,
            clock.now(),
            market_over=market_over,
            new_code=new_code,
        )
        if isinstance(decision, Wait):
            return dg.SkipReason(decision.reason)
        if new_code is not None and decision.ask is not None and held is not None:
            _ask(settings, clock, held, decision.ask)
            context.update_cursor(new_code)
    except (WarehouseUnavailable, ExchangeUnavailable) as error:
        return dg.SkipReason(str(error))
    if isinstance(decision, Replace):
        _mark_failed(context.instance, decision)
    return dg.RunRequest(run_key=None)


def find_new_code(context: dg.SensorEvaluationContext, held: Lease | None) -> str | None:
    """The version of this code location, when the loop runs another and was not asked about it.

    The cursor is the version that needs no asking any more. A run loads its code from the files, so
    it may be newer than what this location loaded; without the cursor they would never agree.
    """
    code = code_version()
    if held is None or held.code_version is None or context.cursor == code:
        return None
    if held.code_version == code:
        context.update_cursor(code)
        return None
    return code


def read_lease(settings: Settings, clock: Clock) -> Lease | None:
    """The lease in the warehouse of the market; None when there is no warehouse yet.

    Raises:
        WarehouseUnavailable: The database does not answer.
    """
    with existing_warehouse(settings, clock) as database:
        return lease.read(database, LoopOptions.lease_name) if database else None


def _ask(settings: Settings, clock: Clock, held: Lease, reason: str) -> None:
    with existing_warehouse(settings, clock) as database:
        if database:
            lease.ask_handover(database, held.name, held.fence, reason)


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
