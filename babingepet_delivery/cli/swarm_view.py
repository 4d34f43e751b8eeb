"""The analysts on the terminal: who they are, who answered what, what they agree on, the cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from babingepet_delivery.cli.format import moment, plain_table

REASON = 70
"""Characters of a reason; --json has all of it."""
SIDES = {1: "up", 0: "neither side", -1: "down"}
HEARD = {
    "rules": "the embedded analysts answer inside of the loop; no model is asked",
    "models": "models are asked beside the loop, every 20 minutes",
}


def analysts_table(verdict: Mapping[str, Any]) -> Table:
    """A row an analyst; the consensus in the title."""
    return _answers(
        f"analysts ({verdict['provider']}) at {moment(verdict['as_of'])}: "
        f"{verdict['p_up']:.0%} for a higher price in an hour, "
        f"{verdict['agreement']:.0%} agree on {SIDES[verdict['side']]}, "
        f"{verdict['valid']} of {verdict['asked']} voted",
        verdict["answers"],
    )


def _answers(title: str, answers: Iterable[Mapping[str, Any]]) -> Table:
    table = plain_table("analyst", left=("state", "up", "sure", "why"))
    table.title, table.title_justify = title, "left"
    for answer in answers:
        p_up = answer["p_up"]
        table.add_row(
            answer["agent"],
            answer["state"],
            "-" if p_up is None else f"{p_up:.0%}",
            answer["confidence"] or "-",
            Text(answer["reason"][:REASON]),  # a model's words: markup in them is none
        )
    return table


def print_round(console: Console, document: dict[str, Any]) -> None:
    """What each analyst said, and what they agree on."""
    if document["as_of"] is None:
        console.print(f"no analyst was ever asked about {document['symbol']}")
        return
    for one in document["providers"]:
        title = f"analysts ({one['provider']}) at {moment(document['as_of'])}: {one['why_none']}"
        agreed = one["consensus"]
        if agreed is None:
            console.print(_answers(title, one["answers"]))
        else:
            console.print(analysts_table({**document, **one, **agreed}))
    console.print(
        f"{document['calls']} calls of models, {document['cost_usd']} USD "
        f"({document['unsettled_usd']} USD reserved and never settled)"
    )


def print_agents(console: Console, document: dict[str, Any]) -> None:
    """Who is asked, and from which files."""
    console.print(HEARD[document["heard"]], soft_wrap=True)
    console.print(f"models: {document['models_file']}", soft_wrap=True)
    table = plain_table("market", left=("analyst", "models", "prompt", "task"))
    for one in (*document["agents"], document["reader"]):
        version = f"{one['prompt_version']}{' (edited)' if one['edited'] else ''}"
        models = Text("\n".join(one["models"]))
        table.add_row(one["market"], one["agent"], models, version, one["task"])
    console.print(table)
    console.print(f"headlines are read by: {document['headlines_read_by']}")


def print_copied(console: Console, document: dict[str, Any]) -> None:
    """How many files were copied, and where they are."""
    console.print(
        f"{len(document['written'])} files written to {document['folder']}", soft_wrap=True
    )


def print_spend(console: Console, document: dict[str, Any]) -> None:
    """What was spent, beside what may be."""
    budget = document["budget"]
    console.print(
        f"{moment(document['start'])} to {moment(document['end'])}, {document['warehouse']}: "
        f"{document['calls']:,} calls, {document['answered']:,} answered, "
        f"{document['cost_usd']} USD, {document['unsettled_usd']} USD reserved and never settled; "
        f"budgets: {budget['cycle']} a round, {budget['day']} a day, {budget['month']} a month",
        soft_wrap=True,
    )
    if not document["agents"]:
        return
    table = plain_table(
        "analyst", right=("calls", "answered", "tokens in", "cached", "out", "USD"), left=("model",)
    )
    for one in document["agents"]:
        table.add_row(
            f"{one['market']} {one['agent']}",
            f"{one['calls']:,}",
            f"{one['answered']:,}",
            f"{one['prompt_tokens']:,}",
            f"{one['cached_tokens']:,}",
            f"{one['completion_tokens']:,}",
            one["cost_usd"],
            Text(one["model"]),
        )
    console.print(table)
