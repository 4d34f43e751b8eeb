"""Who may write: owners that are paused and wake, successors that race, hand-overs that are torn."""

import json
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from babingepet_resources.warehouse.database import open_database
from tests.databases import Databases
from tests.faults import invariants
from tests.faults.pausing_loop import OWNER_DECIDES, PAUSED_IN, SUCCESSOR_DECIDES
from tests.faults.racing import RACERS, RACES

PRODUCT = Path(__file__).resolve().parents[2]
SEED = 20250511


def run_program(name, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", f"tests.faults.{name}", *map(str, arguments)],
        cwd=PRODUCT, capture_output=True, text=True, timeout=1500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(len(PAUSED_IN), id="each-phase", marks=pytest.mark.slow),
        pytest.param(12 * len(PAUSED_IN), id="many", marks=pytest.mark.nightly),
    ],
)
def test_an_owner_that_was_paused_anywhere_wakes_up_writes_nothing_and_leaves(
    rounds: int, both: Databases, tmp_path: Path
) -> None:
    """But for SQLite within a transaction: nobody can write until it wakes, and then it goes on."""
    url, minutes = both.upgraded(tmp_path), 20 + 8 * rounds
    played = run_program("pausing_loop", url, SEED, rounds, minutes)
    paused = [one for one in played if one["phase"] is not None]
    assert len(paused) > 0.8 * rounds
    refused = [one for one in paused if one["successor"].startswith("refused")]
    for one in paused:
        if one in refused:
            assert "is locked by another writer" in one["successor"]
            assert one["owner"] == "went on: []"
        else:
            assert one["successor"] == f"took over: {SUCCESSOR_DECIDES}"
            assert one["owner"].startswith("left: The lease btc ")
    if both.name == "sqlite":
        assert {one["phase"] for one in refused} <= {"prepare", "claim", "insert", "commit"}
        assert refused
    else:
        assert refused == []
    with closing(open_database(url)) as database:
        work = invariants.check(database)
    assert work.missed == 0
    assert work.fences >= len(paused) - len(refused) + 1
    assert (
        work.decided
        >= (len(paused) - len(refused)) * SUCCESSOR_DECIDES + len(refused) * OWNER_DECIDES
    )


ROUNDS, SOME = 100, 30


@pytest.fixture
def race(both, tmp_path):
    def run(name, rounds=ROUNDS, seed=0):
        url = both.upgraded(tmp_path, name.replace(" ", "_"))
        played = run_program("racing", url, name, rounds, seed)
        assert len(played) == rounds
        assert {len(one["results"]) for one in played} == {RACERS}
        return played

    return run


@pytest.mark.slow
def test_of_successors_who_race_for_a_stale_lease_exactly_one_wins(race):
    played = race("a stale lease")
    winners = Counter()
    for turn, one in enumerate(played):
        (winner,) = (who for who, fence in enumerate(one["results"]) if fence is not None)
        assert one["results"][winner] == one["before"] + 1 == one["after"]["fence"] == turn + 1
        assert one["after"]["owner"] == f"run-{winner}"
        winners[winner] += 1
    assert len(winners) >= 3


@pytest.mark.slow
def test_a_successor_that_is_killed_while_it_takes_over_leaves_the_lease_whole(race):
    played = race("a stale lease", rounds=SOME, seed=SEED)
    killed = sum(one["results"].count("killed") for one in played)
    assert killed >= SOME / 5
    for one in played:
        won = [fence for fence in one["results"] if isinstance(fence, int)]
        assert one["after"]["fence"] == one["before"] + 1
        assert won in ([one["after"]["fence"]], [])
        assert won or "killed" in one["results"]


@pytest.mark.slow
def test_an_owner_that_comes_back_late_keeps_the_lease_or_loses_it_never_both(race):
    seen = set()
    for one in race("a stale owner claims", rounds=SOME):
        owner, *others = one["results"]
        won = [fence for fence in others if fence is not None]
        kept = owner == one["before"]
        assert (kept, len(won)) in {(True, 0), (False, 1)}
        assert kept or owner == "LeaseLost"
        seen.add(kept)
    assert seen == {True, False}


@pytest.mark.slow
def test_one_owner_started_twice_claims_a_minute_once(race):
    for one in race("one owner started twice", rounds=10):
        assert Counter(map(str, one["results"])) == {
            str(one["before"]): 1,
            "CycleAlreadyDecided": RACERS - 1,
        }


@pytest.mark.nightly
@pytest.mark.parametrize("name", RACES)
@pytest.mark.parametrize("seed", [0, SEED])
def test_no_race_gives_a_fence_two_owners(name, seed, race):
    """Whoever is killed in it: the fence rises by one at most, and only for the one who has it."""
    for one in race(name, rounds=SOME, seed=seed):
        assert one["after"]["fence"] - one["before"] in {0, 1}
        taken = [
            who for who, result in enumerate(one["results"])
            if isinstance(result, int) and result is not True and result > one["before"]
        ]  # fmt: skip
        assert len(taken) <= 1
        if taken:
            assert one["results"][taken[0]] == one["after"]["fence"]


@pytest.mark.slow
def test_one_of_many_successors_stands_by(race):
    for one in race("successors stand by", rounds=SOME):
        assert one["results"].count(True) == 1
        assert one["after"]["successor"] == f"run-{one['results'].index(True)}"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a lease passed on", "a lease given back while one stands by"])
@pytest.mark.parametrize("seed", [0, pytest.param(SEED, marks=pytest.mark.nightly)])
def test_a_lease_that_is_passed_on_goes_to_the_one_who_stood_by(name, seed, race):
    """Also when the owner, the successor or another one is killed in that moment."""
    taken = 0
    for one in race(name, seed=seed, rounds=SOME):
        gave, claimed, took, *others = one["results"]
        assert set(others) <= {None, "killed"}
        assert claimed in {one["before"], "LeaseLost", "killed"}
        assert took in {None, one["before"] + 1, "killed"}
        if took == one["before"] + 1:
            assert gave in {True, "killed"}
            assert one["after"]["owner"] == "next"
        taken += one["after"]["owner"] == "next"
    assert taken > SOME / 2
