"""The proof that live decisions can be made again: one number a day, and a check that wants 100 %.

Belongs here: what the asset is, in words, its check and its job. Does not belong here: making
decisions again (``babingepet_services.replay.live_parity``), and when it runs (``sensors.schedules``).
"""

import warnings

import dagster as dg
from tabulate import tabulate

from babingepet.compiled import ENGINE_VERSION
from babingepet_assets.partitions import DAILY
from babingepet_resources.clients.clock import Clock
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import checks
from babingepet_services.btc_day.day import open_scope
from babingepet_services.replay.live_parity import ASSET, CHECK, DayParity, file_finding, replay_day
from babingepet_services.version import code_version

KEY = dg.AssetKey(ASSET.split("/"))
POOL = "learning"
"""What is learned runs one at a time, and leaves a slot of the run queue to the loop."""
NEVER = "this day was never made again: materialize the asset first"
SHOWN = 20
"""Lines of the first difference that are shown; the command line has all of them."""
MAX_RUNTIME = 1_800
"""Seconds after which Dagster ends the run: a whole day takes about ten."""

Result = dg.MaterializeResult[None]
Shown = dict[str, dg.MetadataValue]

with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.BetaWarning)
    warnings.simplefilter("ignore", dg.PreviewWarning)
    daily_asset = dg.asset(
        key=KEY,
        deps=[dg.AssetKey(["btc", "decisions"])],
        partitions_def=DAILY,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name="learning",
        kinds={"numba", "table"},
        owners=["team:learning"],
        code_version=ENGINE_VERSION,
        pool=POOL,
    )
    daily_check = dg.asset_check(
        asset=KEY,
        name=CHECK,
        description="Every live cycle of the day was made again byte for byte from its captured "
        "inputs. A day without a cycle passes and says so.",
        blocking=False,
        partitions_def=DAILY,
        pool=POOL,
    )


@daily_asset
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
    metadata: Shown = {}
    for partition in context.partition_keys:
        with open_scope(settings, clock, partition) as scope:
            market = (scope.book, scope.symbol, scope.source)
            event_tape = EventTape.open(settings.tape_address())
            parity = replay_day(scope.database, *market, partition, event_tape)
            file_finding(scope.database, parity, clock.now())
        metadata = shown(parity)
        if len(context.partition_keys) > 1:
            context.add_asset_metadata(metadata, partition_key=partition)
    return dg.MaterializeResult(metadata=metadata if len(context.partition_keys) == 1 else {})


@daily_check
def is_complete(
    context: dg.AssetCheckExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.AssetCheckResult:
    """Judge what the asset found of every day of the run; the result of several is the worst."""
    found = [_evaluation(day, settings, clock) for day in context.partition_keys]
    if len(found) > 1:
        for evaluation in found:
            context.op_execution_context.log_event(evaluation)  # type: ignore[arg-type]
    worst = min(found, key=lambda evaluation: evaluation.passed)
    return dg.AssetCheckResult(
        passed=worst.passed,
        severity=worst.severity,
        description=worst.description,
        metadata=worst.metadata,
    )


def _evaluation(day: str, settings: Settings, clock: Clock) -> dg.AssetCheckEvaluation:
    with open_scope(settings, clock, day) as scope, scope.database.reading() as connection:
        filed = checks.latest(connection, ASSET, CHECK, day, scope.source)
    return dg.AssetCheckEvaluation(
        asset_key=KEY,
        check_name=CHECK,
        passed=filed is not None and filed.passed,
        severity=dg.AssetCheckSeverity(filed.severity if filed else "WARN"),
        description=filed.detail if filed else NEVER,
        metadata={"source": scope.source, "day": day},
        partition=day,
    )


def shown(parity: DayParity) -> Shown:
    """The day as the UI shows it; numbers become curves over the partitions."""
    metadata: Shown = {
        "dagster/row_count": dg.MetadataValue.int(parity.total),
        "total": dg.MetadataValue.int(parity.total),
        "identical": dg.MetadataValue.int(parity.identical),
        "undecidable": dg.MetadataValue.int(parity.undecidable),
        "without_raw_tape": dg.MetadataValue.int(parity.without_raw_tape),
        "other_engine": dg.MetadataValue.int(parity.other_engine),
        "source": dg.MetadataValue.text(parity.source),
        "engine_version": dg.MetadataValue.text(parity.engine_version),
        "code_version": dg.MetadataValue.text(code_version()),
        "first_difference": dg.MetadataValue.md(_first_difference(parity)),
        "table": dg.MetadataValue.md(_hour_table(parity)),
    }
    if parity.share is not None:
        metadata["share"] = dg.MetadataValue.float(parity.share)
    return metadata


def _first_difference(parity: DayParity) -> str:
    first = parity.first_difference
    if first is None:
        return f"*{parity.sentence}*"
    lines = [f"- `{line}`" for line in first.explanation[:SHOWN]]
    more = len(first.explanation) - SHOWN
    if more > 0:
        lines.append(f"- and {more} more: `babingepet replay-cycle {first.cycle_id} --json`")
    return "\n".join([f"**{first.cycle_id}**", "", *lines])


def _hour_table(parity: DayParity) -> str:
    if not parity.total:
        return f"*{parity.sentence}*"
    rows = [(hour.hour, hour.total, hour.identical, hour.undecidable) for hour in parity.hours]
    headers = ("hour", "cycles", "identical", "undecidable")
    return tabulate(rows, headers, tablefmt="pipe")


parity_job = dg.define_asset_job(
    "live_replay_parity",
    selection=[live_replay_parity],
    executor_def=dg.in_process_executor,
    tags={"dagster/max_runtime": str(MAX_RUNTIME)},
    description="Makes a day's live cycles again and compares every byte.",
)
