"""What a day leaves in the memory as assets: engrams, and the story of the day and the week.

Belongs here: what each asset is, in words, and the job of the night. Does not belong here:
remembering and telling (``babingepet_services.memory``), and when it runs (``sensors.schedules``).
A decision never waits for the memory: what is not remembered yet is missing in a prompt's counts.
"""

import dagster as dg

from babingepet_assets.declaring import single_process_job
from babingepet_assets.memory.group import MEMORY
from babingepet_assets.reporting import Result, report_days
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_services.memory.day import describe_chronicles, describe_engrams

MAX_RUNTIME = 1_800
"""Seconds after which Dagster ends the run: a day takes one or two, a year of days some minutes."""


@MEMORY.asset("engrams", deps=["btc/decisions", "btc/positions"], kinds={"sqlite"})
def engrams(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """What a day of the paper book is remembered for: entries, refused verdicts, closed trades.

    Shape: a fact each in the memory's file, few of a day's 1,440 minutes; the same words are one
    engram. Strengths are shares of 1 and halve in 14 days; a return is a fraction after all costs.
    A day remembered again changes nothing. Everything fades to the day's end.
    """
    return report_days(context, settings, clock, lambda day: describe_engrams(day, settings, clock))


@MEMORY.asset("chronicles", deps=["memory/engrams", "btc/portfolio"], kinds={"sqlite"})
def chronicles(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """The story of a day from its facts: minutes, verdicts, trades; money in USDT after all costs.

    Shape: a row in the memory's file, on a Sunday a second one of the week from Monday on. Written
    once, when the day is over; a day that is not over says so and writes nothing.
    """
    return report_days(
        context, settings, clock, lambda day: describe_chronicles(day, settings, clock)
    )


ASSETS = (engrams, chronicles)

memory_job = single_process_job(
    "memory",
    *ASSETS,
    max_runtime=MAX_RUNTIME,
    description="Remembers a day, writes its story, and compares both with the warehouse.",
)
