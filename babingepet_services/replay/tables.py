"""The minutes and the trades of a replay as Arrow tables, and back without a bit lost.

Belongs here: names and types of the columns that others read (exported Parquet files, the days of
the replay book). Where the tables are written belongs to those who write them.

Codes become the names of their enumerations, NaN becomes null; times are UTC milliseconds, prices
and money in quote currency, quantities in base units.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from babingepet.domain.codes import ExitReason, Gate, Grade, Regime, Side, Verdict, failing
from babingepet.errors import InputError
from babingepet.market.frames import Floats, Ints
from babingepet.replay.result import Minutes, ReplayTrades
from babingepet.signals.registry import NAMES

Integers = npt.NDArray[np.signedinteger[Any]]
Column = npt.NDArray[Any]

_TRADE_NAMES: dict[str, str] = {
    "entry_time": "entry_time",
    "exit_time": "exit_time",
    "entry_price": "entry_price",
    "exit_price": "exit_price",
    "side": "side",
    "quantity": "quantity",
    "exit_reason": "exit_reason",
    "fees": "fees_paid",
    "funding": "funding_paid",
    "slippage": "slippage_paid",
    "gross_pnl": "gross_pnl",
    "net_pnl": "net_pnl",
    "net_return": "net_return",
    "r_multiple": "r_multiple",
    "grade": "grade",
    "initial_stop": "initial_stop",
    "stop": "stop",
    "target": "target",
    "peak": "peak",
    "armed": "armed",
    "shadow": "shadow",
}
"""Columns of a trade table in their order, and the column of ``ReplayTrades`` that each holds."""

_TRADE_CODES: dict[str, type[IntEnum]] = {
    "side": Side,
    "exit_reason": ExitReason,
    "grade": Grade,
}
_MINUTE_NUMBERS = ("close", "score", "coverage", "points", "equity", "exposure")
_MINUTE_CODES: dict[str, tuple[str, type[IntEnum]]] = {
    "verdict": ("verdict", Verdict),
    "grade": ("grade", Grade),
    "regime_state": ("regime", Regime),
    "side": ("side", Side),
}
"""Columns of names, each with its column of ``Minutes``: ``regime`` alone is the signal's score."""


def decision_table(minutes: Minutes) -> pa.Table:
    """A row a decided minute.

    Columns: as_of, close, one for each signal (null where unavailable), score, coverage, verdict,
    votes, grade, points, regime_state, blocked_by (names of the gates that said no, in gate order),
    side after the minute, equity, exposure.
    """
    numbers = {name: _numbers(getattr(minutes, name)) for name in _MINUTE_NUMBERS}
    unknown = np.full(len(minutes), np.nan)
    named = {name: _names(kind, getattr(minutes, of)) for name, (of, kind) in _MINUTE_CODES.items()}
    return pa.table(
        {
            "as_of": minutes.as_of,
            "close": numbers["close"],
            **{name: _numbers(minutes.scores.get(name, unknown)) for name in NAMES},
            "score": numbers["score"],
            "coverage": numbers["coverage"],
            "verdict": named["verdict"],
            "votes": minutes.votes,
            "grade": named["grade"],
            "points": numbers["points"],
            "regime_state": named["regime_state"],
            "blocked_by": _gates(minutes.blocked),
            "side": named["side"],
            "equity": numbers["equity"],
            "exposure": numbers["exposure"],
        }
    )


def trade_table(trades: ReplayTrades) -> pa.Table:
    """A row a closed trade, shadows among them, in the order of ``ReplayTrades``."""
    return pa.table({name: _trade_column(trades, name) for name in _TRADE_NAMES})


def minutes_of(table: pa.Table) -> Minutes:
    """The minutes that ``decision_table`` wrote.

    Raises:
        InputError: A column is missing or holds a name that is none.
    """
    numbers: dict[str, Any] = {name: _floats(table, name) for name in _MINUTE_NUMBERS}
    codes: dict[str, Any] = {
        of: _codes(kind, table, name).astype(np.int8) for name, (of, kind) in _MINUTE_CODES.items()
    }
    return Minutes(
        as_of=_values(table, "as_of"),
        scores={name: _floats(table, name) for name in NAMES},
        votes=_values(table, "votes"),
        blocked=_bits(table),
        **numbers,
        **codes,
    )


def trades_of(table: pa.Table) -> ReplayTrades:
    """The trades that ``trade_table`` wrote.

    Raises:
        InputError: A column is missing or holds a name that is none.
    """
    return ReplayTrades(**{to: _read_trades(table, name) for name, to in _TRADE_NAMES.items()})


def _trade_column(trades: ReplayTrades, name: str) -> pa.Array:
    values = getattr(trades, _TRADE_NAMES[name])
    if name in _TRADE_CODES:
        return _names(_TRADE_CODES[name], values)
    return _numbers(values) if values.dtype == np.float64 else pa.array(values)


def _read_trades(table: pa.Table, name: str) -> Column:
    if name in _TRADE_CODES:
        return _codes(_TRADE_CODES[name], table, name)
    return _values(table, name)


def _numbers(values: Floats) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))


def _names(kind: type[IntEnum], codes: Integers) -> pa.Array:
    # The codes of every enumeration are consecutive: a name is found by its place.
    low, high = min(kind), max(kind)
    named = pa.array([kind(code).name for code in range(low, high + 1)])
    return named.take(pa.array(codes.astype(np.int64) - low))


def _codes(kind: type[IntEnum], table: pa.Table, name: str) -> Ints:
    members = sorted(kind)
    places = pc.index_in(_column(table, name), pa.array([member.name for member in members]))
    if places.null_count:
        raise InputError(f"column {name} of a replay's table holds what is no {kind.__name__}")
    codes: Ints = places.to_numpy().astype(np.int64) + int(members[0])
    return codes


def _gates(blocked: Integers) -> pa.Array:
    # A few hundred sets of gates occur among a million minutes.
    masks, places = np.unique(blocked, return_inverse=True)
    named = [[gate.name for gate in failing(int(mask))] for mask in masks]
    return pa.array(named, pa.list_(pa.string())).take(pa.array(places))


def _bits(table: pa.Table) -> npt.NDArray[np.int32]:
    lists = _column(table, "blocked_by").combine_chunks()
    places = pc.index_in(pc.list_flatten(lists), pa.array([gate.name for gate in Gate]))
    if places.null_count:
        raise InputError("column blocked_by of a replay's table holds what is no gate")
    rows = pc.list_parent_indices(lists).to_numpy()
    # Sums of distinct powers of two below 2**53 are exact.
    bits = np.bincount(rows, weights=2.0 ** places.to_numpy(), minlength=len(lists))
    return bits.astype(np.int32)


def _floats(table: pa.Table, name: str) -> Floats:
    values: Floats = _column(table, name).cast(pa.float64()).to_numpy()
    return values


def _values(table: pa.Table, name: str) -> Column:
    values: Column = _column(table, name).to_numpy()
    return values


def _column(table: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in table.column_names:
        raise InputError(f"a replay's table lacks the column {name}")
    return table.column(name)
