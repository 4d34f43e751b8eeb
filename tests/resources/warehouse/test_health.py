"""What is asked and written by those who look after the loop, on both databases."""

import pytest

from babingepet.errors import LeaseLost
from babingepet.market.intervals import MINUTE
from babingepet_resources.warehouse import cycles, gaps, history, lease, outbox
from tests.resources.warehouse import builders as b


def test_the_newest_message_of_a_topic_is_found_whether_it_was_delivered_or_not(database):
    with database.writing() as connection:
        told = [b.message(key, topic=topic) for key, topic in (("1", "a"), ("2", "a"), ("3", "b"))]
        outbox.add(connection, told)
        outbox.mark_delivered(connection, outbox.newest(connection, "a").id, b.START)
    with database.reading() as connection:
        assert outbox.newest(connection, "a").key == "2"
        assert outbox.newest(connection, "none") is None


def test_only_messages_that_were_delivered_before_a_time_are_deleted(database):
    with database.writing() as connection:
        outbox.add(connection, [b.message("old"), b.message("young"), b.message("waits")])
        for message, moment in zip(outbox.pending(connection), (1, 5), strict=False):
            outbox.mark_delivered(connection, message.id, moment)
        assert outbox.delete_delivered(connection, 5) == 1
        assert outbox.delete_delivered(connection, 5) == 0
        assert [message.key for message in outbox.pending(connection)] == ["waits"]
        outbox.add(connection, [b.message("young")])
        assert len(outbox.pending(connection)) == 1


def test_each_decision_is_told_with_the_fence_it_was_made_under(database):
    for minute, fence in ((1, 1), (2, 1), (3, 4)):
        decision = b.decision(minute, fence=fence)
        write = b.cycle(minute, decision=decision)
        cycles.commit(database, None, write, now=b.START)
    span = b.START + MINUTE, b.START + 3 * MINUTE
    with database.reading() as connection:
        found = history.fences(connection, b.BOOK, b.SYMBOL, b.SOURCE, *span)
        assert found == {span[0]: 1, span[0] + MINUTE: 1}
        assert history.fences(connection, b.BOOK, b.SYMBOL, "binance", *span) == {}


def write_late(database, held):
    with database.writing() as connection:
        gaps.insert(connection, [b.gap(2, "decision")])
        lease.keep(connection, held, 1_000_001)


def test_what_is_written_with_a_heartbeat_is_fenced(database, held):
    with database.writing() as connection:
        lease.keep(connection, held, 1_000)
        gaps.insert(connection, [b.gap(1, "decision")])
    assert lease.read(database, "btc").heartbeat_at == 1_000
    lease.acquire(database, "btc", "run-2", 1_000_000, 90_000)
    with pytest.raises(LeaseLost):
        write_late(database, held)
    with database.reading() as connection:
        assert len(gaps.read(connection, b.SYMBOL, 0, 2**60)) == 1
