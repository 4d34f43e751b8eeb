"""A sweep on the terminal: what the best trial is worth first, then the trials, then the walk forward.

Belongs here: how it looks. What is told is decided by the service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from babingepet_delivery.cli.format import moment, plain_table, section, signed
from babingepet_delivery.cli.metric_text import Document, interval_text, value_text

SHOWN = 20
"""Trials that are listed; --json has all of them."""
BEST = {
    "sharpe_ratio": "Sharpe ratio",
    "expected_maximum_sharpe": "expected of the best by chance",
    "probabilistic_sharpe_ratio": "probability above 0, were it alone",
    "deflated_sharpe_ratio": "probability above chance",
}
PROBABILITIES = frozenset({"probabilistic_sharpe_ratio", "deflated_sharpe_ratio"})


def print_sweep(console: Console, document: Document) -> None:
    """Print everything that fits people; --json has the same under stable keys."""
    _print_head(console, document)
    _print_best(console, document["best"])
    _print_trials(console, document["trials"])
    if document["walk_forward"]:
        _print_walk_forward(console, document["walk_forward"])


def _print_head(console: Console, document: Document) -> None:
    title = Text(f"{document['symbol']} from {document['source']}, swept", style="bold cyan")
    title.append(
        f"\n{moment(document['start'])} to {moment(document['end'])} UTC: {document['bars']:,} "
        f"minutes, {len(document['trials'])} trials in {document['seconds']:.2f} s",
        style="none",
    )
    title.append(f"\n{document['statement']}", style="bold")
    for note in document["notes"]:
        title.append(f"\n{note}", style="yellow")
    console.print(title)


def _print_best(console: Console, best: Document) -> None:
    if "trial" not in best:
        return
    section(console, f"The best trial: {trial_text(best)}")
    table = plain_table("", right=("value", "95 % interval", "n"), left=("note",))
    for name, words in BEST.items():
        metric = best[name]
        value = metric["value"]
        told = f"{value:.1%}" if name in PROBABILITIES and value is not None else None
        table.add_row(
            words, told or value_text(name, value), interval_text(name, metric),
            f"{metric['n']:,}", metric["reason"] or "",
        )  # fmt: skip
    console.print(table)


def _print_trials(console: Console, trials: Sequence[Document]) -> None:
    ranked = sorted(trials, key=_rank)
    rest = len(ranked) - SHOWN
    section(console, "Trials, the best first" + (f"; {rest} more in --json" if rest > 0 else ""))
    table = plain_table(
        "trial",
        right=("Sharpe", "95 % interval", "net USDT", "trades", "profit factor", "R", "drawdown"),
        left=("settings and weights",),
    )
    for one in ranked[:SHOWN]:
        table.add_row(
            str(one["trial"]),
            value_text("sharpe_ratio", one["sharpe_ratio"]["value"]),
            interval_text("sharpe_ratio", one["sharpe_ratio"]),
            signed(one["net_pnl"], 2),
            f"{one['trades']:,}",
            value_text("profit_factor", one["profit_factor"]["value"]),
            value_text("expectancy_r", one["expectancy_r"]["value"]),
            value_text("max_drawdown", one["max_drawdown"]),
            trial_text(one),
        )
    console.print(table)


def _print_walk_forward(console: Console, walked: Document) -> None:
    section(
        console,
        f"Walk forward, {walked['window']} train windows, {walked['embargo_hours']:g} h between "
        "train and test",
    )
    table = plain_table(
        "tested from",
        right=("to", "Sharpe in sample", "out of sample", "net USDT in", "out", "trades in", "out"),
        left=("chosen",),
    )
    for one in walked["splits"]:
        inside, outside = one["in_sample"], one["out_of_sample"]
        table.add_row(
            moment(one["test_start"]), moment(one["test_end"]),
            *(_cell(half, "sharpe_ratio") for half in (inside, outside)),
            *(_cell(half, "net_pnl") for half in (inside, outside)),
            *(_cell(half, "trades") for half in (inside, outside)),
            trial_text(one["best"]) if one["best"] else "no trial had a Sharpe ratio",
        )  # fmt: skip
    console.print(table)
    joined = {name: metric["value"] for name, metric in walked["stitched"].items()}
    console.print(
        "all tests joined: "
        + ", ".join(f"{name.replace('_', ' ')} {value_text(name, v)}" for name, v in joined.items())
    )


def trial_text(one: Document) -> str:
    """What a trial changed, in words."""
    changed = [f"{key}={_value(value)}" for key, value in one["overrides"].items()]
    return " ".join([*changed, f"weights {one['weights_version']}"])


def _value(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _cell(half: Mapping[str, Any] | None, name: str) -> str:
    if half is None:
        return "-"
    value = half[name]
    if name == "net_pnl":
        return signed(value, 2)
    return value_text(name, value["value"] if isinstance(value, Mapping) else value)


def _rank(one: Document) -> tuple[bool, float, int]:
    value = one["sharpe_ratio"]["value"]
    return value is None, -(value or 0.0), one["trial"]
