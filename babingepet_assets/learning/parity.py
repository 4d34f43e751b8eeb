"""The proof that live decisions can be made again: one number a day, and a check that wants 100 %.

Belongs here: what the asset is, in words, its check and its job. Does not belong here: making
decisions again (``babingepet_services.replay.live_parity``), and when it runs (``sensors.schedules``).
"""

import dagster as dg

from babingepet_assets.declaring import daily_check, single_process_job
from babingepet_assets.learning.group import LEARNING
from babingepet_assets.reporting import Result, check_days, report_days
from babingepet_resources.clients.clock import Clock
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.settings import Settings
from babingepet_services.replay.parity_finding import ASSET, CHECK, latest_finding
from babingepet_services.replay.parity_report import describe_parity

MAX_RUNTIME = 1_800
"""Seconds after which Dagster ends the run: a whole day takes about ten."""


@LEARNING.asset("live_replay_parity", deps=["btc/decisions"], kinds={"numba", "table"})
def live_replay_parity(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """Live cycles of the paper book, decided again from what was captured: identical of total.

    Shape: up to 1,440 cycles a day, no rows of its own. The share is a fraction; identical means
    every byte of the decision and of the state after it. A cycle whose inputs are no longer stored
    counts as not identical.
    """
    event_tape = EventTape.open(settings.tape_address())
    return report_days(
        context, settings, clock, lambda day: describe_parity(day, event_tape, clock.now())
    )


@daily_check(
    ASSET,
    CHECK,
    "Every live cycle of the day was made again byte for byte from its captured inputs. A day "
    "without a cycle passes and says so.",
    pool=LEARNING.pool,
)
def is_complete(
    context: dg.AssetCheckExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.AssetCheckResult:
    """Judge what the asset found of every day of the run."""
    return check_days(
        context,
        settings,
        clock,
        lambda day: latest_finding(day.database, day.partition, day.source, clock.now()),
    )


parity_job = single_process_job(
    "live_replay_parity",
    live_replay_parity,
    max_runtime=MAX_RUNTIME,
    description="Makes a day's live cycles again and compares every byte.",
)
