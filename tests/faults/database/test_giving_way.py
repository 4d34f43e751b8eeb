"""Writers who meet: the server lets one go first, and the other comes again, whole."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection

from babingepet.errors import IntegrityBroken, WarehouseUnavailable
from babingepet_resources.warehouse.database import MOST_ATTEMPTS, Database, open_database

pytestmark = pytest.mark.slow

SERIALIZABLE = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"


@pytest.fixture
def two(upgraded: str) -> Iterator[tuple[Database, Database]]:
    """Two programs at one database that has a table of two numbers."""
    both = (open_database(upgraded), open_database(upgraded))
    with both[0].writing() as connection:
        connection.exec_driver_sql("CREATE TABLE number (name text PRIMARY KEY, value int)")
        connection.exec_driver_sql("INSERT INTO number VALUES ('a', 0), ('b', 0)")
    yield both
    for one in both:
        one.close()


def add(connection: Connection, name: str) -> None:
    connection.exec_driver_sql(f"UPDATE number SET value = value + 1 WHERE name = '{name}'")


def values(database: Database) -> list[int]:
    with database.reading() as connection:
        found = connection.exec_driver_sql("SELECT value FROM number ORDER BY name")
        return [int(value) for (value,) in found]


@contextmanager
def beside(work: Callable[[], object]) -> Iterator[None]:
    """Run work in another thread meanwhile; what it raises is raised here."""
    raised: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 (raised below)
            raised.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    yield
    thread.join()
    if raised:
        raise raised[0]


def test_of_two_writers_who_lock_each_other_out_both_are_written(
    two: tuple[Database, Database],
) -> None:
    met = threading.Barrier(2)
    attempts = {"ab": 0, "ba": 0}

    def in_order(order: str) -> Callable[[Connection], None]:
        def work(connection: Connection) -> None:
            attempts[order] += 1
            add(connection, order[0])
            if attempts[order] == 1:
                met.wait(20)
            add(connection, order[1])

        return work

    with beside(lambda: two[0].transact(in_order("ab"))):
        two[1].transact(in_order("ba"))
    assert sum(attempts.values()) == 3  # the server chose one of them
    assert values(two[0]) == [2, 2]


def test_of_two_writers_who_read_what_the_other_writes_one_comes_again(
    two: tuple[Database, Database],
) -> None:
    met = threading.Barrier(2)
    attempts = [0, 0]

    def copies(to: str, origin: str, number: int) -> Callable[[Connection], None]:
        def work(connection: Connection) -> None:
            attempts[number] += 1
            connection.exec_driver_sql(SERIALIZABLE)
            read = connection.exec_driver_sql(f"SELECT value FROM number WHERE name = '{origin}'")
            value = read.scalar_one()
            if attempts[number] == 1:
                met.wait(20)
            connection.exec_driver_sql(f"UPDATE number SET value = {value} + 1 WHERE name = '{to}'")

        return work

    with beside(lambda: two[0].transact(copies("a", "b", 0))):
        two[1].transact(copies("b", "a", 1))
    assert sum(attempts) == 3
    assert sorted(values(two[0])) == [1, 2]  # one after the other, in either order


def conflict(connection: Connection, other: Database) -> None:
    """Read a snapshot, let another writer change it, write it."""
    connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    connection.exec_driver_sql("SELECT * FROM number").all()
    with other.writing() as elsewhere:
        add(elsewhere, "a")
    add(connection, "a")


def test_after_the_last_attempt_the_error_says_how_often_it_was_tried(
    two: tuple[Database, Database],
) -> None:
    attempts = 0

    def always_late(connection: Connection) -> None:
        nonlocal attempts
        attempts += 1
        conflict(connection, two[1])

    with pytest.raises(WarehouseUnavailable, match=r"give way to another .* tried 4 times\."):
        two[0].transact(always_late)
    assert attempts == MOST_ATTEMPTS
    assert values(two[0])[0] == attempts  # nothing but what the others wrote


def test_half_a_transaction_is_never_repeated(two: tuple[Database, Database]) -> None:
    """Without ``transact`` nobody knows what the block did beside the database: once, or not."""

    def late() -> None:
        with two[0].writing() as connection:
            conflict(connection, two[1])

    with pytest.raises(WarehouseUnavailable, match="give way to another"):
        late()
    assert values(two[0]) == [1, 0]


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("INSERT INTO number VALUES ('a', 1)", IntegrityBroken),
        ("SELECT value FROM warehouse_meta_of_tomorrow", WarehouseUnavailable),
        ("SELECT pg_terminate_backend(pg_backend_pid())", WarehouseUnavailable),
    ],
)
def test_what_would_fail_again_or_may_have_been_done_is_not_repeated(
    two: tuple[Database, Database], statement: str, error: type[Exception]
) -> None:
    attempts = 0

    def work(connection: Connection) -> None:
        nonlocal attempts
        attempts += 1
        connection.exec_driver_sql(statement)

    with pytest.raises(error):
        two[0].transact(work)
    assert attempts == 1
