"""Facts that wait for the database: written in portions, bounded, and nothing that nobody can find."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from babingepet.market.frames import Candles
from babingepet.market.intervals import MINUTE
from babingepet_resources.warehouse import candles, lease
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import BlobRecord, CandleBatch
from babingepet_services.btc.facts import PendingFacts
from babingepet_services.btc.writing import CycleWriter
from scripts.bench.common.market import START, MadeUpFeed, random_walk
from tests.databases import blocked
from tests.services.conftest import LoopMaker, made_up_feed


def batch(rows: int, start: int = START) -> CandleBatch:
    frame = random_walk(start, start + rows * MINUTE, seed=1)
    return CandleBatch("BTCUSDT", "1m", "simulated", frame, known_at=start + rows * MINUTE)


def test_what_fits_into_a_cycle_is_no_portion() -> None:
    pending = PendingFacts(candles=[batch(1), batch(1, START + MINUTE)])
    assert pending.portion() is None


@pytest.mark.parametrize(
    ("waiting", "portions"),
    [
        ([5_000, 5_000, 300], [1, 1]),  # a year's history comes in batches of 5,000
        ([1] * 120, [49, 49]),  # two hours of minutes: each batch is a statement
        ([4_000, 500, 300, 200], [2]),
    ],
)
def test_much_is_written_in_portions_and_the_rest_with_the_cycle(
    waiting: list[int], portions: list[int]
) -> None:
    pending = PendingFacts(candles=[batch(rows) for rows in waiting])
    found = []
    while (portion := pending.portion()) is not None:
        found.append(len(portion.candles))
        assert portion.candles == pending.candles[: found[-1]]
        pending.forget(portion)
    assert found == portions
    assert len(pending.candles) == len(waiting) - sum(portions)


@pytest.mark.slow
def test_a_first_history_is_written_before_its_cycle_in_portions(
    make_loop: LoopMaker, warehouse: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    forget = PendingFacts.forget

    def noted(self: PendingFacts, portion: PendingFacts) -> None:
        written.append(sum(len(one.candles) for one in portion.candles))
        forget(self, portion)

    monkeypatch.setattr(PendingFacts, "forget", noted)
    list(make_loop(2).run())
    assert len(written) > 5
    assert max(written) <= 5_000
    with warehouse.reading() as connection:
        assert (
            candles.missing(connection, "BTCUSDT", "1m", "simulated", START, START + MINUTE) == []
        )
        first = candles.span(connection, "BTCUSDT", "1m", "simulated")
    assert first is not None
    assert START - first[0] > sum(written) * MINUTE / 2


def test_no_transaction_is_open_while_the_exchange_is_asked(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    """From the real exchange a history takes a minute: a server would end what stands idle."""
    asked = []

    class Watched(MadeUpFeed):
        def candles(self, interval: str, start: int, end: int) -> Candles:
            asked.append(warehouse.engine.pool.checkedout())  # type: ignore[attr-defined]
            return super().candles(interval, start, end)

    next(make_loop(2, feed=made_up_feed(2, Watched)).run())
    assert len(asked) > 1
    assert set(asked) == {0}


def loop_in_an_outage(make: LoopMaker, warehouse: Database, minutes: int) -> PendingFacts:
    """What waits after minutes that could not be written."""
    loop = make(minutes + 5)
    reports = loop.run()
    next(reports)
    with blocked(warehouse):
        for _ in range(minutes):
            assert next(reports).decision is None
    writer = vars(loop)["_writer"]
    assert isinstance(writer, CycleWriter)
    reports.close()  # type: ignore[attr-defined]
    return writer.pending


@pytest.mark.slow
def test_the_raw_tape_of_a_minute_that_was_not_decided_is_not_kept(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    """Only a decision names it: stored, nobody could find it; kept, it would fill the memory."""
    pending = loop_in_an_outage(make_loop, warehouse, minutes=4)
    assert len(pending.order_flow) == 4
    assert len(pending.blobs) == 2
    assert all(isinstance(blob, BlobRecord) for blob in pending.blobs)


@pytest.mark.slow
def test_after_a_day_without_a_database_the_oldest_facts_are_given_up_and_counted(
    make_loop: LoopMaker, warehouse: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(facts_most_waiting(), "order_flow", 3)
    pending = loop_in_an_outage(make_loop, warehouse, minutes=6)
    assert len(pending.order_flow) <= 4
    assert pending.dropped >= 2
    assert pending.order_flow[-1].open_time == START + 6 * MINUTE


def facts_most_waiting() -> dict[str, int]:
    from babingepet_services.btc import facts

    return facts._MOST_WAITING


def test_a_loop_that_was_replaced_writes_no_portion_either(
    make_loop: LoopMaker, warehouse: Database, connect: Callable[..., Database]
) -> None:
    from babingepet.errors import LeaseLost
    from babingepet_resources.warehouse import cycles

    held = lease.acquire(warehouse, "btc", "old", 0, 90_000)
    assert held is not None
    lease.acquire(warehouse, "btc", "new", 100_000, 90_000)
    with pytest.raises(LeaseLost):
        cycles.put_facts(warehouse, held, PendingFacts(candles=[batch(3)]), now=1)
    with pytest.raises(LeaseLost):
        cycles.is_written(warehouse, replace(held), "paper", "btc-x", now=1)
    with warehouse.reading() as connection:
        assert candles.span(connection, "BTCUSDT", "1m", "simulated") is None
