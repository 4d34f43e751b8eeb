"""The composition root: every asset, check, job, sensor and schedule, and what they run with.

Belongs here: putting together. Does not belong here: anything with a body.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from babingepet_assets import jobs
from babingepet_assets.btc import (
    checks,
    context,
    context_checks,
    decided,
    loop,
    market,
    swarm,
    tape,
)
from babingepet_assets.learning import parity, seasonality
from babingepet_assets.memory import checks as memory_checks
from babingepet_assets.memory import remembering
from babingepet_resources.resources import default_resources
from babingepet_services.version import code_version
from sensors import btc_health, btc_loop, context_schedules, schedules


def build_definitions(*, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Put the graph together.

    Args:
        resources: Replace defaults of the same name; a test brings fakes.
    """
    return dg.Definitions(
        assets=[
            *market.ASSETS,
            *context.ASSETS,
            *decided.ASSETS,
            swarm.swarm_verdicts,
            tape.tape,
            parity.live_replay_parity,
            seasonality.hour_seasonality,
            *remembering.ASSETS,
        ],
        asset_checks=[
            *checks.ASSET_CHECKS,
            *context_checks.CONTEXT_CHECKS,
            parity.is_complete,
            *memory_checks.MEMORY_CHECKS,
        ],
        jobs=[
            loop.btc_loop,
            jobs.event_log_retention,
            parity.parity_job,
            tape.tape_job,
            *context.JOBS,
            swarm.swarm_job,
            seasonality.seasonality_job,
            remembering.memory_job,
        ],
        sensors=[btc_loop.btc_loop, btc_health.btc_loop_health],
        schedules=[*schedules.SCHEDULES, *context_schedules.SCHEDULES],
        resources={**default_resources(), **(resources or {})},
        executor=dg.in_process_executor,
        metadata={"code_version": code_version()},  # of what is loaded now: the sensor compares it
    )


defs = build_definitions()
