"""``babingepet replays`` and the comparison of two of them, on a replay book of their own."""

import json
import re

import pytest
from cyclopts import App

from babingepet.cycles.btc import BASE_WEIGHTS, WeightBook
from babingepet.domain.codes import Verdict
from babingepet.market.intervals import MINUTE
from babingepet_delivery.cli import main as command_line
from babingepet_resources.settings import load_settings
from babingepet_services.market.source import open_warehouse
from babingepet_services.replay.book import save_replay
from tests.delivery.conftest import call
from tests.factories import WEDNESDAY
from tests.services import replays

CREATED = 1_795_385_405_000
A, B = "replay-20261122T221005Z-aaaaaa", "replay-20261123T070000Z-bbbbbb"
NUMBERS = {"trades": 3, "net_pnl": 3.5, "final_equity": 1003.5, "max_drawdown": -0.0125}
MONTHS = [{"month": "2025-05", "value": 0.0035, "is_whole": False}]


def other_replay():
    """The same market under other rules: a verdict, a trade and the weights differ."""
    decided = replays.changed(replays.minutes(400), 200, verdict=Verdict.BUY)
    closed = replays.trades((4.25, -2.0, 1.75))
    made = replays.replay(decided=decided, closed=closed, settings=("leverage=2",))
    weights = WeightBook("tuned-7", (0.5, *BASE_WEIGHTS[1:]))
    return type(made)(**{**vars(made), "rules": type(made.rules)(made.rules.settings, weights)})


@pytest.fixture
def place(databases, tmp_path):
    place = databases.place(tmp_path)
    database = open_warehouse(load_settings(**place), "recorded")
    first = replays.changed(replays.minutes(400), 200, verdict=Verdict.SELL)
    for run_id, created_at, replay, changes in (
        (A, CREATED, replays.replay(decided=first), {}),
        (B, CREATED + MINUTE, other_replay(), {"net_pnl": None, "max_drawdown": None}),
    ):
        save_replay(
            database, replay, run_id=run_id, created_at=created_at, origin="command",
            inputs={"files": [{"kind": "candles", "path": "x", "sha256": run_id[-6:] * 10}]},
            document=NUMBERS | {"months": MONTHS} | changes,
        )  # fmt: skip
    database.close()
    return place


def test_the_document_lists_replays_newest_first_under_stable_keys(place):
    document = call("replays", "--json", **place).document
    assert list(document) == ["replays", "unread"]
    newest, oldest = document["replays"]
    assert list(newest) == [
        "run_id", "warehouse", "created_at", "origin", "market", "symbol", "source", "start", "end",
        "minutes", "trades", "net_pnl", "final_equity", "max_drawdown", "settings_hash",
        "weights_version", "engine_version", "code_version", "ledger_sha256",
    ]  # fmt: skip
    assert (newest["run_id"], oldest["run_id"]) == (B, A)
    assert (oldest["warehouse"], oldest["created_at"], oldest["minutes"]) == (
        "recorded", CREATED, 400,
    )  # fmt: skip
    assert {name: oldest[name] for name in NUMBERS} == NUMBERS


def test_people_read_a_row_a_replay(place):
    lines = call("replays", **place).out.splitlines()
    newest, oldest = lines[1:]
    for words in (A, "400", "+3.50", "1,003.50", "-1.25%", "btc recorded", "2025-05-07..2025-05-07",
                  "2026-11-22 22:10"):  # fmt: skip
        assert words in oldest
    assert newest.split()[:4] == [B, "400", "3", "-"]
    ledger = call("replays", "--json", **place).document["replays"][1]["ledger_sha256"]
    assert f" {ledger[:8]} " in oldest


def test_a_book_without_replays_says_so(tmp_path, rehearsal):
    assert call("replays", data_dir=rehearsal.data_dir).out == "no replay was saved yet\n"
    nothing = call("replays", data_dir=tmp_path)
    assert (nothing.code, nothing.out) == (2, "")
    assert f"no warehouse in {tmp_path}" in nothing.err


def test_a_warehouse_that_cannot_be_read_is_named_below_the_others(place):
    (place["data_dir"] / "demo.sqlite").write_bytes(b"not a database at all" * 99)
    shown = call("replays", **place)
    assert shown.code == 0
    assert "demo could not be read: " in shown.out
    assert A in shown.out


def test_a_replay_is_dropped_by_the_beginning_of_its_name(place):
    done = call("replays", "--drop", "20261122", "--json", **place)
    assert done.document == {"dropped": A, "warehouse": "recorded"}
    left = call("replays", "--json", **place).document["replays"]
    assert [row["run_id"] for row in left] == [B]
    assert f"{B} (recorded): deleted" in call("replays", "--drop", B, **place).out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--drop", "replay-1999"], f"replay-1999: no such replay in (configured, )?recorded; there are 2, the newest: {B}"),
        (["--drop", "2026"], f"2026 can be {A}, {B}: give more of it"),
        (["--warehouse", "simulated"], "no warehouse named simulated"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence_and_exit_code_2_and_nothing_is_dropped(place, arguments, words):
    done = call("replays", *arguments, **place)
    assert (done.code, done.out) == (2, "")
    assert re.search(words, done.err)
    as_json = call("replays", *arguments, "--json", **place)
    assert (as_json.code, as_json.out) == (2, "")
    assert json.loads(as_json.err)["kind"] == "InputError"
    assert len(call("replays", "--json", **place).document["replays"]) == 2


@pytest.fixture
def compare(place, monkeypatch):
    """The comparison as a command, wherever it is mounted."""
    from babingepet_delivery.cli.replays import replay_compare

    monkeypatch.setitem(command_line.COMMANDS, "compare-for-test", replay_compare)
    assert isinstance(command_line.build_app(), App)
    return lambda *arguments: call("compare-for-test", *arguments, **place)


def test_the_comparison_has_stable_keys(compare):
    document = compare(A, B, "--json").document
    assert list(document) == [
        "a", "b", "same_ledger", "settings", "weights", "inputs", "versions", "metrics", "months",
        "trades", "decisions",
    ]  # fmt: skip
    assert list(document["a"]) == [
        "run_id", "warehouse", "market", "symbol", "source", "origin", "start", "end", "minutes",
        "created_at", "weights_version", "engine_version", "code_version", "ledger_sha256",
    ]  # fmt: skip
    assert [pair["name"] for pair in document["metrics"]] == [
        "trades", "win_rate", "profit_factor", "expectancy_r", "net_pnl", "final_equity",
        "max_drawdown", "sharpe_ratio", "sortino_ratio", "calmar_ratio", "fees_paid",
        "slippage_paid", "funding_paid",
    ]  # fmt: skip
    assert list(document["trades"]) == ["same", "changed", "only_in_a", "only_in_b"]
    first = document["decisions"]["first_difference"]
    assert (first["as_of"], first["only_in"]) == (WEDNESDAY + 201 * MINUTE, None)
    assert first["columns"] == [{"name": "verdict", "a": "SELL", "b": "BUY"}]


def test_people_read_the_comparison_section_by_section(compare):
    shown = compare("20261122", "20261123").out
    for words in (
        f"{A} (recorded)", "the ledgers are not identical", "Settings that differ", "leverage",
        "Weights that differ", "whale_flow", "Inputs that differ", "aaaaaaaaaaaaaaaa",
        "Versions that differ", "tuned-7", "final equity", "1,003.5000", "max drawdown", "-1.25%",
        "2025-05", "+0.35%", "4 the same, 2 with another outcome, 0 only in A, 0 only in B",
        "2025-05-07 02:30 SHORT", "exit price 97.75 -> 98.25, net pnl -2.5 -> -2\n", "0 of 1 common days are equal",
        "decided differently: 2025-05-07 03:21", "verdict", "SELL", "BUY",
    ):  # fmt: skip
        assert words in shown


def test_a_replay_beside_itself_differs_in_nothing(compare):
    shown = compare(A, A).out
    for words in (
        "the ledgers are identical", "Settings that differ: none", "Inputs that differ (SHA-256): none",
        "6 the same, 0 with another outcome", "1 of 1 common days are equal", "no minute",
    ):  # fmt: skip
        assert words in shown


def test_a_replay_that_is_not_there_is_named(compare):
    done = compare(A, "replay-1999")
    assert (done.code, done.out) == (2, "")
    assert re.search(
        "replay-1999: no such replay in (configured, )?recorded; there are 2", done.err
    )
