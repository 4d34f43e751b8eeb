"""The checks of the memory as asset checks: each a warning, none stops anything.

Belongs here: the way from a finding to Dagster's evaluation. Does not belong here: what is checked
(``babingepet_services.memory.checks``).
"""

import dagster as dg

from babingepet_assets.declaring import daily_check
from babingepet_assets.memory.group import MEMORY
from babingepet_assets.reporting import check_days
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_services.memory.checks import CHECKS, MemoryCheck, check_memory


def build_check(check: MemoryCheck) -> dg.AssetChecksDefinition:
    """Define one check."""

    @daily_check(check.asset, check.name, check.description, pool=MEMORY.pool)
    def evaluate(
        context: dg.AssetCheckExecutionContext,
        settings: dg.ResourceParam[Settings],
        clock: dg.ResourceParam[Clock],
    ) -> dg.AssetCheckResult:
        return check_days(
            context, settings, clock, lambda day: check_memory(check, day, settings, clock)
        )

    return evaluate


MEMORY_CHECKS = tuple(build_check(check) for check in CHECKS)
