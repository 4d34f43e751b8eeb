"""Minutes and trades of a replay as tables: every column by hand, and nothing lost on the way back."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from babingepet.domain.codes import ExitReason, Gate, Grade, Regime, Side, Verdict
from babingepet.errors import InputError
from babingepet.replay.result import ReplayTrades
from babingepet.signals.registry import NAMES
from babingepet_services.replay.tables import (
    decision_table,
    minutes_of,
    trade_table,
    trades_of,
)
from tests.factories import WEDNESDAY
from tests.services import replays

DECISIONS = [
    "as_of", "close", *NAMES, "score", "coverage", "verdict", "votes", "grade", "points", "regime_state",
    "blocked_by", "side", "equity", "exposure",
]  # fmt: skip
TRADES = [
    "entry_time", "exit_time", "entry_price", "exit_price", "side", "quantity", "exit_reason",
    "fees", "funding", "slippage", "gross_pnl", "net_pnl", "net_return", "r_multiple", "grade",
    "initial_stop", "stop", "target", "peak", "armed", "shadow",
]  # fmt: skip


def through_parquet(table):
    stored = io.BytesIO()
    pq.write_table(table, stored)
    return pq.read_table(stored)


def test_a_minute_is_told_in_words_with_null_where_a_score_is_unavailable():
    scores = {"vwap": np.array([-0.25, np.nan])}
    decided = replays.minutes(
        2, scores=scores, close=np.array([100.5, 101.0]), score=np.array([-0.25, 0.0]),
        coverage=np.array([0.5, 0.0]), votes=np.array([1, 0], np.int8),
        verdict=np.array([Verdict.STRONG_SELL, Verdict.HOLD], np.int8),
        grade=np.array([Grade.A, Grade.D], np.int8), points=np.array([81.5, 0.0]),
        regime=np.array([Regime.TRENDING_DOWN, Regime.UNKNOWN], np.int8),
        blocked=np.array([0, 1 << Gate.PAUSED | 1 << Gate.LOW_COVERAGE | 1 << Gate.HOLD], np.int32),
        side=np.array([Side.SHORT, Side.FLAT], np.int8), equity=np.array([1000.0, 999.5]),
        exposure=np.array([0.3, 0.0]),
    )  # fmt: skip
    table = decision_table(decided)
    assert table.column_names == DECISIONS
    first, second = table.to_pylist()
    silent = dict.fromkeys(NAMES)
    assert first == {
        "as_of": WEDNESDAY + 60_000, "close": 100.5, **silent, "vwap": -0.25, "score": -0.25,
        "coverage": 0.5, "verdict": "STRONG_SELL", "votes": 1, "grade": "A", "points": 81.5,
        "regime_state": "TRENDING_DOWN", "blocked_by": [], "side": "SHORT", "equity": 1000.0,
        "exposure": 0.3,
    }  # fmt: skip
    assert second == {
        "as_of": WEDNESDAY + 120_000, "close": 101.0, **silent, "score": 0.0, "coverage": 0.0,
        "verdict": "HOLD", "votes": 0, "grade": "D", "points": 0.0, "regime_state": "UNKNOWN",
        "blocked_by": ["LOW_COVERAGE", "HOLD", "PAUSED"], "side": "FLAT", "equity": 999.5,
        "exposure": 0.0,
    }  # fmt: skip


def test_a_trade_is_told_in_words():
    table = trade_table(replays.trades((4.25,), shadows=1))
    assert table.column_names == TRADES
    real, shadow = table.to_pylist()
    entry = WEDNESDAY + 5_400_000
    assert real == {
        "entry_time": entry, "exit_time": entry + 1_200_000, "entry_price": 100.25,
        "exit_price": 104.5, "side": "LONG", "quantity": 0.5, "exit_reason": "STOP_LOSS",
        "fees": 0.04, "funding": -0.005, "slippage": 0.01, "gross_pnl": 4.285, "net_pnl": 4.25,
        "net_return": 4.25 / 50.125, "r_multiple": 6.8, "grade": "A", "initial_stop": 99.0,
        "stop": 99.5, "target": 104.0, "peak": 103.0, "armed": True, "shadow": False,
    }  # fmt: skip
    assert (shadow["side"], shadow["exit_reason"], shadow["grade"]) == ("SHORT", "TRAIL", "B")
    assert (shadow["armed"], shadow["shadow"]) == (False, True)


def test_columns_have_plain_types_that_every_reader_of_parquet_knows():
    decided = decision_table(replays.minutes(3)).schema
    assert decided.field("as_of").type == pa.int64()
    assert {decided.field(name).type for name in NAMES} == {pa.float64()}
    assert decided.field("blocked_by").type == pa.list_(pa.string())
    assert decided.field("verdict").type == pa.string()
    closed = trade_table(replays.trades()).schema
    assert (closed.field("exit_time").type, closed.field("shadow").type) == (pa.int64(), pa.bool_())


@pytest.mark.parametrize("count", [0, 1, 5_000])
def test_minutes_come_back_bit_for_bit(count):
    decided = replays.minutes(count)
    assert replays.same_minutes(minutes_of(decision_table(decided)), decided)
    assert replays.same_minutes(minutes_of(through_parquet(decision_table(decided))), decided)


def test_every_code_and_every_gate_comes_back():
    decided = replays.minutes(5_000)
    for name, kind in (("verdict", Verdict), ("grade", Grade), ("regime", Regime), ("side", Side)):
        assert set(getattr(decided, name).tolist()) == {int(code) for code in kind}
    assert np.bitwise_or.reduce(decided.blocked) == (1 << len(Gate)) - 1
    closed = replays.trades(np.linspace(-3.0, 3.0, 20))
    assert set(closed.exit_reason.tolist()) == set(range(1, len(ExitReason)))


def test_tables_in_pieces_come_back_as_whole_ones():
    decided = replays.minutes(300)
    table = decision_table(decided)
    pieces = pa.concat_tables([table.slice(0, 7), table.slice(7, 200), table.slice(207)])
    assert replays.same_minutes(minutes_of(pieces), decided)
    part = minutes_of(table.slice(250, 10))
    assert part.blocked.tolist() == decided.blocked[250:260].tolist()


@pytest.mark.parametrize("net", [(), (1.5,), (4.25, -2.5, 0.0)])
def test_trades_come_back_bit_for_bit(net):
    closed = replays.trades(net)
    assert trades_of(trade_table(closed)).equals(closed)
    assert trades_of(through_parquet(trade_table(closed))).equals(closed)


def test_no_column_of_a_trade_is_left_out():
    assert len(TRADES) == len(ReplayTrades.column_names())


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("verdict", ["MAYBE"], "column verdict .* no Verdict"),
        ("blocked_by", [["HOLD", "WHIM"]], "column blocked_by .* no gate"),
        ("score", None, "lacks the column score"),
    ],
)
def test_a_table_of_another_make_is_refused_by_its_column(column, value, said):
    table = decision_table(replays.minutes(1))
    place = table.column_names.index(column)
    table = table.remove_column(place)
    if value is not None:
        table = table.append_column(column, pa.array(value))
    with pytest.raises(InputError, match=said):
        minutes_of(table)
