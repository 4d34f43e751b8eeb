"""How much asking may cost: by round, by UTC day and by UTC month.

The most that a call can cost is held against all three limits before it is made. What does not
belong here: adding up what is spent (``warehouse.swarm_calls``), what a call costs (the catalogue).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from babingepet_resources.settings import Settings
from babingepet_resources.warehouse.records import Spent


@dataclass(frozen=True)
class Budget:
    """Limits in US dollars.

    Attributes:
        cycle: Of one market's round.
        day: Of everything asked in a UTC day.
        month: Of everything asked in a UTC month.
    """

    cycle: Decimal
    day: Decimal
    month: Decimal

    @classmethod
    def of(cls, settings: Settings) -> Budget:
        """What the user set."""
        return cls(
            settings.swarm_budget_cycle, settings.swarm_budget_day, settings.swarm_budget_month
        )

    def refusal(self, spent: Spent, most: Decimal) -> str | None:
        """Why a call that may cost so much must not be made; None when it may.

        Args:
            spent: Costs and reservations so far.
            most: US dollars.
        """
        for name, limit, so_far in (
            ("round", self.cycle, spent.cycle),
            ("day", self.day, spent.day),
            ("month", self.month, spent.month),
        ):
            if so_far + most > limit:
                return (
                    f"The budget of the {name} is {limit:f} USD: {so_far:f} USD are spent or "
                    f"reserved, and this call may cost {most:f} USD."
                )
        return None


def periods(now: int) -> tuple[int, int]:
    """When the UTC day and the UTC month of a time began; all UTC ms."""
    day = datetime.fromtimestamp(now / 1_000, UTC).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return int(day.timestamp()) * 1_000, int(day.replace(day=1).timestamp()) * 1_000
