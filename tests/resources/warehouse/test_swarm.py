import numpy as np
import pytest
from sqlalchemy import select

from babingepet.errors import InputError
from babingepet.market.context import Consensus
from babingepet_resources.warehouse import swarm
from babingepet_resources.warehouse.records import InsertOutcome
from babingepet_resources.warehouse.tables import swarm_verdicts as table
from tests.resources.warehouse.builders import START
from tests.resources.warehouse.context_builders import MARKET, verdict

ALWAYS = START * 2


def latest(connection, *, known_until=ALWAYS, market=MARKET):
    return swarm.latest(connection, market, known_until=known_until)


def test_an_empty_table_gives_no_consensus(database):
    with database.writing() as connection:
        assert swarm.insert(connection, []) == InsertOutcome()
        assert latest(connection) is None


def test_a_verdict_comes_back_as_the_engine_reads_it(database):
    one = verdict(p_up=0.1 + 0.2, agreement=2 / 3, side=-1, valid=6, degraded=True)
    with database.writing() as connection:
        assert swarm.insert(connection, [one]) == InsertOutcome(written=1)
        assert latest(connection) == Consensus(one.as_of, 0.1 + 0.2, 2 / 3, -1, 6, "rules")
        stored = connection.execute(select(table.c.degraded, table.c.detail)).one()
    assert tuple(stored) == (True, one.detail)


def test_the_verdict_about_the_newest_moment_is_read(database):
    with database.writing() as connection:
        swarm.insert(connection, [verdict(40, p_up=0.4), verdict(0), verdict(20)])
        assert latest(connection).p_up == 0.4


def test_a_slow_verdict_about_an_older_moment_does_not_replace_a_newer_one(database):
    slow = verdict(0, known_at=verdict(40).known_at)
    with database.writing() as connection:
        swarm.insert(connection, [verdict(20), slow])
        assert latest(connection).as_of == verdict(20).as_of


def test_a_verdict_known_later_is_not_seen(database):
    late = verdict(20, p_up=0.4)
    with database.writing() as connection:
        swarm.insert(connection, [verdict(0), late])
        assert latest(connection, known_until=late.known_at - 1).as_of == START
        assert latest(connection, known_until=late.known_at).as_of == late.as_of
        assert latest(connection, known_until=verdict(0).known_at - 1) is None


def test_of_two_providers_the_one_that_became_known_last_is_read(database):
    soon, late = verdict(provider="z"), verdict(provider="a", known_at=START + 9_000)
    tied = verdict(provider="b", known_at=START + 9_000)
    with database.writing() as connection:
        swarm.insert(connection, [late, soon])
        assert latest(connection).provider == "a"
        assert latest(connection, known_until=START + 8_999).provider == "z"
        swarm.insert(connection, [tied])
        assert latest(connection).provider == "b"


def test_markets_never_meet(database):
    with database.writing() as connection:
        assert swarm.insert(connection, [verdict(), verdict(market="ETH", p_up=0.2)]).written == 2
        assert latest(connection).p_up == 0.61
        assert latest(connection, market="ETH").p_up == 0.2


@pytest.mark.parametrize(
    "change",
    [{"p_up": 0.62}, {"agreement": 0.5}, {"side": 0}, {"valid": 8}, {"degraded": True}],
)
def test_a_verdict_never_changes_and_the_conflict_is_counted(database, change):
    with database.writing() as connection:
        swarm.insert(connection, [verdict()])
        outcome = swarm.insert(connection, [verdict(**change), verdict(20)])
        assert outcome == InsertOutcome(written=1, conflicts=1)
        assert latest(connection, known_until=verdict().known_at).p_up == 0.61


def test_the_same_verdict_told_again_is_already_there(database):
    with database.writing() as connection:
        swarm.insert(connection, [verdict()])
        again = verdict(known_at=START + 60_000, detail={"latency_ms": 7})
        assert swarm.insert(connection, [again]) == InsertOutcome(already_there=1)
        assert latest(connection, known_until=verdict().known_at) is not None


def test_what_an_analyst_said_is_kept_whatever_it_said(database):
    detail = {"reason": "'; DROP TABLE x; --\x00\x1b[31m 🚀", "p_up": float("nan")}
    with database.writing() as connection:
        swarm.insert(connection, [verdict(detail=detail)])
        stored = connection.execute(select(table.c.detail)).scalar_one()
    assert stored == {**detail, "p_up": None}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"p_up": float("nan")}, "swarm_verdicts: p_up is nan"),
        ({"p_up": float("inf")}, "swarm_verdicts: p_up is inf"),
        ({"p_up": -0.01}, "swarm_verdicts: p_up is -0.01"),
        ({"agreement": float("nan")}, "swarm_verdicts: agreement is nan"),
        ({"agreement": 1.5}, "swarm_verdicts: agreement is 1.5"),
        ({"side": 2}, "swarm_verdicts: side is 2"),
        ({"side": 0.5}, "swarm_verdicts: side is 0.5"),
        ({"side": float("nan")}, "swarm_verdicts: side is nan"),
        ({"valid": -1}, "swarm_verdicts: valid is -1"),
        ({"valid": 7.5}, "swarm_verdicts: valid is 7.5"),
        ({"valid": float("nan")}, "swarm_verdicts: valid is nan"),
        ({"known_at": START - 1}, "swarm_verdicts: known_at is .* before the facts"),
        ({"as_of": float("nan")}, "swarm_verdicts: as_of is nan"),
        ({"market": " "}, "swarm_verdicts: market is"),
        ({"provider": "a\nb"}, "swarm_verdicts: provider is"),
        ({"detail": {"reason": "\ud83d"}}, "JSON"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_its_field_and_nothing_is_written(
    database, changes, said
):
    with database.writing() as connection:
        with pytest.raises(InputError, match=said):
            swarm.insert(connection, [verdict(20), verdict(**changes)])
        assert latest(connection) is None


def test_numbers_of_numpy_are_stored_as_numbers(database):
    counted = verdict(side=np.int64(-1), valid=np.int64(7), p_up=np.float64(0.25))
    with database.writing() as connection:
        swarm.insert(connection, [counted])
        assert latest(connection)[1:5] == (0.25, 5 / 9, -1, 7)
