"""Checks of the memory against the warehouse: is a day remembered whole, and does it say the same.

A failing one is a warning: nothing is decided on the memory but what a prompt is told. Whoever
mends a fact in the warehouse sees here that the memory still has the old one.

Belongs here: what each check compares. It changes neither side, and makes no file.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from babingepet.market.intervals import iso
from babingepet.memory.chronicles import SPANS, write_story
from babingepet.memory.engrams import Engram
from babingepet.memory.strength import PRUNE_BELOW, effective, reinforced
from babingepet_resources.hippocampus.store import Hippocampus
from babingepet_resources.settings import Settings
from babingepet_services.btc.checks import Finding
from babingepet_services.btc_day.day import DayScope
from babingepet_services.btc_day.warning_checks import Look, WarningCheck
from babingepet_services.memory.chronicle import has_anything, kept_chronicle, period_facts
from babingepet_services.memory.day import market_of, periods_ending_with, seen_until
from babingepet_services.memory.remember import engrams_of_day

NO_FILE = "there is no memory yet: materialize memory/engrams"
WEAKEST = reinforced(0.0)
"""Strength that a fact leaves its words with at least: words that were almost forgotten are weaker
after it than new ones, and gone after 28 days instead of 46."""


def of_memory(check: Callable[[DayScope, Hippocampus, int], Finding]) -> Look:
    """Look into the memory that there is, as the market was seen until now."""

    def look(scope: DayScope, settings: Settings, now: int) -> Finding:
        file = settings.memory_file(scope.source)
        if not file.is_file():
            return Finding(passed=False, detail=NO_FILE)
        with closing(Hippocampus(file)) as store:
            return check(scope, store, seen_until(scope, now))

    return look


def facts_are_remembered(scope: DayScope, store: Hippocampus, seen: int) -> Finding:
    """Every fact of the day that is worth it is remembered, or is old enough to be forgotten."""
    engrams = engrams_of_day(scope.database, market_of(scope), scope.start)
    found = store.find_facts(engrams)
    absent = [one for one, held in zip(engrams, found, strict=True) if held is None]
    missing = [one for one in absent if not _may_be_forgotten(one, seen)]
    told = f"{len(engrams) - len(absent)} of {len(engrams)} facts are remembered"
    if len(absent) > len(missing):
        told += f", {len(absent) - len(missing)} were forgotten"
    if seen < scope.end:
        return Finding(passed=True, detail=f"{told}; the day is not over before {iso(scope.end)}")
    if missing:
        told += f"; the first that is missing: {missing[0].fact_id}"
    return Finding(not missing, told)


def memory_agrees(scope: DayScope, store: Hippocampus, seen: int) -> Finding:
    """No fact of the day is remembered in other words than the warehouse has for it."""
    del seen  # what is there is compared, however far the day came
    engrams = engrams_of_day(scope.database, market_of(scope), scope.start)
    held = [(one, at) for one, at in zip(engrams, store.find_facts(engrams), strict=True) if at]
    others = [one for one, at in held if at.status == "conflicting"]
    told = f"{len(held) - len(others)} of {len(held)} remembered facts are those of the warehouse"
    if others:
        told += f"; the first that is not: {others[0].fact_id}, now: {others[0].text}"
    return Finding(not others, told)


def story_agrees(scope: DayScope, store: Hippocampus, seen: int) -> Finding:
    """The stories that end with the day are written, and tell what the warehouse tells now."""
    if seen < scope.end:
        return Finding(passed=True, detail=f"the day is not over before {iso(scope.end)}")
    told, passed = [], True
    for kind, start in periods_ending_with(scope):
        with scope.database.reading() as connection:
            facts = period_facts(connection, market_of(scope), start, start + SPANS[kind])
        kept = kept_chronicle(store, market_of(scope), start, kind)
        if not has_anything(facts):
            told.append(f"nothing is stored that the {kind} could tell")
        elif kept is None:
            passed = False
            told.append(f"the {kind} has no story: materialize memory/chronicles")
        elif kept.body != (retold := write_story(kind, facts, kept.known_at).body):
            passed = False
            told.append(
                f"the {kind} would now be told otherwise: {_first_difference(kept.body, retold)}"
            )
        else:
            told.append(f"the story of the {kind} is that of the warehouse")
    return Finding(passed, "; ".join(told))


def _may_be_forgotten(engram: Engram, seen: int) -> bool:
    return not engram.pinned and effective(WEAKEST, seen - engram.known_at) < PRUNE_BELOW


def _first_difference(kept: str, retold: str) -> str:
    pairs = zip(kept.splitlines(), retold.splitlines(), strict=False)
    was, would_be = next((pair for pair in pairs if pair[0] != pair[1]), (kept, retold))
    return f"not '{was}' but '{would_be}'"


CHECKS = (
    WarningCheck(
        "facts_are_remembered",
        "memory/engrams",
        "Every fact of a day that is over and worth remembering is in the memory, or is older than "
        "four weeks and was forgotten.",
        of_memory(facts_are_remembered),
    ),
    WarningCheck(
        "memory_agrees",
        "memory/engrams",
        "No fact of the day is remembered in other words than the warehouse has for it.",
        of_memory(memory_agrees),
    ),
    WarningCheck(
        "story_agrees",
        "memory/chronicles",
        "The story of the day, and of the week that ends with it, tells what the warehouse tells.",
        of_memory(story_agrees),
    ),
)
"""Each a warning."""
