"""Two stored replays side by side: what went in, what came out, and where they part.

1. rules, inputs and versions that differ
2. metrics and months, each with b less a
3. trades that only one has, and those that left otherwise
4. the first minute that was decided differently (``replay.decisions``)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from babingepet_resources.warehouse import replays
from babingepet_resources.warehouse.records import ReplayRunRecord, ReplayTradeRecord
from babingepet_services.replay.book import StoredReplay
from babingepet_services.replay.decisions import (
    DecisionComparison,
    Difference,
    compare_decisions,
    differences,
)

METRICS = (
    "trades", "win_rate", "profit_factor", "expectancy_r", "net_pnl", "final_equity",
    "max_drawdown", "sharpe_ratio", "sortino_ratio", "calmar_ratio", "fees_paid", "slippage_paid",
    "funding_paid",
)  # fmt: skip
"""Plain numbers of a report that are compared."""

_HEAD = (
    "market", "symbol", "source", "origin", "start", "end", "minutes", "created_at",
    "weights_version", "engine_version", "code_version", "ledger_sha256",
)  # fmt: skip
_VERSIONS = ("engine_version", "code_version", "weights_version")

TradeKey = tuple[int, str, bool]


@dataclass(frozen=True)
class NumberPair:
    """One number of both runs; ``difference`` is b less a, None where one of them is."""

    name: str
    a: float | None
    b: float | None
    difference: float | None


@dataclass(frozen=True)
class TradePair:
    """A trade that both runs entered and that came out otherwise.

    Attributes:
        entry_time: UTC ms.
        side: LONG or SHORT.
        shadow: Whether it was not entered with money.
        outcome: What differs: entry, exit, size, money.
    """

    entry_time: int
    side: str
    shadow: bool
    outcome: tuple[Difference, ...]


@dataclass(frozen=True)
class TradeComparison:
    """Trades matched by entry time and side, shadows with shadows.

    Attributes:
        same: How many are equal in every value.
        changed: In both, with another outcome.
        only_in_a: Trades as JSON values.
        only_in_b: Trades as JSON values.
    """

    same: int
    changed: tuple[TradePair, ...]
    only_in_a: tuple[Mapping[str, Any], ...]
    only_in_b: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class ReplayComparison:
    """Two runs side by side; times are UTC milliseconds, money quote currency.

    Attributes:
        a: The first run: identifier, warehouse, market, period, versions, ledger.
        b: The second run.
        same_ledger: Whether all money is equal, minute by minute.
        settings: Settings that differ, the capital among them.
        weights: Weights of the vote that differ.
        inputs: Files or ranges that differ in their content.
        versions: Versions of engine, code and weights that differ.
        metrics: Numbers of both reports.
        months: Returns of the calendar months that either has.
        trades: See there.
        decisions: Days compared, and the first minute that differs.
    """

    a: Mapping[str, Any]
    b: Mapping[str, Any]
    same_ledger: bool
    settings: tuple[Difference, ...]
    weights: tuple[Difference, ...]
    inputs: tuple[Difference, ...]
    versions: tuple[Difference, ...]
    metrics: tuple[NumberPair, ...]
    months: tuple[NumberPair, ...]
    trades: TradeComparison
    decisions: DecisionComparison

    def document(self) -> dict[str, Any]:
        """As JSON values, under the names of the fields."""
        return asdict(self)


def compare_replays(a: StoredReplay, b: StoredReplay) -> ReplayComparison:
    """Put two runs side by side; equal runs give no differences.

    Raises:
        IntegrityBroken: A stored day is not what was hashed.
        WarehouseUnavailable: A database.
    """
    one, other = a.run, b.run
    of_a, of_b = one.document, other.document
    return ReplayComparison(
        a=_head(a),
        b=_head(b),
        same_ledger=one.ledger_sha256 == other.ledger_sha256,
        settings=differences(_rules(one), _rules(other)),
        weights=differences(one.weights, other.weights),
        inputs=differences(_contents(one.inputs), _contents(other.inputs)),
        versions=differences(_named(one, _VERSIONS), _named(other, _VERSIONS)),
        metrics=tuple(_pair(name, of_a.get(name), of_b.get(name)) for name in METRICS),
        months=_months(of_a, of_b),
        trades=_compare_trades(_trades(a), _trades(b)),
        decisions=compare_decisions(a, b),
    )


def _head(stored: StoredReplay) -> dict[str, Any]:
    identity = {"run_id": stored.run.run_id, "warehouse": stored.warehouse}
    return identity | _named(stored.run, _HEAD)


def _named(run: ReplayRunRecord, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(run, name) for name in names}


def _rules(run: ReplayRunRecord) -> dict[str, Any]:
    return {"capital": float(run.capital), **run.settings}


def _contents(inputs: Mapping[str, Any]) -> dict[str, list[str]]:
    """Hashes by the kind of what was read: the same bytes under another name are the same input."""
    found: dict[str, list[str]] = {}
    for kind, digest in _hashed("inputs", inputs):
        found.setdefault(kind, []).append(digest)
    return found


def _hashed(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        if "sha256" in value:
            yield str(value.get("kind", name)), str(value["sha256"])
        for key, part in value.items():
            yield from _hashed(key, part)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for part in value:
            yield from _hashed(name, part)


def _pair(name: str, a: float | None, b: float | None) -> NumberPair:
    return NumberPair(name, a, b, None if a is None or b is None else b - a)


def _months(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[NumberPair, ...]:
    of_a, of_b = ({one["month"]: one["value"] for one in d.get("months", ())} for d in (a, b))
    return tuple(_pair(name, of_a.get(name), of_b.get(name)) for name in sorted(of_a | of_b))


def _trades(stored: StoredReplay) -> dict[TradeKey, dict[str, Any]]:
    with stored.database.reading() as connection:
        found = replays.trades(connection, stored.run.run_id)
    return {(one.entry_time, one.side, one.shadow): _plain(one) for one in found}


def _plain(trade: ReplayTradeRecord) -> dict[str, Any]:
    """A trade as JSON values, without its place in its run."""
    values = asdict(trade)
    del values["run_id"], values["number"]
    return {k: float(v) if isinstance(v, Decimal) else v for k, v in values.items()}


def _compare_trades(
    a: Mapping[TradeKey, Mapping[str, Any]], b: Mapping[TradeKey, Mapping[str, Any]]
) -> TradeComparison:
    both = [key for key in a if key in b]
    changed = tuple(
        TradePair(*key, differences(a[key], b[key])) for key in both if a[key] != b[key]
    )
    return TradeComparison(
        same=len(both) - len(changed),
        changed=changed,
        only_in_a=tuple(trade for key, trade in a.items() if key not in b),
        only_in_b=tuple(trade for key, trade in b.items() if key not in a),
    )
