"""Upgrades that are killed, race, or meet a database at work: before or after, never between."""

import json
import random
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect

from babingepet.errors import WarehouseUnavailable
from babingepet_resources.warehouse import cycles, schema, stock
from babingepet_resources.warehouse.tables import metadata
from tests.databases import BOTH
from tests.resources.warehouse import builders as b
from tests.resources.warehouse.killed_upgrade import on_each_step

PRODUCT = Path(__file__).resolve().parents[3]
REVISIONS = ["0001", "0002", "0003", "0004", "0005", "0006"]
SEED = 20261123
NIGHTLY = pytest.mark.nightly


def shape(database):
    """What the tables are, down to the last constraint."""
    with database.reading() as connection:
        seen = inspect(connection)
        found = {name: [] for name in seen.get_table_names()}
        asked = [
            (
                seen.get_multi_columns(),
                lambda one: (one["name"], str(one["type"]), one["nullable"]),
            ),
            (seen.get_multi_pk_constraint(), str),
            (seen.get_multi_foreign_keys(), str),
            (seen.get_multi_unique_constraints(), str),
            (seen.get_multi_indexes(), lambda one: (one["name"], one["column_names"])),
        ]
    for answer, told in asked:
        for (_, name), said in answer.items():
            found[name].append([told(one) for one in (said if isinstance(said, list) else [said])])
    return found


def upgrade_to(database, revision):
    with database.writing() as connection:
        command.upgrade(schema._config(connection), revision)


@pytest.fixture
def shapes(both, connect, tmp_path):
    """The tables after each revision, by its name; None before the first."""
    database = connect(both.empty(tmp_path, "shapes"))
    found = {None: {}}
    for revision in REVISIONS:
        upgrade_to(database, revision)
        found[revision] = shape(database)
    return found


def steps_of_each_revision(database):
    """The numbers of the steps that each revision takes, its commit last."""
    steps = []
    on_each_step(database, steps.append)
    schema.upgrade(database)
    commits = [number for number, text in enumerate(steps, 1) if text == "COMMIT"]
    return [range(before + 1, last + 1) for before, last in pairwise([0, *commits])][
        : len(REVISIONS)
    ]


def die(deaths):
    done = subprocess.run(
        [sys.executable, "-m", "tests.resources.warehouse.killed_upgrade"],
        cwd=PRODUCT, input=json.dumps(deaths), capture_output=True, text=True, check=True,
        timeout=600,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("points", [1, pytest.param(15, marks=NIGHTLY)])
@pytest.mark.parametrize("both", BOTH, indirect=True)
def test_a_killed_upgrade_leaves_the_revision_before_and_the_next_one_goes_on(
    both, connect, tmp_path, shapes, points
):
    chance = random.Random(SEED)
    counted = steps_of_each_revision(connect(both.empty(tmp_path, "counted")))
    deaths = [
        (both.empty(tmp_path, f"killed-{revision}-{step}"), step, revision)
        for revision, steps in zip([None, *REVISIONS], counted, strict=False)
        for step in {steps[-1], *chance.sample(steps, min(points, len(steps)))}
    ]
    assert {before for _, _, before in deaths} == {None, *REVISIONS[:-1]}
    assert set(die([(url, step) for url, step, _ in deaths])) == {9}
    for url, _, before in deaths:
        database = connect(url)
        assert schema.current(database) == before
        assert shape(database) == shapes[before]
        done = schema.upgrade(database)
        assert (done.before, done.after) == (before, REVISIONS[-1])
        assert shape(database) == shapes[REVISIONS[-1]]
        cycles.commit(database, None, b.cycle(), now=1)


@pytest.mark.slow
def test_programs_that_upgrade_together_apply_each_revision_once_and_one_may_die(
    empty_url, connect, tmp_path
):
    program = "tests.resources.warehouse.killed_upgrade"
    steps = [40, 10_000, 10_000]  # the first dies in the middle of the first revision
    started = [
        subprocess.Popen(
            [sys.executable, "-m", program], cwd=PRODUCT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in steps
    ]  # fmt: skip
    said = []

    def upgrade(process, step):
        said.append(json.loads(process.communicate(json.dumps([(empty_url, step)]), timeout=60)[0]))

    threads = [
        threading.Thread(target=upgrade, args=one) for one in zip(started, steps, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [None] in said
    database = connect(empty_url)
    assert schema.is_current(database)
    assert set(shape(database)) == {*metadata.tables, "alembic_version"}
    with database.reading() as connection:
        assert stock.row_counts(connection)["warehouse_meta"] >= 1


def test_an_upgrade_waits_for_a_writer_and_then_says_that_it_gave_up(
    empty_url, connect, monkeypatch
):
    hasty = replace(schema.PATIENT, lock=0.3)
    monkeypatch.setattr(schema, "PATIENT", hasty)
    upgrade_to(connect(empty_url), "0004")
    before = shape(connect(empty_url))
    working, impatient = connect(empty_url), connect(empty_url, limits=hasty)
    with working.writing() as connection:
        connection.exec_driver_sql("UPDATE loop_lease SET heartbeat_at = 1")
        connection.exec_driver_sql("SELECT 1 FROM loop_lease")
        with pytest.raises(WarehouseUnavailable, match="locked by another writer"):
            schema.upgrade(impatient)
    assert shape(connect(empty_url)) == before
    assert schema.upgrade(impatient).applied == ("0005", "0006")


HEARTBEAT_OF_0004 = "UPDATE loop_lease SET heartbeat_at = heartbeat_at + 1 WHERE name = 'btc'"
"""What a loop of the version before runs every minute."""


def test_a_loop_that_runs_goes_on_over_an_upgrade(empty_url, connect):
    """Revisions add: what the version before writes is still there to be written."""
    upgrade_to(connect(empty_url), "0004")
    loop = connect(empty_url)
    with loop.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO loop_lease (name, owner, fence, heartbeat_at, acquired_at) "
            "VALUES ('btc', 'run-1', 1, 0, 0)"
        )
    upgraded = threading.Event()

    def work():
        minute = 0
        while not upgraded.is_set() or minute < 20:
            minute += 1
            cycles.commit(loop, None, b.cycle(minute), now=minute)
            with loop.writing() as connection:
                connection.exec_driver_sql(HEARTBEAT_OF_0004)
        counted.append(minute)

    counted = []
    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert schema.upgrade(connect(empty_url)).applied == ("0005", "0006")
    finally:
        upgraded.set()
        thread.join()
    with loop.reading() as connection:
        rows = stock.row_counts(connection)
        query = "SELECT heartbeat_at FROM loop_lease"
        assert connection.exec_driver_sql(query).scalar_one() == counted[0]
    assert rows["btc_decisions"] == counted[0] >= 20
