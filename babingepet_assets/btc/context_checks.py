"""The checks of what lies beside the market as asset checks: each a warning, none stops entries.

Belongs here: the way from a finding to Dagster's evaluation. Does not belong here: what is checked
(``babingepet_services.btc_day.context_checks``).
"""

import warnings
from dataclasses import replace

import dagster as dg

from babingepet_assets.btc.checks import result_of_days
from babingepet_assets.btc.daily import CONTEXT_POOL
from babingepet_assets.btc.reporting import asset_key
from babingepet_assets.partitions import DAILY
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_services.btc_day.context_checks import CHECKS, ContextCheck, check_context
from babingepet_services.btc_day.day import DayScope, open_scope
from babingepet_services.btc_day.swarm_checks import CHECKS as SWARM_CHECKS


def build_check(check: ContextCheck) -> dg.AssetChecksDefinition:
    """Define one check, partitioned as its asset (``checks.build_check`` says why)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)

        @dg.asset_check(
            asset=asset_key(check.asset),
            name=check.name,
            description=check.description,
            blocking=False,
            partitions_def=DAILY,
            pool=CONTEXT_POOL,
        )
        def evaluate(
            context: dg.AssetCheckExecutionContext,
            settings: dg.ResourceParam[Settings],
            clock: dg.ResourceParam[Clock],
        ) -> dg.AssetCheckResult:
            days = context.partition_keys
            with open_scope(settings, clock, days[0]) as first:
                scopes = [replace(first, partition=day) for day in days]
                found = [evaluation(check, scope, settings, clock) for scope in scopes]
            return result_of_days(context, found)

    return evaluate


def evaluation(
    check: ContextCheck, scope: DayScope, settings: Settings, clock: Clock
) -> dg.AssetCheckEvaluation:
    """What a check finds of a day, as Dagster's event."""
    finding = check_context(check, scope, settings, clock)
    return dg.AssetCheckEvaluation(
        asset_key=asset_key(check.asset),
        check_name=check.name,
        passed=finding.passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=finding.detail,
        metadata={"source": scope.source},
        partition=scope.partition,
    )


CONTEXT_CHECKS = tuple(build_check(check) for check in (*CHECKS, *SWARM_CHECKS))
