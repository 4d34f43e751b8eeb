"""The event tape of BTC/USDT as an asset: a day's raw trades and quotes as files.

Belongs here: what the asset is, in words, and its job. Does not belong here: laying a day down
(``babingepet_services.btc_day.tape``), and when it runs (``sensors.schedules``).
"""

import dagster as dg

from babingepet_assets.btc.group import BTC
from babingepet_assets.declaring import single_process_job
from babingepet_assets.reporting import Result, report_days
from babingepet_resources.clients.clock import Clock
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.settings import Settings
from babingepet_services.btc_day.day import AssetReport, DayScope
from babingepet_services.btc_day.tape import describe_tape

MAX_RUNTIME = 3_600
"""Seconds after which Dagster ends the run; what it laid down until then stays, and a new run goes
on from there."""


@BTC.asset("tape", deps=["btc/order_flow"], kinds={"parquet"})
def tape(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """Raw trades and best quotes that the loop saw: prices in USDT, quantities in BTC, times in ms.

    Shape: a Parquet file an hour and kind, a row an event; up to 48 files a day. What the
    warehouse holds too leaves it after two days, and files leave after `BABINGEPET_TAPE_DAYS`.
    """
    event_tape = EventTape.open(settings.tape_address())

    def lay_down(day: DayScope) -> AssetReport:
        is_last = day.partition == context.partition_keys[-1]
        return describe_tape(day, event_tape, clock.now(), settings.tape_days, prunes=is_last)

    return report_days(context, settings, clock, lay_down)


tape_job = single_process_job(
    "btc_tape",
    tape,
    max_runtime=MAX_RUNTIME,
    description="Lays a day's raw trades and quotes down as files, and removes what is old.",
)
