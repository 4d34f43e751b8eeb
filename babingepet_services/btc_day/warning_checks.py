"""Checks of a day that warn and stop nothing: what one is, and its finding as a row.

Belongs here: what they share. Does not belong here: what each looks at (``context_checks``,
``swarm_checks``, ``memory.checks``), and the checks that may stop entries (``btc.checks``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse.records import CheckRecord
from babingepet_services.btc.checks import Finding
from babingepet_services.btc_day.day import DayScope

Look = Callable[[DayScope, Settings, int], Finding]
"""From a day, the settings and this machine's time, UTC ms, to what is found."""


@dataclass(frozen=True)
class WarningCheck:
    """One check of one asset.

    Attributes:
        name: Of the check.
        asset: Its key.
        description: What passes.
        look: Finds it.
    """

    name: str
    asset: str
    description: str
    look: Look


def evaluate(check: WarningCheck, scope: DayScope, settings: Settings, clock: Clock) -> CheckRecord:
    """What a check finds of a day, as a row that blocks nothing.

    Raises:
        WarehouseUnavailable: The warehouse does not answer.
        MemoryUnavailable: A check of the memory, when that does not.
    """
    now = clock.now()
    found = check.look(scope, settings, now)
    return CheckRecord(
        name=check.name,
        asset=check.asset,
        partition=scope.partition,
        source=scope.source,
        passed=found.passed,
        blocking=False,
        severity="WARN",
        detail=found.detail,
        evaluated_at=now,
    )
