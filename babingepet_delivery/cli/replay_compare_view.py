"""Two replays side by side on the terminal, section by section.

Belongs here: how a difference looks. What differs is decided by the service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from babingepet_delivery.cli.format import (
    Number,
    moment,
    money,
    plain_table,
    section,
    side_text,
    signed,
)

Document = Mapping[str, Any]

SHOWN = 20
"""Trades printed of each kind for people; --json has all of them."""

DERIVED = frozenset({"gross_pnl", "net_return", "r_multiple"})
"""Follow from the other values of a trade."""

SHARES = frozenset({"win_rate", "max_drawdown"})


def print_comparison(console: Console, document: Document) -> None:
    """Print everything that fits people; --json has the same under stable keys."""
    _print_head(console, document)
    for title, key in (
        ("Settings that differ", "settings"), ("Weights that differ", "weights"),
        ("Inputs that differ (SHA-256)", "inputs"), ("Versions that differ", "versions"),
    ):  # fmt: skip
        _print_differences(console, title, document[key])
    _print_pairs(console, "Numbers", document["metrics"], _number)
    _print_pairs(console, "Months", document["months"], lambda _name, value: _share(value))
    _print_trades(console, document["trades"])
    _print_decisions(console, document["decisions"])


def _print_head(console: Console, document: Document) -> None:
    table = plain_table("", left=("replay", "market", "from", "to", "minutes", "ledger"))
    for name in ("a", "b"):
        run = document[name]
        table.add_row(
            name.upper(), f"{run['run_id']} ({run['warehouse']})",
            f"{run['market']} {run['symbol']}, {run['source']}", moment(run["start"]),
            moment(run["end"]), f"{run['minutes']:,}", run["ledger_sha256"][:12],
        )  # fmt: skip
    console.print(table)
    same = document["same_ledger"]
    said = "the ledgers are identical" if same else "the ledgers are not identical"
    console.print(Text(said, style="green" if same else "yellow"))


def _print_differences(console: Console, title: str, differences: Sequence[Document]) -> None:
    if not differences:
        section(console, f"{title}: none")
        return
    section(console, title)
    table = plain_table("", left=("A", "B"))
    for one in differences:
        table.add_row(one["name"], Text(_plain(one["a"])), Text(_plain(one["b"])))
    console.print(table)


def _print_pairs(
    console: Console, title: str, pairs: Sequence[Document], form: Callable[[str, float], str]
) -> None:
    section(console, title)
    table = plain_table("", right=("A", "B", "B less A"))
    for pair in pairs:
        values = [pair[key] for key in ("a", "b", "difference")]
        cells = ["-" if value is None else form(pair["name"], value) for value in values]
        table.add_row(pair["name"].replace("_", " "), *cells)
    console.print(table)


def _print_trades(console: Console, trades: Document) -> None:
    section(console, "Trades")
    console.print(
        f"{trades['same']} the same, {len(trades['changed'])} with another outcome, "
        f"{len(trades['only_in_a'])} only in A, {len(trades['only_in_b'])} only in B"
    )
    for one in trades["changed"][:SHOWN]:
        console.print(_trade(one), Text(f"  {_sentence(one['outcome'])}"))
    _print_more(console, trades["changed"])
    for name in ("a", "b"):
        alone = trades[f"only_in_{name}"]
        for one in alone[:SHOWN]:
            console.print(
                _trade(one),
                Text(f"  only in {name.upper()}, {one['exit_reason']}, {signed(one['net_pnl'])}"),
            )
        _print_more(console, alone)


def _print_more(console: Console, trades: Sequence[Document]) -> None:
    if len(trades) > SHOWN:
        console.print(f"and {len(trades) - SHOWN} more; --json has all of them", style="dim")


def _print_decisions(console: Console, decisions: Document) -> None:
    section(console, "Decisions")
    console.print(f"{decisions['equal_days']} of {decisions['days']} common days are equal")
    first = decisions["first_difference"]
    if first is None:
        console.print("no minute of the common period was decided differently")
    elif first["only_in"]:
        console.print(
            f"the first difference: {moment(first['as_of'])} was decided in "
            f"{first['only_in'].upper()} only"
        )
    else:
        console.print(f"the first minute that was decided differently: {moment(first['as_of'])}")
        table = plain_table("", left=("A", "B"))
        for one in first["columns"]:
            table.add_row(one["name"], Text(_plain(one["a"])), Text(_plain(one["b"])))
        console.print(table)


def _trade(trade: Document) -> Text:
    kind = " shadow" if trade["shadow"] else ""
    return Text.assemble(moment(trade["entry_time"]), " ", side_text(trade["side"]), kind)


def _sentence(differences: Sequence[Document]) -> str:
    return ", ".join(
        f"{d['name'].replace('_', ' ')} {_outcome(d['name'], d['a'])} -> {_outcome(d['name'], d['b'])}"
        for d in differences
        if d["name"] not in DERIVED
    )


def _outcome(name: str, value: Number) -> str:
    if name.endswith("_time"):
        return moment(value)
    return f"{value:,.8g}" if isinstance(value, float) else _plain(value)


def _plain(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return (
            ", ".join(text[:16] if isinstance(text, str) else str(text) for text in value) or "none"
        )
    return str(value)


def _number(name: str, value: float) -> str:
    if name in SHARES:
        return _share(value)
    return f"{value:,}" if isinstance(value, int) else money(value, 4)


def _share(value: float) -> str:
    return f"{value:+.2%}"
