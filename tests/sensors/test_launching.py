"""Whether a run of the loop is launched: every case as a row."""

import pytest

from babingepet_resources.warehouse.lease import SUCCESSOR_STALE_AFTER
from babingepet_resources.warehouse.records import Lease
from babingepet_services.btc.loop import STALE_AFTER
from sensors.launching import (
    FIRST_BACKOFF,
    LIVED,
    START_PATIENCE,
    Launch,
    Replace,
    RunView,
    Wait,
    decide_launch,
)

NOW = 1_700_000_000_000
SECOND = 1000


def held(age=0, *, owner="run", released=None):
    heartbeat = NOW - age
    return Lease("btc", owner, 3, heartbeat, heartbeat, "btc-20231114T2213Z", released)


def run(status, age=0, *, started=None, ended=None, run_id="run"):
    times = [None if t is None else NOW - t for t in (started, ended)]
    return RunView(run_id, status, NOW - age, *times)


def failed(age, lasted=5 * SECOND):
    return run("FAILURE", age + lasted, started=age + lasted, ended=age)


OLD, FRESH = STALE_AFTER, STALE_AFTER - 1
GIVEN_BACK = held(OLD, released=NOW - OLD)

TABLE = [
    ("nothing ever ran", [], None, Launch),
    ("a heartbeat is fresh", [run("STARTED", OLD)], held(FRESH), Wait),
    ("a heartbeat is fresh although Dagster says failed", [failed(SECOND)], held(FRESH), Wait),
    ("a heartbeat is fresh although Dagster says canceled", [run("CANCELED", 9)], held(FRESH), Wait),
    ("a heartbeat is stale and its run ended", [failed(OLD, LIVED)], held(OLD), Launch),
    ("a heartbeat is stale and its run counts as started", [run("STARTED", OLD, started=OLD)], held(OLD), Replace),
    ("the run is being canceled for too long", [run("CANCELING", OLD, started=OLD)], held(OLD), Replace),
    ("a run is queued", [run("QUEUED", START_PATIENCE - 1)], None, Wait),
    ("a run is queued for too long", [run("QUEUED", START_PATIENCE)], None, Replace),
    ("a run is starting", [run("STARTING", 5 * SECOND)], held(OLD), Wait),
    ("a run has just started and holds no lease yet", [run("STARTED", OLD, started=FRESH)], None, Wait),
    ("a run started long ago and never held the lease", [run("STARTED", OLD, started=OLD)], None, Replace),
    ("the lease was given back", [run("SUCCESS", 60 * SECOND, started=59 * SECOND, ended=0)], GIVEN_BACK, Launch),
    ("the lease was given back by a run that writes its last report", [run("STARTED", OLD, started=OLD)], held(SECOND, released=NOW), Launch),
    ("the lease was given back, another run is warming up", [run("STARTED", 9, started=9, run_id="next")], GIVEN_BACK, Wait),
    ("the last run failed at once", [failed(SECOND)], None, Launch),
    ("the last two runs failed at once", [failed(SECOND), failed(90 * SECOND)], None, Wait),
    ("two runs failed at once a while ago", [failed(FIRST_BACKOFF), failed(9 * FIRST_BACKOFF)], None, Launch),
    ("three runs failed at once", [failed(FIRST_BACKOFF), failed(3 * FIRST_BACKOFF), failed(5 * FIRST_BACKOFF)], None, Wait),
    ("two runs failed, but they had lived", [failed(SECOND, LIVED), failed(LIVED, LIVED)], None, Launch),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "runs", "lease_now", "kind"), TABLE, ids=[row[0] for row in TABLE]
)
def test_what_is_decided_when(said, runs, lease_now, kind):
    assert isinstance(decide_launch(runs, lease_now, NOW), kind)


def test_a_replaced_run_is_named_with_the_sign_of_life_it_lacks():
    decision = decide_launch([run("STARTED", OLD, started=OLD)], held(OLD), NOW)
    assert decision == Replace(
        ("run",), "the run gives no sign of life; the lease: run, fence 3, heartbeat 90 s ago"
    )


def test_a_market_that_is_over_is_not_started_again():
    assert decide_launch([], None, NOW, market_over=True) == Wait("the recorded market is over")


def test_a_loop_that_still_runs_is_left_alone_when_the_market_is_over():
    assert "alive" in decide_launch([], held(0), NOW, market_over=True).reason


def test_a_pause_says_how_long_it_lasts():
    reason = decide_launch([failed(20 * SECOND), failed(90 * SECOND)], None, NOW).reason
    assert reason == "the last runs failed at once; the next is launched in 40 s"


def asked(age=0, *, heard=None, released=None, owner="run"):
    """A lease whose owner is to hand over, and when its successor was last heard of."""
    heartbeat, at = NOW - age, None if heard is None else NOW - heard
    return Lease(
        "btc", owner, 3, heartbeat, heartbeat, released_at=released, handover_reason="long enough",
        successor=None if heard is None else "next", successor_at=at,
    )  # fmt: skip


QUIET, HEARD = SUCCESSOR_STALE_AFTER, SUCCESSOR_STALE_AFTER - 1
OWNER = run("STARTED", LIVED, started=LIVED)


def successor(status, age, *, started=None, run_id="next"):
    return run(status, age, started=started, run_id=run_id)


HANDING_OVER = [
    ("a successor is wanted", [OWNER], asked(), Launch),
    ("a successor is wanted, although the owner's run has just started", [run("STARTED", 9, started=9)], asked(), Launch),
    ("a successor is queued", [successor("QUEUED", 9), OWNER], asked(), Wait),
    ("a successor imports", [successor("STARTED", 9, started=9), OWNER], asked(), Wait),
    ("a successor rehearses", [successor("STARTED", OLD, started=START_PATIENCE - 1), OWNER], asked(), Wait),
    ("a successor stands by", [successor("STARTED", OLD, started=OLD), OWNER], asked(heard=HEARD), Wait),
    ("a successor fell silent", [successor("STARTED", OLD, started=START_PATIENCE), OWNER], asked(heard=QUIET), Replace),
    ("a successor never spoke", [successor("STARTED", OLD, started=START_PATIENCE), OWNER], asked(), Replace),
    ("a successor died", [failed(SECOND), OWNER], asked(heard=QUIET), Launch),
    ("two successors died at once", [failed(SECOND), failed(90 * SECOND), OWNER], asked(heard=QUIET), Wait),
    ("the lease was passed and is about to be taken", [successor("STARTED", OLD, started=OLD), OWNER], asked(heard=HEARD, released=NOW), Wait),
    ("the lease was passed to one who died", [failed(SECOND), OWNER], asked(OLD, heard=QUIET, released=NOW), Launch),
    ("the owner died, the successor is about to take over", [successor("STARTED", OLD, started=OLD), failed(OLD)], asked(OLD, heard=HEARD), Wait),
    ("owner and successor died", [successor("STARTED", OLD, started=OLD), OWNER], asked(OLD, heard=QUIET), Replace),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "runs", "lease_now", "kind"), HANDING_OVER, ids=[row[0] for row in HANDING_OVER]
)
def test_what_is_decided_while_the_lease_is_handed_over(said, runs, lease_now, kind):
    assert isinstance(decide_launch(runs, lease_now, NOW), kind)


def test_the_living_owner_is_never_marked_failed():
    stuck = successor("STARTED", OLD, started=START_PATIENCE)
    assert decide_launch([stuck, OWNER], asked(), NOW).run_ids == ("next",)


def test_new_code_is_a_reason_to_ask_but_not_a_dead_loop():
    assert decide_launch([], held(), NOW, new_code="2") == Launch("code None was replaced by 2")
    assert decide_launch([], held(OLD), NOW, new_code="2") == Launch()


def test_what_was_asked_for_before_is_not_asked_again():
    assert decide_launch([], asked(), NOW, new_code="2") == Launch("long enough")


def test_a_loop_that_plays_the_end_of_a_recording_gets_no_successor():
    assert decide_launch([], asked(), NOW, market_over=True) == Wait("the recorded market is over")
