from dataclasses import replace

import pytest

from babingepet.errors import IntegrityBroken
from babingepet.market.intervals import MINUTE
from babingepet_resources.warehouse import blobs, checks, gaps, outbox, stock, tape
from tests.resources.warehouse import builders as b

DAY = (b.START, b.START + 1440 * MINUTE)


def test_equal_content_is_stored_once(database):
    content = bytes(range(256)) * 100
    with database.writing() as connection:
        assert blobs.put(connection, [blobs.pack(content, 1)]) == 1
        assert blobs.put(connection, [blobs.pack(content, 2), blobs.pack(b"", 2)]) == 1
    with database.reading() as connection:
        assert blobs.get(connection, blobs.pack(content, 3).hash) == content
        assert blobs.get(connection, blobs.pack(b"", 3).hash) == b""
        assert blobs.get(connection, "0" * 64) is None


@pytest.mark.parametrize("change", [{"hash": "0" * 64}, {"content": b"x"}, {"codec": "lzma"}])
def test_content_that_is_not_what_was_hashed_is_never_returned(database, change):
    damaged = replace(blobs.pack(b"content", 1), **change)
    with database.writing() as connection:
        blobs.put(connection, [damaged])
        with pytest.raises(IntegrityBroken, match=damaged.hash):
            blobs.get(connection, damaged.hash)


def test_a_gap_is_stored_once_and_repaired_once(database):
    with database.writing() as connection:
        assert gaps.insert(connection, [b.gap(), b.gap(feed="decision"), b.gap()]) == 2
        trades, decision = gaps.read(connection, b.SYMBOL, *DAY)
        assert (trades.feed, decision.feed) == ("trades", "decision")
        assert gaps.repair(connection, trades.id, repaired_at=9, repaired_from="rest")
        assert not gaps.repair(connection, trades.id, repaired_at=10, repaired_from="rest")
        assert gaps.read(connection, b.SYMBOL, *DAY, open_only=True) == [decision]
        assert gaps.read(connection, b.SYMBOL, *DAY)[0] == replace(
            b.gap(), id=trades.id, repaired_at=9, repaired_from="rest"
        )


@pytest.mark.parametrize(("start", "end", "found"), [(0, 1, 0), (1, 2, 1), (2, 3, 0), (0, 9, 1)])
def test_gaps_are_found_by_any_overlap(database, start, end, found):
    with database.writing() as connection:
        gaps.insert(connection, [b.gap(1)])
        met = gaps.read(connection, b.SYMBOL, b.START + start * MINUTE, b.START + end * MINUTE)
    assert len(met) == found


def test_messages_wait_in_order_until_they_are_delivered(database):
    with database.writing() as connection:
        added = [b.message("a"), b.message("b"), b.message("c")]
        assert outbox.add(connection, added) == 3
        assert outbox.add(connection, [b.message("a", payload={"text": "twice"})]) == 0
        first, second, third = outbox.pending(connection)
        assert [m.key for m in (first, second, third)] == ["a", "b", "c"]
        assert first.payload == {"text": "BUY"}
        outbox.mark_failed(connection, first.id)
        outbox.mark_delivered(connection, second.id, delivered_at=7)
        waiting = outbox.pending(connection)
        assert [(m.key, m.attempts) for m in waiting] == [("a", 1), ("c", 0)]
        assert len(outbox.pending(connection, limit=1)) == 1


def test_only_failed_blocking_checks_of_the_market_block(database):
    evaluations = [
        b.check("failed"),
        b.check("passed", passed=True),
        b.check("advice", blocking=False),
        b.check("elsewhere", asset="altcoin/market"),
        b.check("lookalike", asset="btcx/candles"),
        b.check("not a pattern", asset="btc_/candles"),
    ]
    with database.writing() as connection:
        checks.put(connection, evaluations)
        assert checks.blocking_failures(connection, "btc/") == [b.check("failed")]
        assert [c.name for c in checks.blocking_failures(connection, "btc_")] == ["not a pattern"]


def test_the_newest_evaluation_of_a_check_holds(database):
    with database.writing() as connection:
        checks.put(connection, [b.check(evaluated_at=5)])
        checks.put(connection, [b.check(evaluated_at=4, passed=True)])
        assert len(checks.blocking_failures(connection, "btc/")) == 1
        checks.put(connection, [b.check(evaluated_at=6, passed=True), b.check(evaluated_at=5)])
        assert checks.blocking_failures(connection, "btc/") == []


def test_a_check_is_read_by_asset_name_day_and_source(database):
    ours = b.check()
    key = (ours.asset, ours.name, ours.partition, ours.source)
    with database.writing() as connection:
        assert checks.latest(connection, *key) is None
        checks.put(connection, [ours, b.check("another"), b.check(asset="btc/signals")])
        assert checks.latest(connection, *key) == ours
        assert checks.latest(connection, *key[:3], "elsewhere") is None


def test_the_tape_is_written_once_and_read_by_range_and_source(database):
    simulated = b.order_flow(1, source="simulated")
    with database.writing() as connection:
        assert tape.insert_order_flow(connection, [b.order_flow(1), simulated]) == 2
        assert tape.insert_order_flow(connection, [b.order_flow(1, trade_count=7)]) == 0
        tape.insert_large_prints(connection, [b.large_print(2), b.large_print(1)])
        flow = tape.order_flow(connection, b.SYMBOL, b.SOURCE, *DAY)
        prints = tape.large_prints(connection, b.SYMBOL, b.SOURCE, *DAY)
        assert tape.order_flow(connection, b.SYMBOL, b.SOURCE, b.START, b.START + MINUTE) == []
    assert flow == [b.order_flow(1)]
    assert [one.trade_id for one in prints] == [1, 2]


def test_a_large_bulk_keeps_every_kind_of_value(database):
    odd = "tab\t, newline\n, return\r, backslash \\N, percent %s, umlaut ü"
    many = [b.gap(number, reason=odd, repaired_from=None) for number in range(6_000)]
    messages = [b.message(f"{n}", payload={"text": odd}) for n in range(6_000)]
    contents = [blobs.pack(str(n).encode(), n) for n in range(5_001)]
    with database.writing() as connection:
        assert gaps.insert(connection, many[:10]) == 10
        assert gaps.insert(connection, many) == 5_990
        assert outbox.add(connection, messages) == 6_000
        assert blobs.put(connection, contents) == 5_001
        end = b.START + 10_000 * MINUTE
        stored = gaps.read(connection, b.SYMBOL, b.START, end)
        assert [replace(one, id=None) for one in stored] == many
        assert outbox.pending(connection, limit=1)[0].payload == {"text": odd}
        assert blobs.get(connection, contents[5_000].hash) == b"5000"


def test_a_bulk_of_records_counts_each_new_row_once(database):
    many = [b.large_print(number) for number in range(1_203)]
    with database.writing() as connection:
        assert tape.insert_large_prints(connection, many[:700]) == 700
        assert tape.insert_large_prints(connection, many) == 503


def test_the_stock_is_counted_by_table_and_in_bytes(database):
    with database.reading() as connection:
        empty = stock.size_bytes(connection)
    with database.writing() as connection:
        tape.insert_large_prints(connection, [b.large_print(n) for n in range(5_000)])
    with database.reading() as connection:
        assert stock.row_counts(connection)["crypto_trades"] == 5_000
        assert stock.size_bytes(connection) > empty + 200_000
