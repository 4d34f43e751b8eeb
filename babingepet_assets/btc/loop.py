"""The long-lived BTC loop as one Dagster run: a job with one op that never collects anything.

1. the op iterates ``BtcLoop`` with the run's id as the owner of the lease
2. between two minutes it asks whether it may go on: signals, and Dagster's status of the run
3. a decision is an event a minute at 1x; every hour of the market, and at the end, all nine
   assets are reported with their pictures
4. at the end of a market day, once it has reported enough, it asks for a successor; the sensor
   launches one, which stands by until it is handed the lease

Belongs here: the job and when its run leaves. Does not belong here: deciding
(``babingepet_services.btc.loop``), what is reported (``loop_events``), launching
(``sensors.btc_loop``).
"""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager

import dagster as dg
from dagster._utils.interrupts import capture_interrupts

from babingepet.cycles.settings import BtcSettings, override
from babingepet.errors import BabingepetError, LeaseLost
from babingepet_assets.btc.loop_events import LoopEvents
from babingepet_assets.btc.loop_stop import StopWatch, uninterrupted
from babingepet_assets.btc.run_log import RunLog
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.feed import MarketFeed
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.limits import CYCLE
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, CycleReport, LoopOptions
from babingepet_services.market.source import open_market, open_warehouse
from babingepet_services.swarm.values import analysts_of

MAX_RUNTIME = 40 * 3600
"""Seconds after which Dagster ends the run; it asks for a successor at a midnight, after 12 to 37 h."""
HEARTBEAT = 3.0
"""Seconds between two looks at the stop signals, and two renewals of the lease, while no minute
comes: one UPDATE of a row."""
QUIET_CONSOLE = {"loggers": {"console": {"config": {"log_level": "INFO"}}}}
"""Events are in the event log; at DEBUG each would be a line of the code server's log too."""
TAGS = {
    "dagster/priority": "10",  # before any report in the run queue
    "dagster/max_runtime": str(MAX_RUNTIME),
    "babingepet/market": "btc",
}


# No pool: it would queue the successor behind the loop that waits for it. The lease guards the market.
@dg.op(out=dg.Out(dg.Nothing))
def decide_minutes(
    context: dg.OpExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Decide minute after minute until told to leave, replaced, or the recording is over."""
    run_log = RunLog(context)
    watch = StopWatch(run_log.status, clock)
    try:
        with _opened(settings, clock) as (feed, database, source, warning):
            if warning:
                run_log.say(warning, logging.WARNING)
            events = LoopEvents(
                database.within(CYCLE),
                settings.symbol,
                source,
                context.instance.report_runless_asset_event,
                clock,
            )
            program = BtcProgram(
                settings=override(BtcSettings(), settings.overrides),
                capture_tape=settings.capture_tape,
                paused=settings.paused,
                analysts=analysts_of(settings, source),
            )
            options = LoopOptions(owner=context.run_id, heartbeat=HEARTBEAT)
            loop = BtcLoop(feed, database, clock, program, options)
            _run(loop, feed, watch, events, run_log, settings.events_per_run)
    except LeaseLost as error:
        run_log.say(f"This run leaves; it wrote nothing since: {error}", logging.WARNING)
    except BabingepetError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    if not watch.is_wanted():
        raise dg.DagsterExecutionInterruptedError


def _run(
    loop: BtcLoop,
    feed: MarketFeed,
    watch: StopWatch,
    events: LoopEvents,
    run_log: RunLog,
    events_per_run: int,
) -> None:
    """Run the loop and tell Dagster; the last report comes after the lease was given back."""
    is_long = False
    with _closed_uninterrupted(loop.run(watch.should_stop)) as reports:
        for report in uninterrupted(reports, watch):
            run_log.write(events.after(report, accelerated=feed.info.lockstep))
            is_long |= events.day_ended and events.count >= events_per_run
            if is_long:
                loop.ask_handover(f"the day is over and {events.count} events were reported")
    handed = f"it was handed over to run {loop.successor}" if loop.successor else None
    run_log.say(f"The loop ended: {watch.reason or handed or 'the market is over'}.")
    if watch.is_wanted():
        run_log.write(events.full())


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


@dg.job(name="btc_loop", executor_def=dg.in_process_executor, config=QUIET_CONSOLE, tags=TAGS)
def btc_loop() -> None:
    """One decision a minute for as long as the run lasts; the sensor of this name keeps one alive."""
    decide_minutes()
