"""The data checks as asset checks: one definition each, made from the list the loop uses.

Belongs here: the way from a stored finding to Dagster's evaluation. Does not belong here: what is
checked (``babingepet_services.btc.checks``). An evaluation from the UI is stored like the loop's
own, so a blocking failure of today stops entries with the gate CHECK_FAILED until it passes.
"""

import dagster as dg

from babingepet_assets.btc.group import REPORT_POOL
from babingepet_assets.declaring import daily_check
from babingepet_assets.reporting import asset_key, check_days
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse.records import CheckRecord
from babingepet_services.btc.checks import CHECKS, CheckSpec
from babingepet_services.btc.loop_health import LoopHealth
from babingepet_services.btc.loop_watch import existing_warehouse, look_at
from babingepet_services.btc_day.checks import check_day
from babingepet_services.btc_day.day import DayScope

DECIDED = "btc/decisions"
LOOP_CHECK = "the_loop_decides"


def build_check(spec: CheckSpec) -> dg.AssetChecksDefinition:
    """Define one check from the list that the loop uses."""

    @daily_check(spec.asset, spec.name, spec.description, blocking=spec.blocking, pool=REPORT_POOL)
    def check(
        context: dg.AssetCheckExecutionContext,
        settings: dg.ResourceParam[Settings],
        clock: dg.ResourceParam[Clock],
    ) -> dg.AssetCheckResult:
        def evaluate(day: DayScope) -> CheckRecord:
            (record,) = check_day(day, clock.now(), spec.name)
            return record

        return check_days(context, settings, clock, evaluate)

    return check


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


@daily_check(  # it has days only so that a run leaves nothing planned behind
    DECIDED,
    LOOP_CHECK,
    "A loop is alive and decides: a heartbeat alone is not enough. Looked at every minute by the "
    "sensor btc_loop_health.",
    pool=REPORT_POOL,
)
def the_loop_decides(
    settings: dg.ResourceParam[Settings], clock: dg.ResourceParam[Clock]
) -> dg.AssetCheckResult:
    """Look as the sensor does."""
    with existing_warehouse(settings, clock) as database:
        health = look_at(database, settings, clock, watched_since=0).health
    return dg.AssetCheckResult(
        passed=not health.is_fault,
        severity=dg.AssetCheckSeverity.ERROR,
        description=health.detail,
        metadata={"state": health.state},
    )


ASSET_CHECKS = (*(build_check(spec) for spec in CHECKS), the_loop_decides)
