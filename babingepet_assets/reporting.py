"""From a service's report to what Dagster shows: metadata of a materialization, result of a check.

Belongs here: the way from plain reports and findings to Dagster's values, day by day, for every
market and for the loop. Does not belong here: what is reported (services) and what an asset is
(``declaring``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import dagster as dg

from babingepet.errors import InputError
from babingepet.market.intervals import iso
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse.records import CheckRecord
from babingepet_services.btc_day.canvas import as_markdown
from babingepet_services.btc_day.day import AssetReport, DayScope, Describe, open_scope
from babingepet_services.version import code_version

Shown = dict[str, dg.MetadataValue]
Result = dg.MaterializeResult[None]

MADE_UP = "SIMULATED market: every price is made up."
DRAWN = 31
"""Days of a run, the newest ones, that get a picture: one takes 0.1 s and 40 KB of the event log."""


def asset_key(name: str) -> dg.AssetKey:
    """``btc/candles`` as a key."""
    return dg.AssetKey(name.split("/"))


def metadata(report: AssetReport) -> Shown:
    """Everything a report says, as the UI shows it; numbers become curves over the partitions."""
    shown: Shown = {"warning": dg.MetadataValue.text(MADE_UP)} if _is_made_up(report) else {}
    shown |= {
        "dagster/row_count": dg.MetadataValue.int(report.rows),
        "source": dg.MetadataValue.text(report.source),
        "window": dg.MetadataValue.text(_window(report)),
        "code_version": dg.MetadataValue.text(code_version()),
    }
    if report.plot_png is not None:
        shown["plot"] = dg.MetadataValue.md(as_markdown(report.plot_png))
    shown["table"] = dg.MetadataValue.md(report.table)
    shown |= {name: dg.MetadataValue.md(text) for name, text in report.texts.items() if text}
    return shown | {
        name: _number(value) for name, value in report.numbers.items() if value is not None
    }


def report_days(
    context: dg.AssetExecutionContext, settings: Settings, clock: Clock, describe: Describe
) -> Result:
    """Report each partition of the run, in order, from one opened warehouse.

    Args:
        context: Tells the asset and its partitions.
        settings: Name the market and its warehouse.
        clock: This machine's clock.
        describe: Makes the report; only the newest ``DRAWN`` are asked for a picture.

    Raises:
        Failure: An input cannot be used, and trying again would not help.
    """
    days = context.partition_keys
    drawn = frozenset(days[-DRAWN:])
    with open_scope(settings, clock, days[0]) as first:

        def show(day: str) -> Shown:
            return metadata(describe(replace(first, partition=day, draws=day in drawn)))

        try:
            return day_by_day(context, context.asset_key.to_user_string(), show)
        except InputError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from None


def day_by_day(
    context: dg.AssetExecutionContext, name: str, show: Callable[[str], Shown]
) -> Result:
    """Show each partition of the run, in order; in a backfill each keeps its own metadata."""
    days, key = context.partition_keys, asset_key(name)
    if len(days) == 1:
        return dg.MaterializeResult(asset_key=key, metadata=show(days[0]))
    for day in days:
        context.add_asset_metadata(show(day), asset_key=key, partition_key=day)
    return dg.MaterializeResult(asset_key=key)


def check_days(
    context: dg.AssetCheckExecutionContext,
    settings: Settings,
    clock: Clock,
    check: Callable[[DayScope], CheckRecord],
) -> dg.AssetCheckResult:
    """Evaluate a check of every day of the run; the result of several is that of the worst."""
    days = context.partition_keys
    with open_scope(settings, clock, days[0]) as first:
        records = [check(replace(first, partition=day)) for day in days]
    return _result_of_days(context, [evaluation(record) for record in records])


def evaluation(record: CheckRecord) -> dg.AssetCheckEvaluation:
    """A finding as Dagster's event, of its day.

    It does not say that the check is blocking: the loop's run would then end as failed hours later,
    when entries are long allowed again. What blocks is the stored finding.
    """
    return dg.AssetCheckEvaluation(
        asset_key=asset_key(record.asset),
        check_name=record.name,
        passed=record.passed,
        severity=dg.AssetCheckSeverity(record.severity),
        description=record.detail,
        metadata={"source": record.source},
        partition=record.partition,
    )


def _result_of_days(
    context: dg.AssetCheckExecutionContext, found: Sequence[dg.AssetCheckEvaluation]
) -> dg.AssetCheckResult:
    """Of several days each is told on its own."""
    if len(found) > 1:
        for one in found:
            context.op_execution_context.log_event(one)  # type: ignore[arg-type]
    worst = min(found, key=lambda one: one.passed)
    return dg.AssetCheckResult(
        passed=worst.passed,
        severity=worst.severity,
        description=worst.description,
        metadata={**worst.metadata, "day": worst.partition},
    )


def _is_made_up(report: AssetReport) -> bool:
    return report.source.partition(",")[0] == "simulated"


def _window(report: AssetReport) -> str:
    return f"{iso(report.window[0])} to {iso(report.window[1])}" if report.window else "empty"


def _number(value: str | float) -> dg.MetadataValue:
    if isinstance(value, str):
        return dg.MetadataValue.text(value)
    if isinstance(value, int):
        return dg.MetadataValue.int(value)
    return dg.MetadataValue.float(value)
