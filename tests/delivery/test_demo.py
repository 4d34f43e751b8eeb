"""``babingepet demo`` on a made-up market: its document, its tables, what it leaves behind."""

import sqlite3

import pytest

from babingepet.signals.registry import NAMES
from tests.delivery.conftest import call
from tests.delivery.markets import CYCLES, PLAY, PLAY_FROM, TRADES, eager_options

CYCLE_KEYS = {
    "cycle_id", "open_time", "scores", "reasons", "score", "verdict", "votes", "blocked_by",
    "position", "as_of", "close_price", "coverage", "grade", "regime", "account", "notices",
    "blocked",
}  # fmt: skip
KEYS = {
    "cycles", "equity", "trades", "shadow_trades", "source", "product", "symbol", "description",
    "feeds", "derived", "capability", "missed", "minutes_missed", "ledger", "speed_reached",
    "seconds", "first_decision_seconds", "ended", "warehouse", "analysts",
}  # fmt: skip
TRADE_KEYS = {
    "position_id", "side", "entry_time", "exit_time", "entry_price", "exit_price", "quantity",
    "exit_reason", "fees_paid", "funding_paid", "net_pnl", "r_multiple",
}  # fmt: skip


def test_nine_analysts_and_their_consensus_are_shown_with_their_provider(rehearsal):
    told = rehearsal.document["analysts"]
    assert (told["provider"], told["asked"], len(told["answers"])) == ("rules", 9, 9)
    assert told["valid"] == sum(answer["state"] == "vote" for answer in told["answers"])
    assert 0.0 < told["p_up"] < 1.0
    assert 0.0 <= told["agreement"] <= 1.0
    assert all(answer["reason"] for answer in told["answers"])


@pytest.mark.slow
def test_the_document_has_exactly_the_promised_keys(rehearsal):
    document = rehearsal.document
    assert set(document) == KEYS
    assert {frozenset(cycle) for cycle in document["cycles"]} == {frozenset(CYCLE_KEYS)}
    assert {frozenset(trade) for trade in document["trades"]} == {frozenset(TRADE_KEYS)}
    assert set(document["ledger"]) == {
        "cash", "realized_pnl", "fees_paid", "funding_paid", "conserved",
    }  # fmt: skip


def test_it_decides_as_often_as_asked_and_names_the_last_closed_minute(rehearsal):
    cycles = rehearsal.document["cycles"]
    assert len(cycles) == CYCLES
    assert rehearsal.document["ended"] == "cycles"
    assert cycles[0]["open_time"] == PLAY - 60_000
    assert cycles[0]["cycle_id"] == "btc-20250508T1000Z"
    assert all(set(cycle["scores"]) == set(NAMES) for cycle in cycles)


def test_every_score_is_a_number_or_has_a_reason(rehearsal):
    for cycle in rehearsal.document["cycles"]:
        missing = {name for name, score in cycle["scores"].items() if score is None}
        assert missing == set(cycle["reasons"])


def test_blocked_by_are_the_names_of_the_gates_whose_details_stand_beside(rehearsal):
    cycles = rehearsal.document["cycles"]
    assert any(cycle["blocked_by"] for cycle in cycles)
    for cycle in cycles:
        assert cycle["blocked_by"] == [gate["gate"] for gate in cycle["blocked"]]
        assert all(gate["detail"] for gate in cycle["blocked"])


def test_closed_trades_are_told_with_their_reasons_and_the_ledger_adds_up(rehearsal):
    document = rehearsal.document
    told = [(trade["position_id"], trade["exit_reason"]) for trade in document["trades"]]
    assert told == list(zip(TRADES, ("TRAIL", "STOP_LOSS"), strict=True))
    net = sum(trade["net_pnl"] for trade in document["trades"])
    assert document["equity"] == pytest.approx(1000 + net, abs=1e-7)
    assert document["ledger"]["conserved"] is True


def test_the_market_is_named_with_what_it_can_supply(rehearsal):
    document = rehearsal.document
    assert (document["source"], document["symbol"]) == ("recorded", "BTCUSDT")
    assert document["capability"] == [
        "vpin", "ai_consensus", "mtf_alignment", "regime", "vwap", "hour_seasonality",
    ]  # fmt: skip
    assert document["speed_reached"] > 60


@pytest.mark.slow
def test_two_rehearsals_decide_the_same(rehearsal, trending_file, tmp_path):
    options = ["--from", PLAY_FROM, "--cycles", CYCLES, *eager_options(), "--json"]
    again = call("demo", "--data", trending_file, *options, data_dir=tmp_path).document
    for key in ("cycles", "trades", "equity", "ledger"):
        assert again[key] == rehearsal.document[key]


@pytest.mark.slow
def test_a_rehearsal_replaces_the_one_before_and_touches_nothing_else(trending_file, tmp_path):
    (tmp_path / "babingepet.sqlite").write_bytes(b"somebody's")
    for cycles in (5, 2):
        options = ["--from", PLAY_FROM, "--cycles", cycles, "--json"]
        assert call("demo", "--data", trending_file, *options, data_dir=tmp_path).code == 0
    with sqlite3.connect(tmp_path / "demo.sqlite") as database:
        assert database.execute("SELECT count(*) FROM btc_decisions").fetchone() == (2,)
    database.close()
    assert (tmp_path / "babingepet.sqlite").read_bytes() == b"somebody's"


@pytest.mark.slow
def test_it_ends_by_itself_when_the_recording_is_over(trending_file, tmp_path):
    options = ["--from", "2025-05-08T10:57", "--cycles", 50, "--json"]
    document = call("demo", "--data", trending_file, *options, data_dir=tmp_path).document
    assert document["ended"] == "market"
    assert len(document["cycles"]) < 50


@pytest.mark.slow
def test_people_see_the_market_each_minute_the_trades_and_what_was_unavailable(
    trending_file, tmp_path
):
    options = ["--from", PLAY_FROM, "--cycles", 30, *eager_options()]
    shown = call("demo", "--data", trending_file, *options, data_dir=tmp_path)
    assert (shown.code, shown.err) == (0, "")
    for words in (
        "recorded, usdm_perp",
        "can supply 6 of 13 signals: vpin, ai_consensus, mtf_alignment, regime, vwap,",
        "analysts (rules) at 2025-05-08 10:20",
        "conservative_filter",
        "made anew each time",
        "2025-05-08 10:29",
        "POSITION_OPEN",
        TRADES[0],
        "TRAIL",
        "this source never recorded: trades",
        "30 decisions, equity 1,00",
        "minutes of market a minute",
    ):
        assert words in shown.out


@pytest.mark.slow
def test_options_win_over_variables_and_the_exchange_and_database_of_a_run_are_left_alone(
    trending_file, tmp_path
):
    done = call(
        "demo", "--cycles", 1, "--data", trending_file, "--from", PLAY_FROM, "--json",
        data_dir=tmp_path, start="1999-01-01", market="binance", symbol="BTCUSDT",
        exchange_url="http://127.0.0.1:9", database_url="postgresql://nobody@127.0.0.1:9/none",
    )  # fmt: skip
    assert done.code == 0
    assert done.document["cycles"][0]["cycle_id"] == "btc-20250508T1000Z"
