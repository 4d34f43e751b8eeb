"""What a decision heard of the analysts, on the terminal: verdict, answers, memory, prompts.

Prompts, answers and whatever a model says of itself are hostile: they are printed as plain text, with
control characters spelled out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from babingepet.market.intervals import MINUTE
from babingepet_delivery.cli.format import HASH, harmless, instant, moment, plain_table, section
from babingepet_delivery.cli.swarm_view import SIDES

Document = dict[str, Any]

FIRST = 80
"""Characters of a prompt's or an answer's first line; --prompts prints all of it."""
TRAINED = {True: "before its cut-off", False: "", None: ""}
"""Beside a model: whether it may have read what came of the moment it was asked about."""


def print_analysts(console: Console, heard: Document, *, with_prompts: bool) -> None:
    """Print the round that was read, or why there was none."""
    section(console, "The analysts it heard")
    held, check = heard["round"], heard["last_check"]
    if not heard["heard"]:
        console.print(_plain(f"not counted: {heard['why_not']}", "yellow"))
    if check and not check["ok"]:
        told = f"the newest round then, of {instant(check['checked_at'])}: {check['detail']}"
        console.print(_plain(told, "yellow"))
    if held is None:
        console.print(_plain(heard["why_no_round"], "dim"))
        return
    console.print(_verdict(held))
    _print_answers(console, held)
    _print_calls(console, held["answers"])
    _print_memory(console, held)
    if heard["texts"]:
        _print_texts(console, heard, with_prompts=with_prompts)


def _verdict(held: Document) -> Text:
    parts = ", ".join(
        f"{name} {held[key]:.3f}"
        for name, key in (
            ("generalists", "p_generalists"), ("personas", "p_personas"),
            ("entropy", "entropy"), ("distance of two votes", "pairwise"),
        )
        if held.get(key) is not None
    )  # fmt: skip
    states = ", ".join(f"{count} {state}" for state, count in held["states"].items())
    return _plain(
        f"{held['provider']}, about {moment(held['as_of'])} UTC, known {instant(held['known_at'])}, "
        f"{held['age_ms'] // MINUTE} min old\n"
        f"{held['p_up']:.1%} for a higher price in an hour, {held['agreement']:.0%} agree on "
        f"{SIDES[held['side']]}; {states or 'no answer is stored'} "
        f"({held['valid']} voted, {held['quorum']} needed)\n"
        f"{parts}; {held['calls']} calls, {held['cost_usd']} USD "
        f"({held['unsettled_usd']} reserved and never settled), verdict {held['sha256'][:HASH]}"
    )


def _print_answers(console: Console, held: Document) -> None:
    table = plain_table(
        "analyst", left=("state", "sure"), right=("up", "weight", "USD", "ms"),
    )  # fmt: skip
    table.add_column("model")
    table.add_column("why", ratio=1)
    for one in held["answers"]:
        table.add_row(
            _plain(one["agent"]), one["state"], one["confidence"] or "-",
            "-" if one["p_up"] is None else f"{one['p_up']:.0%}",
            "-" if one["weight"] is None else f"{one['weight']:.2f}",
            one["cost_usd"] if one["calls"] else "-",
            "-" if one["latency_ms"] is None else f"{one['latency_ms']:.0f}",
            _plain(" ".join([one["model"] or "-", TRAINED[one["before_cutoff"]]]).strip()),
            _plain(one["reason"]),
        )  # fmt: skip
    console.print(table)


def _print_calls(console: Console, answers: list[Document]) -> None:
    """Calls that brought nothing; those that did are in the table."""
    for one in answers:
        for call in one["calls"]:
            if call["answer_hash"] is None or call["answer_hash"] != one["answer_hash"]:
                told = f"{one['agent']}, call {call['attempt']}: {call['model']} {call['status']}"
                console.print(_plain(f"{told}. {call['detail']}", "dim"))


def _print_memory(console: Console, held: Document) -> None:
    memory = held["memory"]
    console.print(Text("what the memory told", style="bold"), end=" ")
    if memory["text"] is None:
        console.print(_plain(f"nothing: {memory['why_none']}", "dim"))
        return
    known = f"as known at {moment(held['as_of'])}"
    console.print(f"({known}, in {len(memory['told_to'])} of {len(held['answers'])} prompts)")
    console.print(_plain(memory["text"]), soft_wrap=True)
    for name in memory["engrams"]:
        console.print(_plain(f"  told singly: {name}", "dim"))


def _print_texts(console: Console, heard: Document, *, with_prompts: bool) -> None:
    told = list(_named(heard))
    if with_prompts:
        for whose, digest, document in told:
            console.print()
            console.print(_plain(f"{whose}, sha256 {digest}", "bold"), soft_wrap=True)
            missing = f"not told: {document['why_none']}"
            words = missing if document["text"] is None else document["text"]
            console.print(_plain(words), soft_wrap=True)
        return
    table = plain_table("text", right=("bytes",), left=("sha256", "begins (--prompts prints all)"))
    for whose, digest, document in told:
        text = document["text"]
        size = "-" if text is None else f"{len(text.encode()):,}"
        first = f"not told: {document['why_none']}" if text is None else _first(text)
        table.add_row(_plain(whose), size, digest[:HASH], _plain(first))
    console.print(table)


def _named(heard: Document) -> Iterator[tuple[str, str, Document]]:
    """Each text once, with whose it is first."""
    left = dict(heard["texts"])
    for one in heard["round"]["answers"]:
        for row in (one, *one["calls"]):
            for kind in ("prompt", "answer"):
                document = left.pop(row[f"{kind}_hash"], None)
                if document is not None:
                    yield f"{kind} of {one['agent']}", row[f"{kind}_hash"], document


def _first(text: str) -> str:
    line = text.strip().split("\n", 1)[0]
    return f"{line[:FIRST]}..." if len(line) > FIRST else line


def _plain(words: str, style: str = "") -> Text:
    return Text(harmless(words), style=style)
