"""``babingepet performance`` on a rehearsal."""

import json
import shutil

import pytest

from babingepet.market.intervals import MINUTE
from tests.delivery.conftest import call
from tests.delivery.markets import CYCLES, PLAY, PLAY_FROM

METRIC = {"value", "n", "low", "high", "reason"}


@pytest.fixture(scope="module")
def told(rehearsal):
    return call("performance", "--json", data_dir=rehearsal.data_dir).document


def test_the_document_has_stable_keys(told):
    assert list(told) == [
        "found_in", "book", "symbol", "source", "other_sources", "start", "end", "minutes", "days",
        "silent_days", "periods_per_year", "account", "returns", "drawdown", "months", "trades",
        "costs", "shadows", "notes",
    ]  # fmt: skip
    assert list(told["found_in"]) == ["warehouse", "database"]
    assert list(told["returns"]) == [
        "total_return", "cagr", "volatility", "sharpe_ratio", "sortino_ratio", "max_drawdown",
        "calmar_ratio", "value_at_risk_95", "conditional_value_at_risk_95", "ulcer_index",
        "exposure_share",
    ]  # fmt: skip
    assert list(told["trades"]) == list(told["shadows"]) == [
        "count", "wins", "losses", "breakeven", "hit_rate", "expectancy", "expectancy_r",
        "profit_factor", "payoff_ratio", "average_win", "average_loss", "system_quality_number",
        "longest_losing_streak",
    ]  # fmt: skip
    assert list(told["costs"]) == [
        "gross_pnl", "fees_paid", "funding_paid", "slippage_paid", "net_pnl",
    ]  # fmt: skip
    for part in ("returns", "costs"):
        assert all(set(metric) == METRIC for metric in told[part].values())


def test_the_numbers_are_those_of_the_rehearsal(told, rehearsal):
    demo = rehearsal.document
    assert told["minutes"] == CYCLES
    assert told["start"] == PLAY - MINUTE
    assert told["account"]["closing_equity"] == demo["equity"]
    assert told["trades"]["count"] == len(demo["trades"]) == 2
    net = sum(trade["net_pnl"] for trade in demo["trades"])
    assert told["costs"]["net_pnl"]["value"] == pytest.approx(net, abs=1e-8)
    mean_r = sum(trade["r_multiple"] for trade in demo["trades"]) / 2
    assert told["trades"]["expectancy_r"]["value"] == pytest.approx(mean_r, abs=1e-12)
    hit_rate = told["trades"]["hit_rate"]
    assert (hit_rate["value"], hit_rate["n"]) == (0.5, 2)
    assert hit_rate["low"] < 0.1
    assert hit_rate["high"] > 0.9
    assert told["returns"]["sharpe_ratio"]["value"] is None
    assert told["returns"]["sharpe_ratio"]["reason"] == "0 days are over: at least 2 are needed"


def test_people_read_it_section_by_section(rehearsal):
    shown = call("performance", data_dir=rehearsal.data_dir).out
    for words in (
        "BTCUSDT from recorded", "demo warehouse, book paper", "365 a year", "95 % interval",
        "sharpe ratio", "0 days are over", "deepest drawdown", "Closed trades: 2 (1 won, 1 lost, 0",
        "expectancy r", "Costs of closed trades", "slippage paid",
        "Shadow trades (not entered: no money): none", "Months", "May", "* a month of which",
    ):  # fmt: skip
        assert words in shown


def test_a_period_is_half_of_the_rehearsal(rehearsal):
    halved = call(
        "performance", "--from", PLAY_FROM, "--to", "2025-05-08T10:20", "--json",
        data_dir=rehearsal.data_dir,
    ).document  # fmt: skip
    assert halved["minutes"] == 20
    assert halved["trades"]["count"] == 0
    assert halved["notes"][0] == "no trade was closed in this period"
    assert halved["account"]["open_position"] == rehearsal.document["trades"][0]["position_id"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--book", "nothing"], "book nothing has no decision about BTCUSDT in demo"),
        (["--symbol", "ethusdt"], "no decision about ETHUSDT"),
        (["--from", "yesterday"], "--from 'yesterday' is not a time"),
        (["--to", "2025-13-01"], "--to '2025-13-01' is not a time"),
        (["--from", "2026-01-01"], "its minutes are 2025-05-08T10:00:00Z to"),
        (["--from", "2025-05-09", "--to", "2025-05-08"], "not after its start"),
        (["--source", "binance"], "only recorded"),
        (["--warehouse", "simulated"], "no warehouse named simulated"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(rehearsal, arguments, words):
    done = call("performance", *arguments, data_dir=rehearsal.data_dir)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    as_json = call("performance", *arguments, "--json", data_dir=rehearsal.data_dir)
    assert (as_json.code, as_json.out) == (2, "")
    assert json.loads(as_json.err)["kind"] == "InputError"


def test_nothing_was_decided_yet(tmp_path):
    done = call("performance", data_dir=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert f"no warehouse in {tmp_path}" in done.err
    assert list(tmp_path.iterdir()) == []


def test_the_configured_market_is_asked_first(rehearsal, tmp_path):
    for name in ("demo", "babingepet-recorded", "babingepet"):
        shutil.copy(rehearsal.data_dir / "demo.sqlite", tmp_path / f"{name}.sqlite")
    for market, first in (("recorded", "recorded"), ("auto", "binance")):
        found = call("performance", "--json", data_dir=tmp_path, market=market).document
        assert found["found_in"]["warehouse"] == first
    found = call("performance", "--warehouse", "demo", "--json", data_dir=tmp_path).document
    assert found["found_in"]["warehouse"] == "demo"


def test_a_warehouse_that_does_not_answer_is_not_passed_over(rehearsal, tmp_path):
    """The account of a rehearsal must not be taken for that of the configured database."""
    shutil.copy(rehearsal.data_dir / "demo.sqlite", tmp_path / "demo.sqlite")
    url = "postgresql://nobody:secret@127.0.0.1:9/none"
    done = call("performance", "--json", data_dir=tmp_path, database_url=url)
    assert (done.code, done.out) == (1, "")
    assert json.loads(done.err)["kind"] == "WarehouseUnavailable"
    assert "secret" not in done.err
    found = call(
        "performance", "--json", "--warehouse", "demo", data_dir=tmp_path, database_url=url
    )
    assert found.code == 0
