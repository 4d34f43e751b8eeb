"""What analysts are worth, on the terminal: money first, then whether they were right, then models.

Belongs here: how it looks. What is told is decided by the service.
"""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from babingepet_delivery.cli.format import moment, plain_table, section, signed
from babingepet_delivery.cli.metric_text import Document, interval_text, value_text


def print_value(console: Console, document: Document) -> None:
    """Print everything that fits people; --json has the same, with calibration by bins."""
    _print_head(console, document)
    _print_money(console, document)
    _print_right(console, document)
    _print_states(console, document)
    _print_models(console, document)


def _print_head(console: Console, document: Document) -> None:
    rounds = document["rounds"]
    title = Text(
        f"What the analysts of {document['symbol']} were worth "
        f"({', '.join(document['providers']) or 'nobody was asked'})",
        style="bold cyan",
    )
    title.append(
        f"\n{moment(document['start'])} to {moment(document['end'])} UTC: {document['bars']:,} "
        f"minutes, {rounds['held']:,} rounds, {rounds['with_quorum']:,} with a quorum, "
        f"{document['calls']} calls, {document['seconds']:.2f} s",
        style="none",
    )
    for note in document["notes"]:
        title.append(f"\n{note}", style="bold red" if "BEFORE" in note else "yellow")
    console.print(title)


def _print_money(console: Console, document: Document) -> None:
    section(console, "Net P&L of the period, an open position marked")
    table = plain_table(
        "heard",
        right=("net USDT", "bp of capital", "95 % interval", "trades", "cost USD", "USD per bp"),
    )
    for words, name in (("all nine", "with_all"), ("nobody", "with_none")):
        table.add_row(words, *_money_cells(document[name]), "", "")
    table.add_row("effect of all", *_money_cells(document["effect"]), "", "")
    for one in (*document["agents"], *document["groups"]):
        table.add_row(
            f"  {_name(one)}", *_money_cells(one["marginal"]), _usd(one["cost_usd"]),
            _usd(one["usd_per_bp"]),
        )  # fmt: skip
    table.add_row("interaction", *_money_cells(document["interaction"]), "", "")
    console.print(table)
    console.print(
        "marginals of the nine and the interaction add up to the effect of all", style="dim"
    )


def _print_right(console: Console, document: Document) -> None:
    section(console, "Whether they were right, an hour later")
    table = plain_table(
        "", right=("votes", "resolved", "Brier", "reference", "skill", "hit rate", "95 % interval", "n"),
        left=("note",),
    )  # fmt: skip
    consensus = document["consensus"] | {"agent": "consensus"}
    for one in (*document["agents"], *document["groups"], consensus):
        judged, hits = one["calibration"], one["hit_rate"]
        table.add_row(
            _name(one), f"{one['votes']:,}", f"{judged['n']:,}",
            *(_number(judged[key]) for key in ("brier", "reference", "skill")),
            value_text("hit_rate", hits["value"]), interval_text("hit_rate", hits),
            f"{hits['n']:,}", judged["reason"] or hits["reason"] or "",
        )  # fmt: skip
    console.print(table)


def _print_states(console: Console, document: Document) -> None:
    agents = document["agents"]
    states = [state for state in agents[0]["states"] if any(one["states"][state] for one in agents)]
    section(console, "What became of each question")
    table = plain_table("", right=[state.replace("_", " ") for state in states])
    for one in agents:
        table.add_row(_name(one), *(f"{one['states'][state]:,}" for state in states))
    console.print(table)


def _print_models(console: Console, document: Document) -> None:
    section(console, "Models, and the end of their training")
    table = plain_table("model", right=("votes", "before it"), left=("trained until", "source"))
    for one in document["models"]:
        before = one["votes_before_cutoff"]
        table.add_row(
            one["model"], f"{one['votes']:,}", "unknown" if before is None else f"{before:,}",
            one["cutoff"] or one["before_cutoff"], one["cutoff_source"] or "",
        )  # fmt: skip
    console.print(table)


def _name(one: Document) -> str:
    return str(one["agent"] if "agent" in one else f"the {one['group']}s")


def _money_cells(one: Document) -> tuple[str, str, str, str]:
    trades, low = one.get("trades"), one.get("low")
    return (
        signed(one["net_pnl"], 2),
        signed(one["net_bps"], 1),
        "" if low is None else f"{signed(low, 2)} to {signed(one['high'], 2)}",
        "" if trades is None else f"{trades:,}",
    )


def _usd(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
