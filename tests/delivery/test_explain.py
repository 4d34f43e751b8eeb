"""``babingepet explain`` and ``replay-cycle`` on a rehearsal."""

import shutil
import sqlite3

import pytest

from tests.delivery.conftest import call
from tests.delivery.markets import TRADES

ENTRY = TRADES[0].removesuffix("-trade")


@pytest.fixture(scope="module")
def told(rehearsal):
    return call("explain", TRADES[0], "--json", data_dir=rehearsal.data_dir).document


def test_a_trade_is_told_from_order_to_exit(told, rehearsal):
    trade, closed = told["trade"], rehearsal.document["trades"][0]
    assert told["kind"] == "trade"
    assert trade["ordered"]["cycle_id"] == ENTRY
    assert trade["ordered"]["order"]["side"] == "LONG"
    assert trade["filled_in"] == "btc-20250508T1002Z"
    for name in ("entry_price", "exit_price", "exit_reason", "net_pnl", "r_multiple"):
        assert trade[name] == closed[name]
    assert trade["exit_cycle_id"] == trade["path"][-1]["cycle_id"]


def test_the_path_of_the_stop_has_every_minute_and_never_loosens(told):
    path = told["trade"]["path"]
    times = [row["as_of"] for row in path]
    assert times == list(range(times[0], times[-1] + 60_000, 60_000))
    stops = [row["stop"] for row in path]
    assert stops == sorted(stops)
    assert {row["stop_reason"] for row in path if row["stop_reason"]} >= {"STOP_LOSS", "TRAIL"}
    assert path[0]["stop_moved"] is False
    assert path[-1]["low"] <= path[-2]["stop"] <= path[-1]["high"]
    assert path[-1]["exit_reason"] == "TRAIL"


def test_the_decision_behind_it_is_complete(told):
    decision = told["decision"]
    assert decision["cycle_id"] == ENTRY
    measured = [s["contribution"] for s in decision["signals"] if s["score"] is not None]
    assert sum(measured) == pytest.approx(decision["score"], abs=1e-12)
    assert all(s["reason"] for s in decision["signals"] if s["score"] is None)
    assert len(decision["signals"]) == 13
    assert {gate["gate"] for gate in decision["gates"] if not gate["passed"]} == set()
    assert len(decision["market"]["candles"]) == 5
    assert {c["source"] for c in decision["market"]["candles"]} == {"recorded"}
    assert all(c["known_at"] <= decision["as_of"] for c in decision["market"]["candles"])
    assert decision["followed_by"] == {
        "cycle_id": "btc-20250508T1002Z",
        "outcome": "filled",
        "position_id": TRADES[0],
        "price": told["trade"]["entry_price"],
    }


def test_rules_versions_inputs_and_owner_are_named(told):
    made = told["decision"]["provenance"]
    assert made["settings_changed"] == {
        "min_votes": 1, "min_coverage": 0.0, "buy_threshold": 0.1, "confirmations": 1,
    }  # fmt: skip
    assert (made["owner"], made["fence"], made["weights_version"]) == ("demo", 1, "base")
    assert made["manifest"]["minutes"]["rows"] > 4000
    assert all(made[name] for name in ("engine_version", "code_version", "inputs_hash"))


def test_a_blocked_decision_names_every_gate_with_what_it_needed(rehearsal):
    blocked = next(cycle for cycle in rehearsal.document["cycles"] if cycle["blocked_by"])
    told = call("explain", blocked["cycle_id"], "--json", data_dir=rehearsal.data_dir).document
    failing = [gate for gate in told["decision"]["gates"] if not gate["passed"]]
    assert [gate["gate"] for gate in failing] == blocked["blocked_by"]
    assert [gate["detail"] for gate in failing] == [gate["detail"] for gate in blocked["blocked"]]
    assert told["trade"] is None


def test_people_read_it_section_by_section(rehearsal):
    shown = call("explain", TRADES[0], data_dir=rehearsal.data_dir).out
    for words in (
        "LONG", "left at", "by TRAIL", "Order, fill, exit", "The stop, whenever it moved",
        f"The decision that ordered it: {ENTRY}", "Signals (contributions add up to the score)",
        "Gates: 0 forbid an entry", "The market it read", "no trades or quotes", "The account",
        "What decided", "fence 1", "changed: buy_threshold=0.1", "min_votes=1",
    ):  # fmt: skip
        assert words in shown


def test_an_unknown_id_offers_the_nearest(rehearsal):
    done = call("explain", "btc-20250508T1001Z-trad", data_dir=rehearsal.data_dir)
    assert done.code == 2
    assert f"the nearest: {TRADES[0]}, btc-20250508T1001Z" in done.err


def test_nothing_was_decided_yet(tmp_path):
    done = call("explain", ENTRY, data_dir=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert f"no warehouse in {tmp_path}" in done.err
    assert list(tmp_path.iterdir()) == []


def test_the_configured_market_is_asked_first_and_the_others_are_named(rehearsal, tmp_path):
    for name in ("demo", "babingepet-recorded", "babingepet"):
        shutil.copy(rehearsal.data_dir / "demo.sqlite", tmp_path / f"{name}.sqlite")
    for market, first in (("recorded", "recorded"), ("auto", "binance")):
        told = call("explain", ENTRY, "--json", data_dir=tmp_path, market=market).document
        assert told["found_in"]["warehouse"] == first
        assert set(told["found_in"]["also_in"]) == {"binance", "recorded", "demo"} - {first}
    told = call("explain", ENTRY, "--warehouse", "demo", "--json", data_dir=tmp_path).document
    assert told["found_in"]["warehouse"] == "demo"


def test_a_damaged_neighbour_hides_nothing(rehearsal, tmp_path):
    shutil.copy(rehearsal.data_dir / "demo.sqlite", tmp_path / "demo.sqlite")
    (tmp_path / "babingepet.sqlite").write_bytes(b"not a database at all" * 99)
    assert call("explain", ENTRY, "--json", data_dir=tmp_path).code == 0
    missing = call("explain", "nothing", data_dir=tmp_path)
    assert "babingepet.sqlite is not a SQLite database" in missing.err


def test_a_stored_decision_replays_to_the_byte(rehearsal):
    done = call("replay-cycle", ENTRY, "--json", data_dir=rehearsal.data_dir)
    assert done.code == 0
    assert done.document["identical"] is True
    assert done.document["differences"] == []
    assert "identical" in call("replay-cycle", ENTRY, data_dir=rehearsal.data_dir).out


def test_a_decision_that_does_not_replay_ends_with_1_and_the_differences(rehearsal, tmp_path):
    path = tmp_path / "demo.sqlite"
    shutil.copy(rehearsal.data_dir / "demo.sqlite", path)
    with sqlite3.connect(path) as database:
        database.execute(
            "UPDATE btc_decisions SET payload = replace(payload, '\"votes\":4', '\"votes\":9') "
            "WHERE cycle_id = ?", (ENTRY,)
        )  # fmt: skip
    database.close()
    done = call("replay-cycle", ENTRY, "--json", data_dir=tmp_path)
    assert done.code == 1
    votes, digest = done.document["differences"]
    assert votes == "votes: stored 9, replayed 4"
    assert digest.startswith("decision_hash: stored ")
    assert "NOT identical, 2 values differ" in call("replay-cycle", ENTRY, data_dir=tmp_path).out


def test_a_position_cannot_be_replayed_and_the_cycles_near_it_are_offered(rehearsal):
    done = call("replay-cycle", TRADES[0], data_dir=rehearsal.data_dir)
    assert done.code == 2
    assert f"the nearest: {ENTRY}" in done.err
