"""Two replays side by side: every difference by hand, and nothing where there is none."""

import json
from dataclasses import replace

import numpy as np
import pytest

from babingepet.cycles.btc import WeightBook
from babingepet.domain.codes import Gate, Verdict
from babingepet.errors import IntegrityBroken
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.signals.registry import BASE_WEIGHTS, NAMES
from babingepet_resources.warehouse import replays as book
from babingepet_services.replay import decisions as replay_decisions
from babingepet_services.replay.book import StoredReplay, save_replay
from babingepet_services.replay.compare import compare_replays
from babingepet_services.replay.decisions import Difference
from tests.databases import tamper
from tests.factories import WEDNESDAY
from tests.services import replays

FILES = {
    "files": [
        {"kind": "candles", "path": "a.parquet", "sha256": "a" * 64},
        {"kind": "candles", "path": "b.parquet", "sha256": "b" * 64},
        {"kind": "funding", "path": "f.parquet", "sha256": "f" * 64},
    ]
}
MONTHS = [{"month": "2025-04", "value": 0.01, "is_whole": True},
          {"month": "2025-05", "value": None, "is_whole": False}]  # fmt: skip
DOCUMENT = {"trades": 3, "net_pnl": 3.5, "profit_factor": None, "max_drawdown": -0.25,
            "months": MONTHS}  # fmt: skip


@pytest.fixture
def store(warehouse):
    """Saves a replay and hands back where it is."""

    def save(replay, run_id, inputs=FILES, **document):
        save_replay(
            warehouse, replay, run_id=run_id, created_at=1, origin="command", inputs=inputs,
            document=DOCUMENT | document,
        )  # fmt: skip
        with warehouse.reading() as connection:
            return StoredReplay("recorded", warehouse, book.run(connection, run_id))

    return save


def test_equal_replays_differ_in_nothing(store):
    told = compare_replays(store(replays.replay(), "a"), store(replays.replay(), "b"))
    assert told.same_ledger
    assert told.settings == told.weights == told.inputs == told.versions == ()
    assert {pair.difference for pair in told.metrics} == {0, None}
    assert (told.trades.same, told.trades.changed) == (6, ())
    assert told.trades.only_in_a == told.trades.only_in_b == ()
    assert (told.decisions.days, told.decisions.equal_days) == (1, 1)
    assert told.decisions.first_difference is None
    assert (told.a["run_id"], told.b["run_id"], told.a["warehouse"]) == ("a", "b", "recorded")
    json.dumps(told.document(), allow_nan=False)


def test_rules_that_differ_are_named_with_both_values(store):
    one = replays.replay(settings=("leverage=2",))
    rules = replays.replay(settings=("leverage=3", "blocked_hours=3")).rules
    weights = WeightBook("tuned-7", (0.5, *BASE_WEIGHTS[1:]))
    other = replace(one, rules=replace(rules, book=weights, capital=500.0))
    told = compare_replays(store(one, "a"), store(other, "b"))
    assert told.settings == (
        Difference("capital", 1000.0, 500.0),
        Difference("blocked_hours", one.rules.settings.by_name["blocked_hours"], [3]),
        Difference("leverage", 2.0, 3.0),
    )
    assert told.weights == (Difference(NAMES[0], BASE_WEIGHTS[0], 0.5),)
    assert told.versions == (Difference("weights_version", "base", "tuned-7"),)


def test_versions_of_the_code_that_differ_are_named(store):
    one = store(replays.replay(), "a")
    other = replace(one, run=replace(one.run, engine_version="older", code_version="0.0.1"))
    told = compare_replays(one, other)
    assert told.versions == (
        Difference("engine_version", one.run.engine_version, "older"),
        Difference("code_version", one.run.code_version, "0.0.1"),
    )


@pytest.mark.parametrize(
    ("inputs", "differ"),
    [
        ({"files": [{**one, "path": "moved/" + one["path"]} for one in FILES["files"]]}, []),
        ({"files": FILES["files"][:2]}, [Difference("funding", ["f" * 64], None)]),
        (
            {"files": [FILES["files"][0], FILES["files"][2]]},
            [Difference("candles", ["a" * 64, "b" * 64], ["a" * 64])],
        ),
        (
            {"warehouse": "x", "minutes": {"rows": 3, "sha256": "a" * 64}},
            [
                Difference("candles", ["a" * 64, "b" * 64], None),
                Difference("funding", ["f" * 64], None),
                Difference("minutes", None, ["a" * 64]),
            ],
        ),
    ],
    ids=["moved", "missing", "fewer", "warehouse"],
)
def test_inputs_differ_in_content_not_in_name(store, inputs, differ):
    one = store(replays.replay(3), "a")
    told = compare_replays(one, store(replays.replay(3), "b", inputs))
    assert list(told.inputs) == differ


def test_metrics_and_months_stand_side_by_side_with_b_less_a(store):
    months = [{"month": "2025-05", "value": 0.5}, {"month": "2025-06", "value": -0.5}]
    one = store(replays.replay(3), "a")
    other = store(replays.replay(3), "b", net_pnl=1.0, profit_factor=2.0, trades=5, months=months)
    told = compare_replays(one, other)
    metrics = {pair.name: (pair.a, pair.b, pair.difference) for pair in told.metrics}
    assert metrics["net_pnl"] == (3.5, 1.0, -2.5)
    assert metrics["trades"] == (3, 5, 2)
    assert metrics["profit_factor"] == (None, 2.0, None)
    assert metrics["max_drawdown"] == (-0.25, -0.25, 0.0)
    assert metrics["sharpe_ratio"] == (None, None, None)
    assert [(pair.name, pair.a, pair.b, pair.difference) for pair in told.months] == [
        ("2025-04", 0.01, None, None), ("2025-05", None, 0.5, None), ("2025-06", None, -0.5, None),
    ]  # fmt: skip


def test_trades_are_matched_by_entry_time_and_side_and_shadows_apart(store):
    three = replays.trades((4.25, -2.5, 1.75), shadows=0)
    price = three.exit_price.copy()
    price[1] = 99.0
    other = replays.trades((4.25, -2.5), shadows=0)
    other = replace(other, exit_price=price[:2], net_pnl=np.array([4.25, -3.0]))
    shadow = replace(three.rows(0, 1), shadow=np.array([True]), entry_time=three.entry_time[2:])
    told = compare_replays(
        store(replays.replay(closed=three), "a"),
        store(replays.replay(closed=type(three).concat([other, shadow])), "b"),
    )
    entry = WEDNESDAY + 90 * MINUTE
    assert told.trades.same == 1
    (changed,) = told.trades.changed
    assert (changed.entry_time, changed.side, changed.shadow) == (entry + HOUR, "SHORT", False)
    assert changed.outcome == (
        Difference("exit_price", 97.75, 99.0), Difference("net_pnl", -2.5, -3.0),
    )  # fmt: skip
    (only_a,), (only_b,) = told.trades.only_in_a, told.trades.only_in_b
    assert (only_a["entry_time"], only_a["shadow"], only_a["net_pnl"]) == (
        entry + 2 * HOUR, False, 1.75,
    )  # fmt: skip
    assert (only_b["entry_time"], only_b["shadow"]) == (entry + 2 * HOUR, True)
    assert {"run_id", "number"}.isdisjoint(only_a)


def test_the_first_minute_that_differs_is_told_with_everything_that_differs_in_it(store):
    decided = replays.minutes(4_000)
    row = 3_500
    decided = replays.changed(decided, row, verdict=Verdict.HOLD, blocked=1 << Gate.HOLD)
    decided.scores["vwap"][row] = np.nan
    other = replays.changed(decided, row, verdict=Verdict.BUY, blocked=0)
    other = replays.changed(other, row + 9, score=0.5)
    vwap = other.scores["vwap"].copy()
    vwap[row] = 0.25
    other = replace(other, scores={**other.scores, "vwap": vwap})
    one = store(replays.replay(decided=decided), "a")
    told = compare_replays(one, store(replays.replay(decided=other), "b")).decisions
    assert (told.days, told.equal_days) == (3, 2)
    first = told.first_difference
    assert (first.as_of, first.only_in) == (WEDNESDAY + (row + 1) * MINUTE, None)
    assert first.columns == (
        Difference("vwap", None, 0.25),
        Difference("verdict", "HOLD", "BUY"),
        Difference("blocked_by", ["HOLD"], []),
    )


def test_days_of_equal_hashes_are_not_read(store, monkeypatch):
    read = []

    def reading(content):
        read.append(content)
        return original(content)

    original = replay_decisions.read_document
    monkeypatch.setattr(replay_decisions, "read_document", reading)
    decided = replays.minutes(5_000)
    one = store(replays.replay(decided=decided), "a")
    other = store(replays.replay(decided=replays.changed(decided, 2_000, score=0.5)), "b")
    assert compare_replays(one, other).decisions.first_difference is not None
    assert len(read) == 2


def test_a_minute_that_only_one_decided_is_told(store):
    decided = replays.minutes(10)
    fewer = replays.joined(decided.rows(0, 4), decided.rows(5, 10))
    one, other = (store(replays.replay(decided=d), n) for d, n in ((decided, "a"), (fewer, "b")))
    for pair, only_in in (((one, other), "a"), ((other, one), "b")):
        first = compare_replays(*pair).decisions.first_difference
        assert (first.as_of, first.only_in, first.columns) == (
            WEDNESDAY + 5 * MINUTE, only_in, (),
        )  # fmt: skip


def test_only_minutes_of_both_periods_are_compared(store):
    decided = replays.minutes(3_000)
    later = decided.rows(700, 2_000)
    one, other = (store(replays.replay(decided=d), n) for d, n in ((decided, "a"), (later, "b")))
    told = compare_replays(one, other).decisions
    assert (told.days, told.equal_days, told.first_difference) == (2, 0, None)


def test_replays_of_different_years_have_no_day_in_common(store):
    one = store(replays.replay(5), "a")
    other = store(replays.replay(5, first=WEDNESDAY + 400 * DAY), "b")
    told = compare_replays(one, other).decisions
    assert (told.days, told.equal_days, told.first_difference) == (0, 0, None)


def test_a_day_that_was_tampered_with_is_refused(store, warehouse):
    one = store(replays.replay(5), "a")
    other = store(replays.replay(6), "b")
    tamper(warehouse, "UPDATE replay_days SET decisions = ? WHERE run_id = 'b'", b"\0")
    with pytest.raises(IntegrityBroken, match="2025-05-07 of b"):
        compare_replays(one, other)
