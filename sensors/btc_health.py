"""Look every minute whether the BTC loop decides, and tell when it does not.

Belongs here: how often, what is remembered between two looks, and what Dagster is told. Does not
belong here: the judgement and the messages (``babingepet_services.btc.loop_watch``). The loop's own
sensor launches runs; this one sees the loop that lives and does nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

import dagster as dg

from babingepet.errors import WarehouseUnavailable
from babingepet.market.intervals import MINUTE
from babingepet_assets.btc.checks import loop_evaluation
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_services.btc.loop_health import LoopHealth
from babingepet_services.btc.loop_watch import look_after
from sensors.launching import NO_EXCHANGE

EVERY = 60
"""Seconds between two looks."""
BREAK = 5 * MINUTE
"""A pause between two looks, ms, after which nothing was watched: the platform was down."""
REPORT_EVERY = 15 * MINUTE
"""Between two evaluations in Dagster's event log while nothing changes, ms: each is kept."""


@dataclass(frozen=True)
class Watch:
    """What is remembered from one look to the next; times are UTC ms of this machine.

    Attributes:
        since: When the watching began, without a break.
        seen_at: The last look.
        reported_at: The last evaluation.
        passed: What it said; None before the first.
    """

    since: int
    seen_at: int
    reported_at: int = 0
    passed: bool | None = None


def resume(cursor: str | None, now: int) -> Watch:
    """Go on watching; after a break, or with a cursor of another version, begin anew."""
    try:
        watch = Watch(**json.loads(cursor or "{}"))
    except (TypeError, ValueError):
        return Watch(now, now)
    if not 0 <= now - watch.seen_at < BREAK:
        return replace(watch, since=now, seen_at=now)
    return replace(watch, seen_at=now)


@dg.sensor(
    name="btc_loop_health",
    minimum_interval_seconds=EVERY,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells a loop that decides from one that only lives; alerts once a fault.",
)
def btc_loop_health(
    context: dg.SensorEvaluationContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.SensorResult:
    """Look, tell, and report what changed."""
    if not settings.names_exchange:
        return dg.SensorResult(skip_reason=NO_EXCHANGE)
    now = clock.now()
    watch = resume(context.cursor, now)
    try:
        health = look_after(settings, clock, watch.since)
    except WarehouseUnavailable as error:
        health = LoopHealth("unseen", None, f"nothing is known: {error}", is_fault=True)
    if health.state == "never_started" or not _is_due(watch, health, now):
        return dg.SensorResult(skip_reason=health.detail, cursor=json.dumps(asdict(watch)))
    watch = replace(watch, reported_at=now, passed=not health.is_fault)
    return dg.SensorResult(asset_events=[loop_evaluation(health)], cursor=json.dumps(asdict(watch)))


def _is_due(watch: Watch, health: LoopHealth, now: int) -> bool:
    return watch.passed is health.is_fault or now - watch.reported_at >= REPORT_EVERY
