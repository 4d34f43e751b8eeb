"""Explanations of what is not a plain closed trade: shadows, open positions, lapsed orders, gaps."""

import json

import pytest
from sqlalchemy import text

from babingepet.errors import InputError, WarehouseUnavailable
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import gaps
from babingepet_resources.warehouse.database import open_database
from babingepet_resources.warehouse.records import GapRecord
from babingepet_services.demo.run import Demo
from babingepet_services.explain.document import explain
from tests.delivery.markets import (
    EAGER,
    PLAY,
    PLAY_FROM,
    SHADOW,
    UNPROFITABLE,
    write_trending_market,
)

ENTRY = "btc-20250508T1001Z"


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    return write_trending_market(tmp_path_factory.mktemp("market"))


def rehearse(market, data_dir, *more, cycles=12):
    settings = load_settings(
        data_dir=data_dir, market="recorded", data=(market,), speed="max", start=PLAY_FROM,
        overrides=(*EAGER, *more),
    )  # fmt: skip
    for _ in Demo(settings, SystemClock(), max_cycles=cycles).run():
        pass
    return settings


@pytest.fixture(scope="module")
def holding(market, tmp_path_factory):
    """A position that is still open after twelve minutes."""
    return rehearse(market, tmp_path_factory.mktemp("holding"))


@pytest.mark.slow
def test_an_open_position_is_told_as_far_as_it_came(holding):
    told = explain(holding, f"{ENTRY}-trade")
    trade = told["trade"]
    assert (trade["status"], trade["exit_time"], trade["net_pnl"]) == ("OPEN", None, None)
    assert len(trade["path"]) == 10
    assert trade["path"][-1]["unrealized_pnl"] > 0
    json.dumps(told, allow_nan=False)


def test_a_decision_names_the_position_it_held(holding):
    told = explain(holding, "btc-20250508T1005Z")
    assert told["kind"] == "decision"
    assert told["decision"]["position"]["position_id"] == f"{ENTRY}-trade"
    assert told["decision"]["followed_by"] is None


@pytest.mark.slow
def test_a_shadow_trade_is_told_like_a_trade(market, tmp_path):
    settings = rehearse(market, tmp_path, *UNPROFITABLE, cycles=15)
    told = explain(settings, SHADOW)
    trade = told["trade"]
    assert trade["shadow"] is True
    assert trade["ordered"]["order"]["side"] == "LONG"
    assert trade["path"][-1]["exit_reason"] == trade["exit_reason"] == "TARGET"
    assert told["decision"]["followed_by"]["position_id"] == SHADOW
    assert [g["gate"] for g in told["decision"]["gates"] if not g["passed"]] == ["EDGE"]


@pytest.mark.slow
def test_a_gap_that_touched_the_decision_is_told_and_a_foreign_one_is_not(market, tmp_path):
    settings = rehearse(market, tmp_path, cycles=3)
    database = open_database(f"sqlite:///{tmp_path / 'demo.sqlite'}")
    rows = [
        gap(PLAY - 10 * MINUTE, "recorded", "the socket was silent"),
        gap(PLAY - 10 * MINUTE, "binance", "another market"),
        gap(PLAY + 10 * MINUTE, "recorded", "later"),
    ]
    with database.writing() as connection:
        gaps.insert(connection, rows)
    database.close()
    told = explain(settings, ENTRY)["decision"]["gaps"]
    assert [one["reason"] for one in told] == ["the socket was silent"]


def gap(start, source, reason):
    return GapRecord(
        symbol="BTCUSDT", feed="trades", start_time=start, end_time=start + 1, reason=reason,
        source=source, detected_at=start,
    )  # fmt: skip


@pytest.mark.slow
def test_an_order_that_the_next_minute_did_not_follow_is_told_as_lapsed(market, tmp_path):
    settings = rehearse(market, tmp_path, cycles=3)
    database = open_database(f"sqlite:///{tmp_path / 'demo.sqlite'}")
    with database.writing() as connection:  # as if the fill had not happened
        connection.execute(
            text(
                "UPDATE btc_decisions SET payload = json_set(payload, '$.position', NULL) "
                "WHERE cycle_id = 'btc-20250508T1002Z'"
            )
        )
    database.close()
    followed = explain(settings, ENTRY)["decision"]["followed_by"]
    assert followed == {
        "cycle_id": "btc-20250508T1002Z", "outcome": "lapsed", "position_id": None, "price": None,
    }  # fmt: skip


def test_the_configured_warehouse_can_be_named_and_must_exist(holding):
    with pytest.raises(InputError, match="no warehouse named recorded"):
        explain(holding, ENTRY, "configured")
    assert explain(holding, ENTRY, "demo")["found_in"]["warehouse"] == "demo"


def test_a_database_that_does_not_answer_is_a_failure_when_it_is_the_only_one(tmp_path):
    settings = load_settings(data_dir=tmp_path, database_url="postgresql://x:y@127.0.0.1:9/none")
    with pytest.raises(WarehouseUnavailable):
        explain(settings, ENTRY)
