"""The long-lived BTC loop as one Dagster run: a job with one op that never collects anything.

1. the op iterates ``BtcLoop`` with the run's id as the owner of the lease
2. between two minutes it asks whether it may go on: signals, and Dagster's status of the run
3. a decision is an event a minute at 1x; every hour of the market, and at the end, all nine
   assets are reported with their pictures
4. it ends with a market day once it has reported enough; the sensor launches its successor

Belongs here: the job and when its run leaves. Does not belong here: deciding
(``babingepet_services.btc.loop``), what is reported (``loop_events``), launching
(``sensors.btc_loop``).
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import dagster as dg
from dagster._utils.interrupts import capture_interrupts

from babingepet.cycles.settings import BtcSettings, override
from babingepet.errors import BabingepetError, LeaseLost
from babingepet_assets.btc.loop_events import Event, LoopEvents
from babingepet_assets.btc.loop_stop import StopWatch, uninterrupted
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.feed import MarketFeed
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse.database import Database
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, CycleReport, LoopOptions
from babingepet_services.market.source import open_market, open_warehouse

POOL = "btc_loop"
MAX_RUNTIME = 40 * 3600
"""Seconds after which Dagster ends the run; it leaves by itself at a midnight, after 14 to 38 h."""
HEARTBEAT = 3.0
"""Seconds between two looks at the stop signals, and two renewals of the lease, while no minute
comes: one UPDATE of a row."""
EVENTS_PER_RUN = 1_000
"""Events after which the run leaves at the end of a market day. Dagster keeps every event of a
step in memory until the step ends: 1,000 of them, a quarter with a picture, are about 30 MB."""

QUIET_CONSOLE = {"loggers": {"console": {"config": {"log_level": "INFO"}}}}
"""Events are in the event log; at DEBUG each would be a line of the code server's log too."""
TAGS = {
    "dagster/priority": "10",  # before any report in the run queue
    "dagster/max_runtime": str(MAX_RUNTIME),
    "babingepet/market": "btc",
}


@dg.op(pool=POOL, out=dg.Out(dg.Nothing))
def decide_minutes(
    context: dg.OpExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Iterator[Event]:
    """Decide minute after minute until told to leave, replaced, or the recording is over."""
    watch = StopWatch(lambda: _status(context), clock)
    try:
        with _opened(settings, clock) as (feed, database, source, warning):
            if warning:
                context.log.warning(warning)
            events = LoopEvents(
                database,
                settings.symbol,
                source,
                context.instance.report_runless_asset_event,
                clock,
            )
            program = BtcProgram(
                settings=override(BtcSettings(), settings.overrides),
                capture_tape=settings.capture_tape,
                paused=settings.paused,
            )
            options = LoopOptions(owner=context.run_id, heartbeat=HEARTBEAT)
            loop = BtcLoop(feed, database, clock, program, options)
            yield from _reported(loop, feed, watch, events)
    except LeaseLost as error:
        context.log.warning("This run leaves; it wrote nothing since: %s", error)
    except BabingepetError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    context.log.info("The loop ended: %s.", watch.reason or "the market is over")
    if not watch.is_wanted():
        raise dg.DagsterExecutionInterruptedError


def _reported(
    loop: BtcLoop, feed: MarketFeed, watch: StopWatch, events: LoopEvents
) -> Iterator[Event]:
    """Run the loop and tell Dagster; the last report comes after the lease was given back."""
    with _closed_uninterrupted(loop.run(watch.should_stop)) as reports:
        for report in uninterrupted(reports, watch):
            yield from events.after(report, accelerated=feed.info.lockstep)
            if events.day_ended and events.count >= EVENTS_PER_RUN:
                watch.leave(f"the day is over and {events.count} events were reported")
    if watch.is_wanted():
        yield from events.full()


@contextmanager
def _closed_uninterrupted(reports: Iterator[CycleReport]) -> Iterator[Iterator[CycleReport]]:
    """Whatever ends the loop, a second signal does not keep it from releasing the lease."""
    try:
        yield reports
    finally:
        with capture_interrupts():
            reports.close()  # type: ignore[attr-defined]


@contextmanager
def _opened(
    settings: Settings, clock: Clock
) -> Iterator[tuple[MarketFeed, Database, str, str | None]]:
    with (
        open_market(settings, clock) as market,
        closing(open_warehouse(settings, market.source)) as database,
    ):
        yield market.feed, database, market.source, market.warning


def _status(context: dg.OpExecutionContext) -> dg.DagsterRunStatus | None:
    run = context.instance.get_run_by_id(context.run_id)
    return run.status if run else None


@dg.job(name="btc_loop", executor_def=dg.in_process_executor, config=QUIET_CONSOLE, tags=TAGS)
def btc_loop() -> None:
    """One decision a minute for as long as the run lasts; the sensor of this name keeps one alive."""
    decide_minutes()
