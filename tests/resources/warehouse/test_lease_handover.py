"""The lease handed over: every state against everything that can happen, on both databases."""

import pytest

from babingepet.errors import LeaseLost
from babingepet_resources.warehouse import lease
from babingepet_resources.warehouse.lease import SUCCESSOR_STALE_AFTER
from babingepet_resources.warehouse.records import Lease
from tests.resources.warehouse import builders as b

STALE = 90_000
NOW = 1_000_000
OLD = NOW - STALE - 1
QUIET = NOW - SUCCESSOR_STALE_AFTER - 1
"""When a successor that nobody waits for any more was last heard of."""


def take(database, owner="owner", now=NOW, code_version=None):
    return lease.acquire(database, "btc", owner, now, STALE, code_version)


def claim(database, held, now=NOW):
    with database.writing() as connection:
        lease.renew_and_claim(connection, held, now, b.cycle_id(1))


def ask(database, fence=1):
    return lease.ask_handover(database, "btc", fence, "new code")


def stand_by(database, who="next", now=NOW):
    return lease.stand_by(database, "btc", who, now, STALE)


def is_claimed(database, held):
    try:
        claim(database, held)
    except LeaseLost:
        return False
    return True


EVENTS = {
    "claim": is_claimed,
    "ask": lambda database, held: ask(database),
    "next stands by": lambda database, held: stand_by(database, "next"),
    "other stands by": lambda database, held: stand_by(database, "other"),
    "next withdraws": lambda database, held: lease.withdraw(database, "btc", "next"),
    "hand over": lambda database, held: lease.hand_over(database, held, "next", NOW),
    "give back": lambda database, held: lease.release(database, held, NOW),
    "next takes": lambda database, held: take(database, "next") is not None,
    "other takes": lambda database, held: take(database, "other") is not None,
}
ALIVE = {"claim", "give back"}
TAKEN = {"next takes", "other takes"}

STATES = {
    "free: given back": (
        lambda d, held: lease.release(d, held, NOW),
        TAKEN,
    ),
    "free: given back, a successor fell silent": (
        lambda d, held: (ask(d), stand_by(d, now=QUIET), lease.release(d, held, NOW)),
        TAKEN | {"next withdraws"},
    ),
    "free: the owner fell silent": (
        lambda d, held: lease.renew(d, held, OLD),
        ALIVE | TAKEN | {"ask"},
    ),
    "free: owner and successor fell silent": (
        lambda d, held: (lease.renew(d, held, OLD), ask(d), stand_by(d, now=QUIET - STALE)),
        ALIVE | TAKEN | {"next withdraws"},
    ),
    "held": (
        lambda d, held: None,
        ALIVE | {"ask"},
    ),
    "asked": (
        lambda d, held: ask(d),
        ALIVE | {"next stands by", "other stands by"},
    ),
    "awaited": (
        lambda d, held: (ask(d), stand_by(d, now=NOW - 1)),
        ALIVE | {"next stands by", "next withdraws", "hand over"},
    ),
    "asked again: the successor fell silent": (
        lambda d, held: (ask(d), stand_by(d, now=QUIET)),
        ALIVE | {"next stands by", "next withdraws", "other stands by"},
    ),
    "free: the owner fell silent while it was awaited": (
        lambda d, held: (lease.renew(d, held, OLD), ask(d), stand_by(d, now=OLD), stand_by(d, now=OLD + STALE)),
        ALIVE | TAKEN | {"next withdraws", "hand over"},
    ),
    "passed": (
        lambda d, held: (ask(d), stand_by(d), lease.hand_over(d, held, "next", NOW)),
        {"next takes", "next withdraws"},
    ),
    "passed: given back at the end of the owner": (
        lambda d, held: (ask(d), stand_by(d), lease.release(d, held, NOW)),
        {"next takes", "next withdraws"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_what_can_happen_in_which_state(database, state):
    bring_about, possible = STATES[state]
    for name, event in EVENTS.items():
        with database.writing() as connection:
            connection.exec_driver_sql("DELETE FROM loop_lease")
        held = take(database)
        bring_about(database, held)
        before = lease.read(database, "btc")
        assert event(database, held) is (name in possible), name
        after = lease.read(database, "btc")
        assert (after != before) is (name in possible), name
        assert after.fence == before.fence + (name in TAKEN and name in possible)


def test_a_lease_that_was_taken_over_obeys_its_former_owner_no_more(database):
    old = take(database, now=OLD)
    taken = take(database, "next")
    assert (taken.fence, taken.owner) == (2, "next")
    assert not ask(database, old.fence)
    assert ask(database, taken.fence)
    assert stand_by(database, "third")
    assert not lease.hand_over(database, old, "third", NOW)
    assert not lease.release(database, old, NOW)
    with pytest.raises(LeaseLost, match=r"belongs to next \(fence 2\)"):
        claim(database, old)


def test_a_new_owner_is_not_asked_for_what_the_old_one_was(database):
    held = take(database, code_version="old")
    ask(database)
    stand_by(database)
    lease.hand_over(database, held, "next", NOW)
    assert take(database, "next", NOW + 1, "new") == Lease(
        "btc", "next", 2, NOW + 1, NOW + 1, code_version="new"
    )


def test_what_was_decided_is_remembered_across_a_hand_over(database):
    held = take(database)
    claim(database, held)
    ask(database)
    stand_by(database)
    lease.hand_over(database, held, "next", NOW)
    taken = take(database, "next", NOW + 1)
    assert (taken.cycle_id, taken.decided_at) == (b.cycle_id(1), NOW)


def test_the_first_reason_of_a_hand_over_is_kept(database):
    take(database)
    assert ask(database)
    assert not lease.ask_handover(database, "btc", 1, "another reason")
    assert lease.read(database, "btc").handover_reason == "new code"


def test_nobody_stands_by_for_itself_or_for_a_lease_that_does_not_exist(database):
    assert not stand_by(database)
    assert not ask(database)
    take(database)
    ask(database)
    assert not stand_by(database, "owner")


def test_an_owner_that_was_stopped_before_it_passed_the_lease_on_finds_it_taken(database):
    held = take(database, now=OLD)
    ask(database)
    stand_by(database, now=OLD + STALE)
    taken = take(database, "next")
    assert not lease.hand_over(database, held, "next", NOW)
    assert lease.read(database, "btc") == taken
