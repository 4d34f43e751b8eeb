"""A day of the memory as a report: what was remembered of it, and how it is told.

Belongs here: which file is meant, up to when the market was seen, and what is shown. Does not belong
here: what is worth remembering (``memory.remember``) and the story (``memory.chronicle``).

The memory that is written belongs to the source of the warehouse that is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing

from babingepet.errors import InputError
from babingepet.market.intervals import iso, week_start
from babingepet.memory.chronicles import SPANS, Chronicle, Span
from babingepet.memory.engrams import Engram
from babingepet_resources.clients.clock import Clock
from babingepet_resources.hippocampus.store import Hippocampus
from babingepet_resources.settings import Settings
from babingepet_services.btc.minutes import newest_known
from babingepet_services.btc_day.day import AssetReport, Cell, DayScope, label, table
from babingepet_services.market.gap_ledger import Market
from babingepet_services.memory.chronicle import kept_chronicle, write_chronicle
from babingepet_services.memory.remember import remember_day

SHOWN = 20
"""Different texts of a day that are shown; the command line finds all of them."""


def describe_engrams(scope: DayScope, settings: Settings, clock: Clock) -> AssetReport:
    """Remember a day, let everything fade to its end, and say what was done.

    A day that is not over is remembered as far as it came.

    Args:
        scope: The day.
        settings: Where the memory is.
        clock: This machine's.

    Raises:
        WarehouseUnavailable: The warehouse does not answer.
        MemoryUnavailable: The memory cannot be written; what was remembered until then stays.
    """
    market, now = market_of(scope), clock.now()
    seen = seen_until(scope, now)
    file = settings.memory_file(scope.source)
    with closing(Hippocampus(file)) as store:
        done = remember_day(scope.database, store, market, scope.start, now=now)
        # Each day on its own, also of many: what fades between two days of a backfill is forgotten
        # between them, as it would have been in the nights.
        faded = store.trigger_decay(now=min(scope.end, seen))
    numbers: dict[str, Cell] = {
        "decisions": done.decisions,
        "trades": done.trades,
        "stored": done.stored,
        "reinforced": done.reinforced,
        "known": done.known,
        "conflicting": done.conflicting,
        "engrams": faded.kept,
        "forgotten": faded.forgotten,
        "file": str(file),
    }
    times = [engram.event_time for engram in done.engrams]
    span = (min(times), max(times)) if times else None
    return AssetReport(
        len(done.engrams), span, _label(scope), _text_table(done.engrams), numbers=numbers
    )


def describe_chronicles(scope: DayScope, settings: Settings, clock: Clock) -> AssetReport:
    """Write the story of a day, and of the week whose last day it is, and show both.

    A period that is not over has no story yet, and one before the first decision never has any:
    the report says so.

    Args:
        scope: The day.
        settings: Where the memory is.
        clock: This machine's.

    Raises:
        WarehouseUnavailable: The warehouse does not answer.
        MemoryUnavailable: The memory cannot be written.
    """
    market, seen = market_of(scope), seen_until(scope, clock.now())
    file = settings.memory_file(scope.source)
    numbers: dict[str, Cell] = {}
    stories: list[Chronicle] = []
    with closing(Hippocampus(file)) as store:
        for kind, start in periods_ending_with(scope):
            numbers[kind] = _write(scope, store, kind, start, seen)
            story = kept_chronicle(store, market, start, kind)
            stories.extend([] if story is None else [story])
    counts = Counter(numbers.values())
    return AssetReport(
        rows=len(stories),
        window=(min(s.period_start for s in stories), scope.end) if stories else None,
        source=_label(scope),
        table=_story_table(stories),
        numbers={
            **numbers,
            **{status: counts[status] for status in ("stored", "known", "conflicting")},
            "file": str(file),
        },
        texts={"story": "\n\n".join(_as_markdown(story) for story in stories)},
    )


def market_of(scope: DayScope) -> Market:
    """The instrument, and whose facts."""
    return Market(scope.symbol, scope.source)


def seen_until(scope: DayScope, now: int) -> int:
    """Up to when the day's market was seen, UTC ms; ``now`` is this machine's clock."""
    with scope.database.reading() as connection:
        return newest_known(connection, market_of(scope), now)


def periods_ending_with(scope: DayScope) -> Iterator[tuple[Span, int]]:
    """The day itself, and on a Sunday its week; each with its beginning."""
    yield "day", scope.start
    week = week_start(scope.start)
    if week + SPANS["week"] == scope.end:
        yield "week", week


def _write(scope: DayScope, store: Hippocampus, kind: Span, start: int, seen: int) -> str:
    """What became of a story: a status of the store, or why none was written."""
    try:
        market = market_of(scope)
        return write_chronicle(scope.database, store, market, start, now=seen, kind=kind).status
    except InputError as refused:
        return f"not written: {refused}"


def _label(scope: DayScope) -> str:
    with scope.database.reading() as connection:
        return label(connection, scope)


def _text_table(engrams: Sequence[Engram]) -> str:
    """The same words in one row, the most frequent first."""
    same = Counter((engram.kind, engram.text) for engram in engrams)
    rows: list[tuple[Cell, ...]] = [
        (count, kind, text) for (kind, text), count in same.most_common(SHOWN)
    ]
    if len(same) > SHOWN:
        rows.append(
            (None, None, f"and {len(same) - SHOWN} other texts: `babingepet memory search`")
        )
    return table(("times", "kind", "text"), rows)


def _story_table(stories: Sequence[Chronicle]) -> str:
    rows = [
        (story.kind, iso(story.period_start), iso(story.period_end), iso(story.known_at))
        for story in stories
    ]
    return table(("story of a", "from", "to", "known at"), rows)


def _as_markdown(story: Chronicle) -> str:
    lines = "\n".join(f"- {line}" for line in story.body.splitlines())
    return f"**{story.title}**\n\n{lines}"
