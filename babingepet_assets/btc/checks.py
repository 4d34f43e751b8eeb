"""The data checks as asset checks: one definition each, made from the list the loop uses.

Belongs here: the way from a stored finding to Dagster's evaluation. Does not belong here: what is
checked (``babingepet_services.btc.checks``). An evaluation from the UI is stored like the loop's
own, so a blocking failure of today stops entries with the gate CHECK_FAILED until it passes.
"""

import warnings
from collections.abc import Sequence
from dataclasses import replace

import dagster as dg

from babingepet_assets.btc.daily import REPORT_POOL
from babingepet_assets.btc.reporting import asset_key
from babingepet_assets.partitions import DAILY
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse.records import CheckRecord
from babingepet_services.btc.checks import CHECKS, CheckSpec
from babingepet_services.btc.loop_health import LoopHealth
from babingepet_services.btc.loop_watch import existing_warehouse, look_at
from babingepet_services.btc_day.checks import check_day
from babingepet_services.btc_day.day import open_scope

DECIDED = "btc/decisions"
LOOP_CHECK = "the_loop_decides"


def evaluation(record: CheckRecord) -> dg.AssetCheckEvaluation:
    """A stored finding as Dagster's event, of its day.

    It does not say that the check is blocking: the loop's run would then end as failed hours later,
    when entries are long allowed again. What blocks is the stored finding.
    """
    return dg.AssetCheckEvaluation(
        asset_key=asset_key(record.asset),
        check_name=record.name,
        passed=record.passed,
        severity=dg.AssetCheckSeverity(record.severity),
        description=record.detail,
        metadata={"source": record.source},
        partition=record.partition,
    )


def build_check(spec: CheckSpec) -> dg.AssetChecksDefinition:
    """Define one check, partitioned as its asset.

    Without days of its own, a check of a partitioned asset leaves a row behind for each run that
    says for ever that it is planned.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)

        @dg.asset_check(
            asset=asset_key(spec.asset),
            name=spec.name,
            description=spec.description,
            blocking=spec.blocking,
            partitions_def=DAILY,
            pool=REPORT_POOL,
        )
        def check(
            context: dg.AssetCheckExecutionContext,
            settings: dg.ResourceParam[Settings],
            clock: dg.ResourceParam[Clock],
        ) -> dg.AssetCheckResult:
            return _evaluate(context, spec, settings, clock)

    return check


def _evaluate(
    context: dg.AssetCheckExecutionContext, spec: CheckSpec, settings: Settings, clock: Clock
) -> dg.AssetCheckResult:
    """Evaluate every day of the run; the result of several is that of the worst."""
    days = context.partition_keys
    with open_scope(settings, clock, days[0]) as first:
        scopes = [replace(first, partition=day) for day in days]
        records = [one for day in scopes for one in check_day(day, clock.now(), spec.name)]
    return result_of_days(context, [evaluation(record) for record in records])


def result_of_days(
    context: dg.AssetCheckExecutionContext, found: Sequence[dg.AssetCheckEvaluation]
) -> dg.AssetCheckResult:
    """The result of a run over days: that of the worst; of several, each is told on its own."""
    if len(found) > 1:
        for one in found:
            context.op_execution_context.log_event(one)  # type: ignore[arg-type]
    worst = min(found, key=lambda one: one.passed)
    return dg.AssetCheckResult(
        passed=worst.passed,
        severity=worst.severity,
        description=worst.description,
        metadata={**worst.metadata, "day": worst.partition},
    )


def loop_evaluation(health: LoopHealth) -> dg.AssetCheckEvaluation:
    """How the loop is, as Dagster's event: of now, not of a day.

    Without a run, a second evaluation of one check and day would be refused.
    """
    return dg.AssetCheckEvaluation(
        asset_key=asset_key(DECIDED),
        check_name=LOOP_CHECK,
        passed=not health.is_fault,
        severity=dg.AssetCheckSeverity.ERROR,
        description=health.detail,
        metadata={"state": health.state},
    )


def build_loop_check() -> dg.AssetChecksDefinition:
    """Define the check of the loop; it has days only so that a run leaves nothing planned behind."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)

        @dg.asset_check(
            asset=asset_key(DECIDED),
            name=LOOP_CHECK,
            description="A loop is alive and decides: a heartbeat alone is not enough. Looked at "
            "every minute by the sensor btc_loop_health.",
            blocking=False,
            partitions_def=DAILY,
            pool=REPORT_POOL,
        )
        def the_loop_decides(
            settings: dg.ResourceParam[Settings], clock: dg.ResourceParam[Clock]
        ) -> dg.AssetCheckResult:
            with existing_warehouse(settings, clock) as database:
                health = look_at(database, settings, clock, watched_since=0).health
            return dg.AssetCheckResult(
                passed=not health.is_fault,
                severity=dg.AssetCheckSeverity.ERROR,
                description=health.detail,
                metadata={"state": health.state},
            )

    return the_loop_decides


ASSET_CHECKS = (*(build_check(spec) for spec in CHECKS), build_loop_check())
