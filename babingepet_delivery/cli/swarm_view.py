"""Analysts, rounds and costs as people read them."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from babingepet_delivery.cli.format import moment, plain_table, section

HEARD = {
    "rules": "the embedded analysts answer inside of the loop; no model is asked",
    "models": "models are asked, every 20 minutes, beside the loop",
}


def print_agents(console: Console, document: dict[str, Any]) -> None:
    """Who is asked, and from which files."""
    console.print(HEARD[document["heard"]], soft_wrap=True)
    console.print(f"models: {document['models_file']}", soft_wrap=True)
    table = plain_table("market", left=("analyst", "models", "prompt", "task"))
    for one in document["agents"]:
        version = f"{one['prompt_version']}{' (edited)' if one['edited'] else ''}"
        table.add_row(
            one["market"], one["agent"], Text("\n".join(one["models"])), version, one["task"]
        )
    console.print(table)


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


def print_round(console: Console, document: dict[str, Any]) -> None:
    """What each analyst said, and what they agree on."""
    if document["as_of"] is None:
        console.print(f"no analyst was ever asked about {document['symbol']}")
        return
    console.print(
        f"{document['symbol']} at {moment(document['as_of'])} UTC, {document['warehouse']}: "
        f"{document['calls']} calls, {document['cost_usd']} USD"
    )
    for one in document["providers"]:
        section(console, f"provider: {one['provider']}")
        console.print(_agreed(one), soft_wrap=True)
        table = plain_table("analyst", right=("p_up",), left=("state", "sure", "reason"))
        for answer in one["answers"]:
            p_up = "-" if answer["p_up"] is None else f"{answer['p_up']:.2f}"
            # Reasons are a model's words: what looks like markup in one is no markup.
            reason = Text(answer["reason"])
            table.add_row(
                answer["agent"], p_up, answer["state"], answer["confidence"] or "-", reason
            )
        console.print(table)


def _agreed(one: dict[str, Any]) -> Text:
    agreed = one["consensus"]
    if agreed is None:
        return Text(f"no consensus: {one['why_none']}")
    return Text(
        f"consensus: p_up {agreed['p_up']:.3f}, agreement {agreed['agreement']:.0%} of "
        f"{agreed['valid']} votes"
    )
