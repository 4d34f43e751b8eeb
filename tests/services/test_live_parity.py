"""A day of live decisions is made again byte for byte, or the first that is not is explained."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from babingepet.domain.decision import sha256
from babingepet.errors import InputError, WarehouseUnavailable
from babingepet.market.frames import Candles
from babingepet.market.intervals import DAY, MINUTE, to_ms
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.clients.feed import CollectedMinute
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import blobs, candles, checks, context_feeds, history
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_resources.warehouse.records import FeedCheckRecord
from babingepet_services.btc import checks as btc_checks
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, LoopOptions
from babingepet_services.market.source import open_market
from babingepet_services.replay import parity_finding
from babingepet_services.replay.cycle import replay_cycle
from babingepet_services.replay.live_parity import DayParity, HourParity, replay_day
from babingepet_services.replay.parity_finding import file_finding
from scripts.bench.common.market import START, MadeUpFeed
from tests.databases import Databases, tamper
from tests.services.conftest import LoopMaker, made_up_feed, new_loop

MINUTES = 70
SHORT = 26
DAY_KEY = "2025-04-22"
"""The day of the made-up market, which begins at 10:00."""


def replayed(database: Database, day: str = DAY_KEY) -> DayParity:
    return replay_day(database, "paper", "BTCUSDT", "simulated", day)


@pytest.fixture(scope="module")
def decided_url(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Seventy minutes, decided by two loops one after the other."""
    url = lasting_databases.upgraded(tmp_path_factory.mktemp("decided"))
    database = open_database(url)
    list(new_loop(database, MINUTES, max_cycles=20).run())
    list(new_loop(database, MINUTES, owner="after a restart").run())
    database.close()
    return url


@pytest.fixture
def decided(
    decided_url: str, databases: Databases, tmp_path: Path, connect: Callable[..., Database]
) -> Database:
    """A copy that the test may spoil."""
    return connect(databases.copy_of(decided_url, tmp_path))


def cycle(row: int) -> str:
    """The id of a decision, counted from the first."""
    return f"btc-20250422T{10 + (row + 1) // 60}{(row + 1) % 60:02d}Z"


def change(database: Database, sql: str, *values: object) -> None:
    assert tamper(database, sql, *values) == 1


@pytest.mark.slow
def test_every_cycle_of_a_day_is_made_again_also_across_a_restart(decided: Database) -> None:
    found = replayed(decided)
    assert (found.total, found.identical, found.share) == (MINUTES, MINUTES, 1.0)
    assert found.is_complete
    assert (found.undecidable, found.other_engine, found.first_difference) == (0, 0, None)
    assert found.hours == (HourParity("10:00", 60, 60, 0), HourParity("11:00", 10, 10, 0))
    assert found.sentence == "70 of 70 cycles identical"


def test_a_changed_score_is_named_with_both_values(decided: Database) -> None:
    with decided.reading() as connection:
        record = history.decision(connection, "paper", cycle(33))
    assert record is not None
    before, after = f'"vpin":{replay_score(record.payload, "vpin")}', '"vpin":0.125'
    payload = record.payload.replace(before, after, 1)
    change(
        decided,
        "UPDATE btc_decisions SET payload = ?, decision_hash = ? WHERE cycle_id = ?",
        payload, sha256(payload.encode()), cycle(33),
    )  # fmt: skip
    found = replayed(decided)
    assert (found.total, found.identical, found.undecidable) == (MINUTES, MINUTES - 1, 0)
    assert found.first_difference is not None
    assert found.first_difference.cycle_id == cycle(33)
    score = replay_score(record.payload, "vpin")
    assert found.first_difference.differences == (f"scores.vpin: stored 0.125, replayed {score}",)
    assert found.hours[0] == HourParity("10:00", 60, 59, 0)
    assert cycle(33) in found.sentence


def replay_score(payload: str, name: str) -> str:
    """How a score is written in a payload."""
    _, _, scores = payload.partition('"scores":{')
    _, _, rest = scores.partition(f'"{name}":')
    return rest.partition(",")[0].partition("}")[0]


@pytest.mark.slow
def test_a_payload_in_other_bytes_is_not_identical(decided: Database) -> None:
    change(
        decided,
        "UPDATE btc_decisions SET payload = payload || ' ' WHERE cycle_id = ?",
        cycle(2),
    )
    first = replayed(decided).first_difference
    assert first is not None
    assert first.differences[0] == "payload: the same values in other bytes"
    assert first.differences[1].startswith("decision_hash: stored ")


def test_a_changed_candle_leaves_only_what_was_decided_before_it(decided: Database) -> None:
    change(
        decided,
        "UPDATE crypto_candles SET close = close + 0.01 WHERE interval = '1m' AND open_time = ?",
        START + 40 * MINUTE,
    )
    found = replayed(decided)
    assert (found.identical, found.undecidable) == (40, 30)
    assert found.share == 40 / 70
    assert found.first_difference is not None
    assert found.first_difference.cycle_id == cycle(40)
    assert "the minutes in the warehouse are not those" in found.first_difference.explanation[0]
    assert found.hours[1] == HourParity("11:00", 10, 0, 10)


def test_a_changed_state_is_named_and_breaks_the_chain_to_the_next(decided: Database) -> None:
    with decided.writing() as connection:
        record = history.decision(connection, "paper", cycle(5))
        assert record is not None
        state = blobs.get(connection, record.state_after_hash)
        assert state is not None
        richer = blobs.pack(state.replace(b'"cash":', b'"cash":1'), 0)
        blobs.put(connection, [richer])
    change(
        decided,
        "UPDATE btc_decisions SET state_after_hash = ? WHERE cycle_id = ?",
        richer.hash, cycle(5),
    )  # fmt: skip
    found = replayed(decided)
    assert (found.identical, found.undecidable) == (MINUTES - 2, 0)
    assert found.first_difference is not None
    (line,) = found.first_difference.differences
    assert line.startswith("state_after.ledger.cash: stored 1")
    assert found.first_difference.cycle_id == cycle(5)


@pytest.mark.slow
def test_a_cycle_must_begin_with_the_state_that_was_handed_on(decided: Database) -> None:
    change(decided, "DELETE FROM btc_decisions WHERE cycle_id = ?", cycle(8))
    found = replayed(decided)
    assert (found.total, found.identical) == (MINUTES - 1, MINUTES - 2)
    assert found.first_difference is not None
    assert found.first_difference.cycle_id == cycle(9)
    (line,) = found.first_difference.differences
    assert f"{cycle(7)} handed on" in line


def test_what_is_not_stored_any_more_counts_as_not_identical(decided: Database) -> None:
    with decided.reading() as connection:
        record = history.decision(connection, "paper", cycle(12))
    assert record is not None
    change(decided, "DELETE FROM blobs WHERE hash = ?", record.state_before_hash)
    found = replayed(decided)
    assert (found.identical, found.undecidable) == (MINUTES - 1, 1)
    assert found.first_difference is not None
    assert found.first_difference.cycle_id == cycle(12)
    assert "not stored any more" in str(found.first_difference.undecidable)
    assert not found.is_complete


@pytest.mark.slow
def test_a_manifest_that_was_rewritten_is_not_believed(decided: Database) -> None:
    change(
        decided,
        "UPDATE cycle_inputs SET manifest = replace(manifest, '\"paused\":false', '\"paused\":true') "
        "WHERE cycle_id = ?",
        cycle(3),
    )
    first = replayed(decided).first_difference
    assert first is not None
    assert first.undecidable == "the manifest in the warehouse is not the one that was written"


def test_another_engine_version_that_decides_alike_is_told_and_is_no_difference(
    decided: Database,
) -> None:
    with decided.reading() as connection:
        record = history.decision(connection, "paper", cycle(1))
    assert record is not None
    payload = record.payload.replace(record.engine_version, "older")
    change(
        decided,
        "UPDATE btc_decisions SET engine_version = 'older', payload = ?, decision_hash = ? "
        "WHERE cycle_id = ?",
        payload, sha256(payload.encode()), cycle(1),
    )  # fmt: skip
    found = replayed(decided)
    assert found.other_engine == 1
    assert "1 were decided by another engine version" in found.sentence
    assert found.is_complete


def test_a_day_without_a_cycle_has_no_share(decided: Database) -> None:
    found = replayed(decided, "2025-04-23")
    assert (found.total, found.share, found.first_difference) == (0, None, None)
    assert found.is_complete
    assert found.sentence == "no cycle was decided on this day"
    of_another = replay_day(decided, "paper", "BTCUSDT", "binance", DAY_KEY)
    assert of_another.total == 0


@pytest.mark.parametrize("day", ["yesterday", "2025-04-22T10:00"])
def test_what_is_not_a_day_is_refused(decided: Database, day: str) -> None:
    with pytest.raises(InputError, match=f"--day '{day}' is not"):
        replayed(decided, day)


def test_what_was_found_is_kept_with_the_data_checks_and_stops_no_entry(
    decided: Database,
) -> None:
    found = replace(replayed(decided, "2025-04-23"), day=DAY_KEY, total=2, identical=1)
    file_finding(decided, found, now=START)
    with decided.reading() as connection:
        record = checks.latest(
            connection, parity_finding.ASSET, parity_finding.CHECK, DAY_KEY, "simulated"
        )
        assert btc_checks.failing_now(connection, "simulated", START) == ()
    assert record is not None
    assert (record.passed, record.severity, record.blocking) == (False, "ERROR", False)
    assert record.detail.startswith("1 of 2 cycles identical")


class WithHole(MadeUpFeed):
    """The made-up market, whose exchange never closes one candle; a client may come later."""

    hole = START + 10 * MINUTE
    begins = START

    def next_minute(self, *, after: int | None, timeout: float) -> CollectedMinute:
        minute = super().next_minute(after=after or self.begins, timeout=timeout)
        return replace(minute, candles=minute.candles.where(minute.candles.open_time != self.hole))

    def candles(self, interval: str, start: int, end: int) -> Candles:
        found = super().candles(interval, start, end)
        return found if interval != "1m" else found.where(found.open_time != self.hole)


def fill_in(database: Database, open_time: int, known_at: int) -> None:
    """Store a candle that the loop never got."""
    candle = made_up_feed(SHORT).minutes.between(open_time, open_time + MINUTE)
    with database.writing() as connection:
        candles.insert(connection, "BTCUSDT", "1m", "simulated", candle, known_at=known_at)


@pytest.mark.slow
def test_a_candle_that_was_filled_in_later_is_seen_only_by_those_that_could_know_it(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    """The running loop goes on without it; the one that starts after has it."""
    first = make_loop(SHORT, feed=made_up_feed(SHORT, WithHole), max_cycles=20).run()
    for report in first:
        if report.as_of == START + 15 * MINUTE:
            fill_in(warehouse, WithHole.hole, known_at=report.as_of)
    later = made_up_feed(SHORT, WithHole)
    assert isinstance(later, WithHole)
    later.begins = START + 21 * MINUTE
    list(make_loop(SHORT, owner="second", feed=later).run())
    found = replayed(warehouse)
    assert (found.first_difference, found.identical) == (None, SHORT - 1)
    with warehouse.reading() as connection:
        rows = {
            row: history.inputs(connection, "paper", cycle(row)).manifest["minutes"]["rows"]  # type: ignore[union-attr]
            for row in (19, 20, 21)
        }
    assert rows[21] - rows[20] == 2
    for row in (5, 14, 15, 19, 21):
        assert replay_cycle(warehouse, "paper", cycle(row)).identical


def test_context_that_could_not_be_asked_was_not_read(
    make_loop: LoopMaker, warehouse: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with warehouse.writing() as connection:
        context_feeds.note(connection, [FeedCheckRecord("news", "BTC", START, ok=True)])

    def silent(*_: object) -> None:
        raise WarehouseUnavailable("the database is locked")

    monkeypatch.setattr("babingepet_services.btc.beside.read_context", silent)
    list(make_loop(2).run())
    found = replayed(warehouse)
    assert (found.identical, found.total) == (2, 2)


@pytest.mark.slow
def test_a_recorded_midnight_between_two_months_is_made_again(
    recorded_data: Path, tmp_path: Path, warehouse: Database
) -> None:
    played(recorded_data, tmp_path, warehouse, "2025-04-30T23:50", 20)
    days = [
        replay_day(warehouse, "paper", "BTCUSDT", "recorded", day)
        for day in ("2025-04-30", "2025-05-01")
    ]
    assert [(day.identical, day.total) for day in days] == [(11, 11), (9, 9)]
    assert [day.hours[0].hour for day in days] == ["23:00", "00:00"]


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_a_recorded_day_is_made_again(
    recorded_data: Path, tmp_path: Path, warehouse: Database
) -> None:
    played(recorded_data, tmp_path, warehouse, "2025-05-10T00:01", DAY // MINUTE)
    found = replay_day(warehouse, "paper", "BTCUSDT", "recorded", "2025-05-10")
    assert (found.identical, found.total) == (1440, 1440)
    assert len(found.hours) == 24


def played(recorded_data: Path, folder: Path, database: Database, start: str, minutes: int) -> None:
    """The real loop over the recorded market, from ``start`` on."""
    crypto = recorded_data / "crypto"
    settings = Settings(
        data_dir=folder,
        market="recorded",
        data=(
            crypto / "btc_spot_1m" / "BTCUSDT-spot-1m-2023-06_2025-05.parquet",
            crypto / "btc_perp_funding" / "BTCUSDT-funding-8h-2022-01_2025-05.parquet",
        ),
        start=start,
        speed="max",
    )
    clock = SystemClock()
    with open_market(settings, clock) as market:
        loop = BtcLoop(
            market.feed,
            database,
            clock,
            BtcProgram(),
            LoopOptions("played", max_cycles=minutes, limits=database.limits),
        )
        list(loop.run())
    with database.reading() as connection:
        first = history.outlines(connection, "paper", "BTCUSDT", 0, 2**60)[0]
    assert first.as_of >= to_ms(datetime.fromisoformat(start).replace(tzinfo=UTC))
