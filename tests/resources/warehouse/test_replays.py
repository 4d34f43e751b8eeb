"""The replay book: a run is written whole, read in parts, and deleted whole."""

from dataclasses import fields, replace

import pytest
from sqlalchemy import event

from babingepet.errors import InputError, IntegrityBroken
from babingepet_resources.warehouse import cycles, replays, schema, stock
from babingepet_resources.warehouse.records import ReplayDay
from tests.resources.warehouse import builders as b
from tests.resources.warehouse import replay_builders as rb

TABLES = ("replay_runs", "replay_trades", "replay_days")
OTHER = "replay-20261122T221105Z-aaaaaa"


def save(database, run_id=rb.RUN, trades=2, days=3, **changes):
    with database.writing() as connection:
        replays.insert(
            connection,
            rb.run(run_id, **changes),
            [rb.trade(number + 1, run_id) for number in range(trades)],
            [rb.day(number, run_id) for number in range(days)],
        )


def counts(database):
    with database.reading() as connection:
        return stock.row_counts(connection)


def replay_counts(database):
    found = counts(database)
    return tuple(found[name] for name in TABLES)


def test_a_run_is_read_back_as_it_was_written(database):
    shadow = rb.trade(2, shadow=True, side="SHORT", armed=False)
    with database.writing() as connection:
        replays.insert(connection, rb.run(), [rb.trade(1), shadow], [rb.day(0), rb.day(1)])
    with database.reading() as connection:
        assert replays.run(connection, rb.RUN) == rb.run()
        assert replays.trades(connection, rb.RUN) == [rb.trade(1), shadow]
        told = replays.days(connection, rb.RUN)
        assert [type(one) for one in told] == [ReplayDay, ReplayDay]
        assert [(one.day, one.sha256, one.equity) for one in told] == [
            (one.day, one.sha256, one.equity) for one in (rb.day(0), rb.day(1))
        ]
        assert replays.decisions(connection, rb.RUN, rb.day(1).day) == rb.day(1).decisions


def test_what_is_not_there_is_none_or_named(database):
    save(database, trades=0, days=1)
    with database.reading() as connection:
        assert replays.run(connection, OTHER) is None
        assert replays.trades(connection, rb.RUN) == replays.trades(connection, OTHER) == []
        assert replays.days(connection, OTHER) == []
        for run_id, day in ((OTHER, rb.day(0).day), (rb.RUN, "1999-12-31")):
            with pytest.raises(InputError, match=f"{run_id} has no day {day}"):
                replays.decisions(connection, run_id, day)


def test_more_days_than_a_statement_takes_are_written_in_order(database):
    save(database, days=95)
    with database.reading() as connection:
        told = replays.days(connection, rb.RUN)
    assert [one.day for one in told] == [rb.day(number).day for number in range(95)]


def test_days_are_told_without_reading_their_decisions(sqlite_database):
    save(sqlite_database)
    asked = []

    @event.listens_for(sqlite_database.engine, "before_cursor_execute")
    def remember(_connection, _cursor, statement, *_):
        asked.append(statement)

    with sqlite_database.reading() as connection:
        replays.days(connection, rb.RUN)
    assert "decisions" not in asked[-1]
    assert "decisions" not in {field.name for field in fields(ReplayDay)}


def test_runs_are_listed_newest_first_and_of_one_moment_by_identifier(database):
    later = {"created_at": rb.CREATED + 1}
    for run_id, changes in (("a", {}), ("c", later), ("d", {}), ("b", later)):
        save(database, run_id, trades=0, days=0, **changes)
    with database.reading() as connection:
        assert replays.run_ids(connection) == ["c", "b", "d", "a"]
        assert [run.run_id for run in replays.runs(connection)] == ["c", "b", "d", "a"]


def test_a_run_cannot_be_saved_twice_and_the_first_one_stays(database):
    save(database)
    with pytest.raises(InputError, match=f"{rb.RUN} is in the replay book already"):
        save(database, trades=5, days=5, minutes=1)
    assert replay_counts(database) == (1, 2, 3)
    with database.reading() as connection:
        assert replays.run(connection, rb.RUN) == rb.run()


def test_a_run_that_fails_in_the_middle_leaves_nothing(database):
    broken = [rb.day(0), replace(rb.day(1), sha256=None)]
    with pytest.raises(IntegrityBroken), database.writing() as connection:
        replays.insert(connection, rb.run(), [rb.trade(1)], broken)
    assert replay_counts(database) == (0, 0, 0)


@pytest.mark.parametrize("row", [rb.trade(1, OTHER), rb.day(0, OTHER)], ids=["trade", "day"])
def test_a_row_without_its_run_is_refused(database, row):
    trades, days = ([row], []) if hasattr(row, "number") else ([], [row])
    with pytest.raises(IntegrityBroken), database.writing() as connection:
        replays.insert(connection, rb.run(), trades, days)
    assert replay_counts(database) == (0, 0, 0)


def test_a_run_is_deleted_with_all_of_its_rows_and_no_others(database):
    save(database)
    save(database, OTHER, trades=1, days=2)
    with database.writing() as connection:
        assert replays.remove(connection, rb.RUN)
    assert replay_counts(database) == (1, 1, 2)
    with database.writing() as connection:
        assert not replays.remove(connection, rb.RUN)
    assert replay_counts(database) == (1, 1, 2)


def test_decisions_that_are_not_what_was_hashed_are_refused(database):
    with database.writing() as connection:
        replays.insert(connection, rb.run(), [], [rb.day(0, sha256="0" * 64)])
    with database.reading() as connection, pytest.raises(IntegrityBroken, match="2025-05-10"):
        replays.decisions(connection, rb.RUN, "2025-05-10")


def test_saving_and_deleting_a_run_changes_no_row_of_any_other_table(database):
    cycles.commit(database, None, b.cycle(), now=1)
    before = counts(database)
    save(database)
    assert {name: rows for name, rows in counts(database).items() if name not in TABLES} == {
        name: rows for name, rows in before.items() if name not in TABLES
    }
    with database.writing() as connection:
        replays.remove(connection, rb.RUN)
    assert counts(database) == before


def test_a_database_knows_whether_it_has_a_replay_book(empty_url, connect):
    database = connect(empty_url)
    for there in (False, True):
        with database.reading() as connection:
            assert replays.present(connection) is there
        schema.upgrade(database)
