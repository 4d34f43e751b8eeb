"""A day's proof as a report: how many of its cycles were made again, by hour, and the first that was not.

Belongs here: what the proof says to people. Does not belong here: making decisions again
(``replay.live_parity``).
"""

from __future__ import annotations

from babingepet.market.intervals import HOUR
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.exchange.moments import parse_moment
from babingepet_services.btc_day.day import AssetReport, DayScope, table
from babingepet_services.replay.live_parity import DayParity, replay_day
from babingepet_services.replay.parity_finding import file_finding

SHOWN = 20
"""Lines of the first difference that are shown; the command line has all of them."""


def describe_parity(scope: DayScope, event_tape: EventTape, now: int) -> AssetReport:
    """Make a day's cycles again, file what was found, and report it.

    Args:
        scope: The day.
        event_tape: Where raw tapes are that left the warehouse.
        now: This machine's clock, UTC ms.

    Raises:
        TapeUnavailable: The event tape does not answer.
        WarehouseUnavailable: The database.
    """
    market = (scope.book, scope.symbol, scope.source)
    parity = replay_day(scope.database, *market, scope.partition, event_tape)
    file_finding(scope.database, parity, now)
    return report(parity)


def report(parity: DayParity) -> AssetReport:
    """A day's proof as it is shown."""
    return AssetReport(
        rows=parity.total,
        window=_window(parity),
        source=parity.source,
        table=_hour_table(parity),
        numbers={
            "total": parity.total,
            "identical": parity.identical,
            "undecidable": parity.undecidable,
            "without_raw_tape": parity.without_raw_tape,
            "other_engine": parity.other_engine,
            "share": parity.share,
            "engine_version": parity.engine_version,
        },
        texts={"first_difference": _first_difference(parity)},
    )


def _window(parity: DayParity) -> tuple[int, int] | None:
    if not parity.hours:
        return None
    first, last = (parse_moment(f"{parity.day}T{parity.hours[at].hour}") for at in (0, -1))
    return first, last + HOUR


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
    return table(("hour", "cycles", "identical", "undecidable"), rows)
