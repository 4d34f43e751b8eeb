"""Checks that warn as asset checks: from what a service looks at to Dagster's evaluation.

Belongs here: the way, for every group of assets. Does not belong here: what is checked (services),
and the checks that stop entries (``btc.checks``).
"""

import dagster as dg

from babingepet_assets.declaring import daily_check
from babingepet_assets.reporting import check_days
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_services.btc_day.warning_checks import WarningCheck, evaluate


def warning_check(check: WarningCheck, pool: str) -> dg.AssetChecksDefinition:
    """Define a check that is a warning and waits in a pool."""

    @daily_check(check.asset, check.name, check.description, pool=pool)
    def look(
        context: dg.AssetCheckExecutionContext,
        settings: dg.ResourceParam[Settings],
        clock: dg.ResourceParam[Clock],
    ) -> dg.AssetCheckResult:
        return check_days(
            context, settings, clock, lambda day: evaluate(check, day, settings, clock)
        )

    return look
