"""Raw tapes leave the warehouse only for the event tape, and decisions are made again from there."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select

from babingepet.errors import IntegrityBroken
from babingepet.market.frames import Quotes, Trades
from babingepet.market.intervals import DAY, HOUR, MINUTE, day_key
from babingepet_resources.clients.feed import CollectedMinute
from babingepet_resources.event_tape.frames import TapedQuotes, TapedTrades
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.warehouse import blobs, history, tables
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_services.market.tape_store import prune_tape, store_tape
from babingepet_services.replay.cycle import replay_cycle
from babingepet_services.replay.live_parity import replay_day
from scripts.bench.common.market import START, MadeUpFeed
from tests.databases import Databases
from tests.services.conftest import made_up_feed, new_loop

MINUTES = 70
MARKET = ("BTCUSDT", "simulated")
TODAY = day_key(START)
MIDNIGHT = START - START % DAY
LATER = MIDNIGHT + 4 * DAY
ALL = (MIDNIGHT, MIDNIGHT + DAY)


@pytest.fixture(scope="module")
def decided_url(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Seventy minutes, decided by two loops: the second fetches its window of the past again."""
    url = lasting_databases.upgraded(tmp_path_factory.mktemp("decided"))
    database = open_database(url)
    list(new_loop(database, MINUTES, max_cycles=25).run())
    list(new_loop(database, MINUTES, owner="after a restart").run())
    database.close()
    return url


@pytest.fixture
def warehouse(
    decided_url: str, databases: Databases, tmp_path: Path, connect: Callable[..., Database]
) -> Database:
    return connect(databases.copy_of(decided_url, tmp_path))


@pytest.fixture
def tape(tmp_path: Path) -> EventTape:
    return EventTape.open(str(tmp_path / "tape"))


def captured(database: Database) -> list[tuple[str, int, dict[str, str]]]:
    """cycle_id, as_of and raw tape's hashes of all decisions."""
    with database.reading() as connection:
        rows = history.inputs_between(connection, *MARKET, 0, 2**60)
    return [(row.cycle_id, row.manifest["as_of"], row.manifest["raw_tape"]) for row in rows]


def raw(database: Database, name: str) -> list[bytes]:
    with database.reading() as connection:
        contents = [blobs.get(connection, hashes[name]) for *_, hashes in captured(database)]
    return [content for content in contents if content is not None]


@pytest.mark.slow
def test_the_tape_holds_every_trade_and_quote_that_was_captured_and_no_other(warehouse, tape):
    stored = store_tape(warehouse, tape, *MARKET, TODAY, LATER)
    assert (stored.conflicts, stored.open, stored.already) == (0, 0, 0)
    hours = tape.hours(TapedTrades, *MARKET, *ALL)
    assert stored.written == 2 * len(hours) > 2
    assert stored.uncaptured == 48 - stored.written

    for kind, frame, name in ((TapedTrades, Trades, "trades"), (TapedQuotes, Quotes, "quotes")):
        handed = np.concatenate(
            [frame.from_bytes(content).columns()[kind.IDENTITY] for content in raw(warehouse, name)]
        )
        first, end = hours[0], hours[-1] + HOUR
        read = tape.read(kind, *MARKET, first, end)
        assert getattr(read, kind.IDENTITY).tolist() == np.unique(handed).tolist()
        rows = sum(len(tape.hour(kind, *MARKET, hour)) for hour in hours)
        assert rows == len(handed)


def test_laying_a_day_down_again_changes_nothing(warehouse, tape, tmp_path):
    once = store_tape(warehouse, tape, *MARKET, TODAY, LATER)
    before = {path: path.read_bytes() for path in (tmp_path / "tape").rglob("*.parquet")}
    again = store_tape(warehouse, tape, *MARKET, TODAY, LATER)
    assert (again.written, again.already, again.conflicts) == (0, once.written, 0)
    assert {p: p.read_bytes() for p in (tmp_path / "tape").rglob("*.parquet")} == before


def test_an_hour_is_laid_down_when_a_restart_can_bring_nothing_more_of_it(warehouse, tape):
    first = START - START % HOUR
    closed = first + HOUR + 30 * MINUTE
    assert captured(warehouse)[-1][1] < closed
    assert store_tape(warehouse, tape, *MARKET, TODAY, closed - 1).written == 0
    assert store_tape(warehouse, tape, *MARKET, TODAY, closed).written == 2
    assert tape.hours(TapedTrades, *MARKET, *ALL)[-1] == first


def go_on(database: Database, days: int) -> None:
    """Let the market's last decision be so many days later."""
    with database.writing() as connection:
        newest = tables.btc_decisions.c.as_of.desc()
        row = connection.execute(select(tables.btc_decisions).order_by(newest)).first()
        later = {"cycle_id": f"{days} days later", "as_of": row.as_of + days * DAY}
        connection.execute(tables.btc_decisions.insert().values({**row._mapping, **later}))


class LateFeed(MadeUpFeed):
    """Its first minute carries trades of the quarter of an hour before it, as a live one does."""

    def next_minute(self, *, after: int | None, timeout: float) -> CollectedMinute | None:
        minute = super().next_minute(after=after, timeout=timeout)
        if minute is None or minute.as_of > START + MINUTE:
            return minute
        first = int(minute.trades.trade_id[0])
        before = Trades.from_rows(
            (first - 3 + k, START - (3 - k) * MINUTE, 97_000.0, 0.01, False) for k in range(3)
        )
        return replace(minute, trades=Trades.concat([before, minute.trades]))


def test_what_a_starting_loop_fetched_of_the_hour_before_is_on_the_tape_too(warehouse_url, tape):
    database = open_database(warehouse_url)
    list(new_loop(database, 3, feed=made_up_feed(3, LateFeed)).run())
    store_tape(database, tape, *MARKET, TODAY, LATER)
    assert len(tape.hour(TapedTrades, *MARKET, START - HOUR)) == 3
    go_on(database, 3)
    pruned = prune_tape(database, tape, *MARKET, 30)
    assert (pruned.raw, pruned.kept_raw) == (6, 0)
    first, *_ = captured(database)
    assert replay_cycle(database, "paper", first[0], tape).identical
    database.close()


def test_other_events_than_were_captured_are_told_and_stay(warehouse, tape):
    hour = START - START % HOUR
    tape.write_hour(*MARKET, hour, TapedTrades.empty())
    stored = store_tape(warehouse, tape, *MARKET, TODAY, LATER)
    assert stored.conflicts == 1
    assert len(tape.hour(TapedTrades, *MARKET, hour)) == 0


def test_raw_tapes_stay_in_the_warehouse_for_two_days_and_until_they_are_on_the_tape(
    warehouse, tape
):
    store_tape(warehouse, tape, *MARKET, TODAY, LATER)
    go_on(warehouse, 2)
    early = prune_tape(warehouse, tape, *MARKET, 30)
    assert (early.raw, early.hours) == (0, 0)

    (file,) = [e for e in tape.stored() if e.kind == "quotes"][-1:]
    (Path(tape.where) / file.name).unlink()
    go_on(warehouse, 1)
    pruned = prune_tape(warehouse, tape, *MARKET, 30)
    assert pruned.raw > 0
    assert pruned.kept_raw > 0
    assert len(raw(warehouse, "trades")) == sum(not content for content in raw(warehouse, "trades"))
    assert [content for content in raw(warehouse, "quotes") if content]

    assert store_tape(warehouse, tape, *MARKET, TODAY, LATER).conflicts == 0


def count_blobs(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(tables.blobs)).scalar_one())


@pytest.mark.slow
def test_decisions_and_whole_days_are_made_again_from_the_tape(warehouse, tape):
    store_tape(warehouse, tape, *MARKET, TODAY, LATER)
    before = count_blobs(warehouse)
    go_on(warehouse, 3)
    pruned = prune_tape(warehouse, tape, *MARKET, 30)
    assert pruned.kept_raw == 0
    assert before - count_blobs(warehouse) == pruned.raw >= 2 * MINUTES - 2
    first, *_, last = captured(warehouse)
    with pytest.raises(IntegrityBroken, match="are not stored any more"):
        replay_cycle(warehouse, "paper", last[0])
    for cycle_id, *_ in (first, last):
        replayed = replay_cycle(warehouse, "paper", cycle_id, tape)
        assert (replayed.identical, replayed.gone) == (True, None)
    parity = replay_day(warehouse, "paper", *MARKET, TODAY, tape)
    assert parity.identical == parity.total == len(captured(warehouse))
    assert parity.without_raw_tape == 0


def test_a_tape_that_says_other_trades_is_no_proof(warehouse, tape):
    store_tape(warehouse, tape, *MARKET, TODAY, LATER)
    go_on(warehouse, 3)
    prune_tape(warehouse, tape, *MARKET, 30)
    cycle_id, as_of, _ = captured(warehouse)[-1]
    hour = (as_of - 1) // HOUR * HOUR
    stored = tape.hour(TapedTrades, *MARKET, hour)
    (entry,) = [e for e in tape.stored() if (e.kind, e.hour) == ("trades", hour)]
    (Path(tape.where) / entry.name).unlink()
    columns = stored.columns()
    tape.write_hour(*MARKET, hour, TapedTrades(**columns | {"price": columns["price"] + 0.1}))
    with pytest.raises(IntegrityBroken, match="trades that were read"):
        replay_cycle(warehouse, "paper", cycle_id, tape)


@pytest.mark.slow
def test_what_is_gone_by_retention_is_said_and_the_reduced_minute_stands_for_it(warehouse, tape):
    store_tape(warehouse, tape, *MARKET, TODAY, LATER)
    go_on(warehouse, 31)
    pruned = prune_tape(warehouse, tape, *MARKET, 30)
    assert pruned.hours == len(tape.stored()) + pruned.hours > 0
    replayed = replay_cycle(warehouse, "paper", captured(warehouse)[-1][0], tape)
    assert replayed.identical
    assert "gone by retention" in replayed.gone
    assert day_key(MIDNIGHT + DAY) in replayed.gone
    parity = replay_day(warehouse, "paper", *MARKET, TODAY, tape)
    assert parity.identical == parity.without_raw_tape == parity.total > 0
    assert "without their raw tape, which retention removed" in parity.sentence
    later = store_tape(warehouse, tape, *MARKET, TODAY, LATER)
    assert later.written == 0, "an hour that is gone does not come back empty"
