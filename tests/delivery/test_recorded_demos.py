"""``babingepet demo`` on the recorded perpetual of 2023 and 2024: what becomes numeric, and when."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.delivery.conftest import call, run_program

pytestmark = pytest.mark.slow

DAY_2023, DAY_2024 = "2023-04-04T23:58", "2024-07-18T23:57"
MIDNIGHT_2023 = 1_680_652_800_000
CYCLES = 5
NEVER = "this source never recorded: funding or mark_price"


@pytest.fixture(scope="module")
def folder(recorded_data):
    return recorded_data / "crypto" / "perp_l2_ws"


class Played(NamedTuple):
    """A rehearsal of one recording."""

    data_dir: Path
    document: dict[str, Any]

    @property
    def cycles(self) -> list[dict[str, Any]]:
        return self.document["cycles"]


@pytest.fixture(scope="module")
def play(folder, tmp_path_factory):
    def run(start, *options, cycles=CYCLES):
        data_dir = tmp_path_factory.mktemp("tape")
        done = call(
            "demo", "--data", folder, "--from", start, "--cycles", cycles, "--json", *options,
            data_dir=data_dir,
        )  # fmt: skip
        assert (done.code, done.err) == (0, "")
        return Played(data_dir, done.document)

    return run


@pytest.fixture(scope="module")
def played_2023(play):
    return play(DAY_2023)


@pytest.fixture(scope="module")
def cycles_2023(played_2023):
    return played_2023.cycles


@pytest.fixture(scope="module")
def cycles_2024(play):
    return play(DAY_2024).cycles


def first_with(cycles, signal):
    """Open time of the first minute in which a signal has a score."""
    return next((c["open_time"] for c in cycles if c["scores"][signal] is not None), None)


def test_whale_flow_speaks_after_five_minutes_of_trades(cycles_2023, cycles_2024):
    # Recording begins at 23:58:20 and at 23:57:02: five minutes later, at the next boundary.
    assert first_with(cycles_2023, "whale_flow") == MIDNIGHT_2023 + 3 * 60_000
    reason = cycles_2023[-2]["reasons"]["whale_flow"]
    assert reason == "warm-up: 279 of 300 s of trades observed"
    spoken = [cycle["scores"]["whale_flow"] is not None for cycle in cycles_2024]
    assert spoken == sorted(spoken)
    assert spoken[-1]


def test_fair_value_speaks_after_three_minutes_of_quotes(cycles_2023):
    assert first_with(cycles_2023, "as_fair_value") == MIDNIGHT_2023 + 60_000


def test_funding_speaks_from_the_settlement_at_midnight_on_in_2023(cycles_2023):
    assert cycles_2023[0]["open_time"] == MIDNIGHT_2023 - 60_000
    assert cycles_2023[0]["reasons"]["funding_rate"] == "no settlement has been seen yet"
    scores = [cycle["scores"]["funding_rate"] for cycle in cycles_2023[1:]]
    assert all(score == scores[0] and 0 < score < 1 for score in scores)


def test_funding_was_never_recorded_in_2024_and_says_so(cycles_2024):
    assert {cycle["reasons"]["funding_rate"] for cycle in cycles_2024} == {NEVER}


def test_the_blocked_hour_is_a_gate_with_its_end(cycles_2023):
    for cycle in cycles_2023:
        gate = next(gate for gate in cycle["blocked"] if gate["gate"] == "HOUR_BLOCK")
        assert gate["until"] == MIDNIGHT_2023 + 3_600_000


def test_without_blocked_hours_that_gate_is_gone_and_nothing_else_changes(play, cycles_2023):
    freed = play(DAY_2023, "--set", "blocked_hours=", cycles=3).cycles
    without = [[gate for gate in c["blocked_by"] if gate != "HOUR_BLOCK"] for c in cycles_2023]
    assert [cycle["blocked_by"] for cycle in freed] == without[:3]
    assert [cycle["scores"] for cycle in freed] == [cycle["scores"] for cycle in cycles_2023[:3]]


def test_explain_reaches_prints_flow_book_and_funding_of_the_tape(played_2023):
    last, data_dir = played_2023.cycles[-1]["cycle_id"], played_2023.data_dir
    market = call("explain", last, "--json", data_dir=data_dir).document["decision"]["market"]
    assert len(market["candles"]) == CYCLES
    assert market["large_prints"]
    assert market["order_flow"]["trade_count"] > 0
    assert market["order_book"]["bid_price"] < market["order_book"]["ask_price"]
    assert market["funding"][0]["derived"] is True
    shown = call("explain", last, data_dir=data_dir).out
    for words in ("large prints since", "order flow:", "book:", "read off the mark price"):
        assert words in shown


def test_a_minute_of_the_tape_replays_to_the_byte(played_2023):
    last = played_2023.cycles[-1]["cycle_id"]
    assert call("replay-cycle", last, data_dir=played_2023.data_dir).code == 0


@pytest.mark.slow
def test_the_real_program_decides_the_same_and_writes_nothing_but_the_document(
    folder, cycles_2023, tmp_path
):
    done = run_program(
        "demo", "--data", folder, "--from", DAY_2023, "--cycles", CYCLES, "--json",
        data_dir=tmp_path,
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    assert done.out.count("\n") == 1
    assert json.loads(done.out)["cycles"] == cycles_2023
