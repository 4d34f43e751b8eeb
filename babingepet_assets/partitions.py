"""The partitions of the graph: one definition each, shared by every asset that is cut that way.

Belongs here: partition sets. Does not belong here: what is in a partition.
"""

from __future__ import annotations

import dagster as dg

DAILY = dg.DailyPartitionsDefinition(start_date="2023-01-01", timezone="UTC", end_offset=1)
"""UTC days, today included: without ``end_offset`` a day exists only once it is over."""

MONTHLY = dg.MonthlyPartitionsDefinition(start_date="2023-01-01", timezone="UTC", end_offset=1)
"""UTC months by their first day, this month included."""
