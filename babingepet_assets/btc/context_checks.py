"""The checks of what lies beside the market as asset checks: each a warning, none stops entries.

Belongs here: the way from a finding to Dagster's evaluation. Does not belong here: what is checked
(``babingepet_services.btc_day.context_checks``).
"""

import dagster as dg

from babingepet_assets.btc.group import CONTEXT_POOL
from babingepet_assets.declaring import daily_check
from babingepet_assets.reporting import check_days
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_services.btc_day.context_checks import CHECKS, ContextCheck, check_context
from babingepet_services.btc_day.swarm_checks import CHECKS as SWARM_CHECKS


def build_check(check: ContextCheck) -> dg.AssetChecksDefinition:
    """Define one check."""

    @daily_check(check.asset, check.name, check.description, pool=CONTEXT_POOL)
    def evaluate(
        context: dg.AssetCheckExecutionContext,
        settings: dg.ResourceParam[Settings],
        clock: dg.ResourceParam[Clock],
    ) -> dg.AssetCheckResult:
        return check_days(
            context, settings, clock, lambda day: check_context(check, day, settings, clock)
        )

    return evaluate


CONTEXT_CHECKS = tuple(build_check(check) for check in (*CHECKS, *SWARM_CHECKS))
