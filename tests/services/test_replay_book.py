"""Replays saved, listed, found and dropped; the paper ledger beside them is never touched."""

import json
import shutil
from contextlib import closing, contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest
from alembic import command
from sqlalchemy import select

from babingepet.compiled import ENGINE_VERSION
from babingepet.errors import ConfigurationError, InputError
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.paper.position import Position
from babingepet.signals.registry import BASE_WEIGHTS, NAMES
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import cycles, schema
from babingepet_resources.warehouse import replays as book
from babingepet_resources.warehouse.database import open_database
from babingepet_resources.warehouse.tables import metadata
from babingepet_services.replay.book import (
    drop_replay,
    find_replay,
    list_replays,
    run_id_of,
    save_replay,
)
from babingepet_services.replay.rows import read_document
from babingepet_services.replay.tables import minutes_of
from babingepet_services.version import code_version
from tests.factories import WEDNESDAY
from tests.resources.warehouse import builders as b
from tests.resources.warehouse import replay_builders as rb
from tests.services import replays

CREATED = 1_795_385_405_000
INPUTS = {"files": [{"kind": "candles", "path": "BTCUSDT.parquet", "sha256": "c" * 64}]}
DOCUMENT = {"trades": 3, "net_pnl": 3.5, "final_equity": 1003.5, "max_drawdown": -0.0025}


def save(database, replay=None, *, run_id="replay-1", created_at=CREATED, **document):
    save_replay(
        database, replay or replays.replay(), run_id=run_id, created_at=created_at,
        origin="command", inputs=INPUTS, document=DOCUMENT | document,
    )  # fmt: skip


def rows(database):
    """Every row of every table, by table."""
    with database.reading() as connection:
        return {
            name: sorted(map(repr, connection.execute(select(table)).all()))
            for name, table in metadata.tables.items()
        }


@contextmanager
def stored(database):
    with database.reading() as connection:
        yield connection


def test_a_run_is_named_after_its_second_and_its_ledger():
    assert run_id_of(CREATED, "3f2a9c" + "0" * 58) == "replay-20261122T221005Z-3f2a9c"


def test_a_run_says_what_was_replayed_by_what_and_on_what(warehouse):
    replay = replays.replay(settings=("leverage=2", "blocked_hours=3,4"))
    save(warehouse, replay)
    with stored(warehouse) as connection:
        run = book.run(connection, "replay-1")
    assert (run.market, run.symbol, run.source, run.origin) == (
        "btc", "BTCUSDT", "recorded", "command",
    )  # fmt: skip
    assert (run.start, run.end, run.minutes) == (
        WEDNESDAY + MINUTE, WEDNESDAY + 400 * MINUTE + 1, 400,
    )  # fmt: skip
    assert (run.created_at, run.capital) == (CREATED, Decimal(1000))
    assert (run.settings["leverage"], run.settings["blocked_hours"]) == (2.0, [3, 4])
    assert run.weights_version == "base"
    assert run.weights == dict(zip(NAMES, BASE_WEIGHTS, strict=True))
    assert (run.engine_version, run.code_version) == (ENGINE_VERSION, code_version())
    assert (run.inputs, run.document) == (INPUTS, DOCUMENT)
    assert run.ledger_sha256 == replay.ledger_sha256
    assert len(run.settings_hash) == 64


def test_a_trade_is_stored_with_exact_money_in_the_order_of_exits(warehouse):
    save(warehouse)
    with stored(warehouse) as connection:
        trades = book.trades(connection, "replay-1")
    assert [trade.number for trade in trades] == [1, 2, 3, 4, 5, 6]
    assert [trade.shadow for trade in trades] == [False, True] * 3
    first, entry = trades[0], WEDNESDAY + 90 * MINUTE
    assert (first.side, first.exit_reason, first.grade) == ("LONG", "STOP_LOSS", "A")
    assert (first.entry_time, first.exit_time) == (entry, entry + 20 * MINUTE)
    assert (first.initial_stop_price, first.stop_price) == (99.0, 99.5)
    assert (first.target_price, first.peak_price) == (104.0, 103.0)
    assert first.net_pnl == Decimal("4.25")
    assert first.gross_pnl == Decimal("4.285")
    assert (first.fees_paid, first.funding_paid) == (Decimal("0.04"), Decimal("-0.005"))
    assert first.slippage_paid == Decimal("0.01")


def three_days():
    """Half a day, a day without a minute, and an hour of which the ninth minute is missing."""
    half = replays.minutes(12 * 60, first=WEDNESDAY + 12 * HOUR, seed=1)
    hour = replays.minutes(60, first=WEDNESDAY + 2 * DAY, seed=2)
    decided = replays.joined(half, hour.rows(0, 8), hour.rows(9, 60))
    return replays.replay(decided=decided, closed=replays.trades())


def test_days_hold_their_minutes_and_say_what_is_missing(warehouse):
    replay = three_days()
    save(warehouse, replay)
    minutes = replay.minutes
    with stored(warehouse) as connection:
        days = book.days(connection, "replay-1")
        parts = [
            minutes_of(read_document(book.decisions(connection, "replay-1", day.day)))
            for day in days
        ]
    assert [day.day for day in days] == ["2025-05-07", "2025-05-08", "2025-05-09"]
    assert [(day.minutes, day.missing_minutes) for day in days] == [(720, 0), (0, 1440), (59, 1)]
    assert [float(day.equity) for day in days] == [
        minutes.equity[719], minutes.equity[719], minutes.equity[-1],
    ]  # fmt: skip
    assert replays.same_minutes(replays.joined(*parts), minutes)


def test_a_minute_that_ends_at_midnight_belongs_to_the_day_it_began_in(warehouse):
    save(
        warehouse, replays.replay(3, first=WEDNESDAY + DAY - 2 * MINUTE, closed=replays.trades(()))
    )
    with stored(warehouse) as connection:
        assert [(day.day, day.minutes) for day in book.days(connection, "replay-1")] == [
            ("2025-05-07", 2), ("2025-05-08", 1),
        ]  # fmt: skip


def test_days_count_entries_and_exits_without_shadows_and_with_the_open_position(warehouse):
    closed = replays.trades((1.0, 2.0), first=WEDNESDAY + DAY - 2 * HOUR)
    replay = replays.replay(2_000, first=WEDNESDAY, closed=closed)
    held = Position(side=1, quantity=0.1, entry_time=WEDNESDAY + DAY + 3 * HOUR)
    save(warehouse, replay_with(replay, held))
    with stored(warehouse) as connection:
        days = book.days(connection, "replay-1")
    assert closed.entry_time[~closed.shadow].tolist() == [
        WEDNESDAY + DAY - 30 * MINUTE, WEDNESDAY + DAY + 30 * MINUTE,
    ]  # fmt: skip
    assert [(day.entries, day.exits) for day in days] == [(1, 1), (2, 1)]


def replay_with(replay, position):
    return replace(replay, state=replay.state._replace(position=position))


def test_before_the_first_minute_a_day_ends_with_the_capital(warehouse):
    replay = replace(replays.replay(), start=WEDNESDAY - DAY + MINUTE)
    save(warehouse, replay)
    with stored(warehouse) as connection:
        first = book.days(connection, "replay-1")[0]
    assert (first.day, first.minutes, first.missing_minutes) == ("2025-05-06", 0, 1440)
    assert first.equity == Decimal(1000)


def test_equal_replays_have_equal_days_and_another_score_another_day(warehouse):
    decided = replays.minutes(2_000)
    other = replays.changed(decided, 1_900, score=0.123)
    save(warehouse, replays.replay(decided=decided), run_id="a")
    save(warehouse, replays.replay(decided=decided), run_id="b")
    save(warehouse, replays.replay(decided=other), run_id="c")
    with stored(warehouse) as connection:
        a, b, c = ([day.sha256 for day in book.days(connection, name)] for name in "abc")
    assert a == b
    assert [one == two for one, two in zip(a, c, strict=True)] == [True, False]


def test_saving_listing_and_dropping_change_no_row_of_any_other_table(warehouse, tmp_path):
    cycles.commit(warehouse, None, b.cycle(), now=1)
    before = rows(warehouse)
    assert before["btc_decisions"]
    settings = settings_of(tmp_path, warehouse)
    save(warehouse)
    list_replays(settings)
    after = rows(warehouse)
    ours = {"replay_runs", "replay_trades", "replay_days"}
    assert {name for name in after if after[name] != before[name]} == ours
    drop_replay(settings, "replay-1")
    assert rows(warehouse) == before


def test_a_run_is_not_saved_twice(warehouse):
    save(warehouse)
    before = rows(warehouse)
    with pytest.raises(InputError, match="replay-1 is in the replay book already"):
        save(warehouse, replays.replay(10))
    assert rows(warehouse) == before


def settings_of(folder, warehouse=None):
    url = warehouse and warehouse.engine.url.render_as_string(hide_password=False)
    return load_settings(data_dir=folder, market="recorded", database_url=url)


def embedded(folder, source):
    """An embedded warehouse of a data folder, as its loop would make it."""
    settings = load_settings(data_dir=folder)
    database = open_database(settings.warehouse(source).url)
    schema.upgrade(database)
    return closing(database)


def test_runs_of_all_warehouses_are_listed_newest_first(tmp_path):
    with embedded(tmp_path, "recorded") as recorded, embedded(tmp_path, "binance") as binance:
        save(recorded, run_id="replay-a", created_at=1)
        save(recorded, run_id="replay-c", created_at=3, net_pnl=None)
        save(binance, run_id="replay-b", created_at=2)
    told = list_replays(settings_of(tmp_path))
    assert [(row["run_id"], row["warehouse"]) for row in told["replays"]] == [
        ("replay-c", "recorded"), ("replay-b", "binance"), ("replay-a", "recorded"),
    ]  # fmt: skip
    assert told["replays"][2] | DOCUMENT == told["replays"][2]
    assert told["replays"][0]["net_pnl"] is None
    assert told["unread"] == []
    json.dumps(told, allow_nan=False)
    only = list_replays(settings_of(tmp_path), "binance")["replays"]
    assert [row["run_id"] for row in only] == ["replay-b"]


def test_a_warehouse_that_does_not_answer_is_named_and_the_others_are_listed(tmp_path):
    with embedded(tmp_path, "recorded") as recorded:
        save(recorded)
    (tmp_path / "demo.sqlite").write_bytes(b"not a database at all" * 99)
    told = list_replays(settings_of(tmp_path))
    assert [row["run_id"] for row in told["replays"]] == ["replay-1"]
    assert [one["warehouse"] for one in told["unread"]] == ["demo"]
    with pytest.raises(ConfigurationError, match="not a SQLite database"):
        list_replays(settings_of(tmp_path), "demo")
    with pytest.raises(InputError, match=r"there are 1, the newest: replay-1; .*demo\.sqlite"):
        found_id(tmp_path, "replay-2")


def test_a_warehouse_of_an_older_version_has_an_empty_book_and_is_left_as_it_is(tmp_path):
    with embedded(tmp_path, "recorded") as database:
        with database.writing() as connection:
            command.downgrade(schema._config(connection), "0002")
        assert list_replays(settings_of(tmp_path)) == {"replays": [], "unread": []}
        with pytest.raises(InputError, match=r"replay-1: no such replay in recorded; there are 0$"):
            found_id(tmp_path, "replay-1")
        assert schema.current(database) == "0002"


def found_id(folder, identifier, warehouse=None):
    with find_replay(settings_of(folder), identifier, warehouse) as found:
        return found.run.run_id, found.warehouse


@pytest.fixture(scope="module")
def saved_books(tmp_path_factory):
    folder = tmp_path_factory.mktemp("books")
    with embedded(folder, "recorded") as recorded, embedded(folder, "binance") as binance:
        for name in ("replay-20261122T2210-aa", "replay-20261122T2210-ab", "replay-2026"):
            save(recorded, replays.replay(3), run_id=name)
        save(binance, replays.replay(3), run_id="replay-20261123T0000-bb")
    return folder


@pytest.fixture
def two_books(saved_books, tmp_path):
    return shutil.copytree(saved_books, tmp_path / "books")


@pytest.mark.parametrize(
    ("given", "run_id", "where"),
    [
        ("replay-20261122T2210-aa", "replay-20261122T2210-aa", "recorded"),
        ("20261122T2210-ab", "replay-20261122T2210-ab", "recorded"),
        ("20261123", "replay-20261123T0000-bb", "binance"),
        ("replay-2026", "replay-2026", "recorded"),
    ],
)
def test_a_beginning_that_no_other_run_has_is_enough(two_books, given, run_id, where):
    assert found_id(two_books, given) == (run_id, where)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("20261122T2210", "can be replay-20261122T2210-aa, replay-20261122T2210-ab: give more"),
        (
            "replay-1999",
            "replay-1999: no such replay in recorded, binance; there are 4, the newest",
        ),
        ("", "there are 4"),
    ],
)
def test_a_name_that_fits_none_or_several_is_refused(two_books, given, said):
    with pytest.raises(InputError, match=said):
        found_id(two_books, given)


def test_of_many_runs_that_fit_only_the_newest_are_offered(warehouse, tmp_path):
    with warehouse.writing() as connection:
        for number in range(9):
            book.insert(connection, rb.run(f"replay-{number}"), [], [])
    with (
        pytest.raises(InputError, match=r"^replay can be replay-3, .*replay-8 and 3 more: give"),
        find_replay(settings_of(tmp_path, warehouse), "replay"),
    ):
        pass


def test_a_run_of_a_copied_warehouse_is_found_in_the_first_place(two_books):
    folder = two_books
    source = folder / "babingepet-recorded.sqlite"
    (folder / "demo.sqlite").write_bytes(source.read_bytes())
    assert found_id(folder, "20261122T2210-aa")[1] == "recorded"
    assert found_id(folder, "20261122T2210-aa", "demo")[1] == "demo"


def test_a_dropped_run_is_gone_with_all_of_its_rows_and_no_other(two_books):
    settings = settings_of(two_books)
    told = drop_replay(settings, "20261122T2210-aa")
    assert told == {"dropped": "replay-20261122T2210-aa", "warehouse": "recorded"}
    assert len(list_replays(settings)["replays"]) == 3
    with pytest.raises(InputError, match="no such replay"):
        drop_replay(settings, "20261122T2210-aa")
