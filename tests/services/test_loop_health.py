"""Never started, gone, starting, deciding, deciding nothing, dead: told apart by lease and clock."""

from dataclasses import replace

import pytest

from babingepet.market.intervals import DAY, HOUR, MINUTE, SECOND
from babingepet_resources.warehouse.records import Lease
from babingepet_services.btc.loop import STALE_AFTER
from babingepet_services.btc.loop_health import AWAY, LOADING, Circumstances, judge

NOW = 1_700_000_000_000
QUIET = 180 * SECOND


def held(*, beat=0, decided=None, acquired=DAY, **changes):
    """A lease by the ages of its times."""
    decided_at = None if decided is None else NOW - decided
    lease = Lease("btc", "run-1", 3, NOW - beat, NOW - acquired, decided_at=decided_at)
    return replace(lease, **changes)


def released(age, **changes):
    return held(beat=age, decided=age, released_at=NOW - age, **changes)


WATCHED = Circumstances(watched_since=NOW - DAY)
FAST = Circumstances(minute=MINUTE / 60)
AS_FAST_AS_POSSIBLE = Circumstances(minute=0.0)

TABLE = [
    ("nobody ever took the lease", None, WATCHED, "never_started", False),
    ("it decides", held(decided=59 * SECOND), WATCHED, "deciding", False),
    ("it is a little late", held(decided=QUIET - 1), WATCHED, "deciding", False),
    ("it lives and decides nothing", held(decided=QUIET), WATCHED, "deciding_nothing", True),
    ("it decides nothing, and nothing watches", held(decided=QUIET), Circumstances(), "deciding_nothing", True),
    ("a fast market is late by its own minutes only", held(decided=59 * SECOND), FAST, "deciding", False),
    ("a fast market has stood still for a minute", held(decided=60 * SECOND), FAST, "deciding_nothing", True),
    ("the fastest market has stood still", held(decided=60 * SECOND), AS_FAST_AS_POSSIBLE, "deciding_nothing", True),
    ("a slow market takes its time", held(decided=5 * MINUTE), Circumstances(minute=2 * MINUTE), "deciding", False),
    ("it was killed in a fast market", held(beat=80 * SECOND, decided=80 * SECOND), FAST, "deciding", False),
    ("it loads its history", held(acquired=LOADING - 1), WATCHED, "starting", False),
    ("it loads, and another decided yesterday", held(decided=DAY, acquired=LOADING - 1), WATCHED, "starting", False),
    ("it has loaded for too long", held(acquired=LOADING), WATCHED, "deciding_nothing", True),
    ("it lost its heartbeat", held(beat=STALE_AFTER, decided=STALE_AFTER), WATCHED, "dead", False),
    ("it lost its heartbeat and nothing replaced it", held(beat=AWAY, decided=AWAY), WATCHED, "dead", True),
    ("it lost its heartbeat while nothing ran here", held(beat=DAY, decided=DAY), Circumstances(), "dead", False),
    ("the platform has just come back", held(beat=DAY, decided=DAY), Circumstances(watched_since=NOW - AWAY + 1), "dead", False),
    ("it gave the lease back", released(AWAY - 1), WATCHED, "released", False),
    ("it gave the lease back and none came", released(AWAY), WATCHED, "released", True),
    ("the platform was ended", released(DAY), Circumstances(), "released", False),
    ("the recording is over", released(DAY), replace(WATCHED, market_over=True), "released", False),
    ("it was asked to hand over", held(decided=9, handover_reason="new code"), WATCHED, "handing_over", False),
    ("it passed the lease on", released(9, successor="run-2", successor_at=NOW), WATCHED, "handing_over", False),
    ("it was asked, and does nothing", held(decided=QUIET, handover_reason="new code"), WATCHED, "deciding_nothing", True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "lease", "known", "state", "is_fault"), TABLE, ids=[row[0] for row in TABLE]
)
def test_what_is_said_when(said, lease, known, state, is_fault):
    health = judge(lease, known, NOW)
    assert (health.state, health.is_fault) == (state, is_fault)


STUCK = held(decided=HOUR)

REASONS = [
    (STUCK, Circumstances(exchange="no route"), "the exchange does not answer: no route"),
    (STUCK, Circumstances(missed="the decision could not be written: disk full"), "could not be written: disk full"),
    (held(acquired=HOUR), Circumstances(), "its history is not loaded"),
    (replace(STUCK, handover_reason="new code"), Circumstances(), "nobody stands by"),
    (replace(STUCK, handover_reason="new code", successor="run-2"), Circumstances(), "run-2 stands by"),
    (STUCK, Circumstances(), "it does not say why"),
]  # fmt: skip


@pytest.mark.parametrize(("lease", "known", "words"), REASONS)
def test_a_loop_that_decides_nothing_is_told_with_what_is_known_of_why(lease, known, words):
    detail = judge(lease, known, NOW).detail
    assert words in detail
    assert "alive and decided nothing for 3,600 s" in detail


def test_a_lease_of_an_older_schema_goes_by_the_newest_decision():
    known = Circumstances(decided_at=NOW - SECOND)
    assert judge(held(), known, NOW).state == "deciding"
    assert judge(held(), replace(known, decided_at=NOW - QUIET), NOW).state == "deciding_nothing"
