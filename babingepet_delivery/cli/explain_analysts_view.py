"""What a decision heard of the analysts, on the terminal: verdict, answers, memory, prompts.

Prompts, answers and whatever a model says of itself are hostile: they are printed as plain text, with
control characters spelled out.
"""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from babingepet.market.intervals import MINUTE
from babingepet_delivery.cli.format import HASH, harmless, instant, moment, plain_table, section
from babingepet_delivery.cli.swarm_view import SIDES

Document = dict[str, Any]

FIRST = 80
"""Characters of a prompt's or an answer's first line; --prompts prints all of it."""
KINDS = {"prompt_hash": "prompt", "sent_hash": "message", "answer_hash": "answer"}
"""Texts by hash; a message that is no prompt has the schema in words."""
TRAINED = {True: ", trained until later", False: "", None: ", cut-off unknown"}
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
    if not held["answers"]:
        console.print("no answer behind it is stored", style="dim")
        return
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
    others = "".join(
        f", {count} {state}" for state, count in held["states"].items() if state != "vote"
    )
    cost = (
        f"{held['calls']} calls, {held['cost_usd']} USD ({held['unsettled_usd']} reserved and never "
        "settled)"
        if held["calls"]
        else "no model was asked"
    )
    return _plain(
        f"{held['provider']}, about {moment(held['as_of'])} UTC, known {instant(held['known_at'])}, "
        f"{held['age_ms'] // MINUTE} min old\n"
        f"{held['p_up']:.1%} for a higher price in an hour, {held['agreement']:.0%} agree on "
        f"{SIDES[held['side']]}; {held['valid']} voted, {held['quorum']} were needed{others}\n"
        f"{parts}; {cost}; verdict {held['sha256'][:HASH]}"
    )


def _print_answers(console: Console, held: Document) -> None:
    table = plain_table(
        "analyst", right=("up", "weight", "USD", "ms"), left=("sure", "state", "model", "why")
    )
    for one in held["answers"]:
        model = f"{one['model'] or '-'}{TRAINED[one['before_cutoff']] if one['model'] else ''}"
        table.add_row(
            _plain(one["agent"]),
            "-" if one["p_up"] is None else f"{one['p_up']:.0%}",
            "-" if one["weight"] is None else f"{one['weight']:.2f}",
            one["cost_usd"] if one["calls"] else "-",
            "-" if one["latency_ms"] is None else f"{one['latency_ms']:.0f}",
            one["confidence"] or "-", one["state"], _plain(model), _plain(one["reason"]),
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
    for one in memory["engrams"]:
        names = ", ".join(name.partition(":")[2] for name in one["facts"])
        console.print(_plain(f"engram {one['engram']} is of {names}", "dim"))


def _print_texts(console: Console, heard: Document, *, with_prompts: bool) -> None:
    owners = _owners(heard["round"]["answers"])
    if with_prompts:
        for digest, document in heard["texts"].items():
            kind, agents = owners[digest]
            console.print()
            title = f"{kind} of {', '.join(agents)}, sha256 {digest}"
            console.print(_plain(title, "bold"), soft_wrap=True)
            console.print(_plain(_words(document)), soft_wrap=True)
        return
    table = plain_table("text", right=("bytes",), left=("sha256", "begins (--prompts prints all)"))
    for digest, document in heard["texts"].items():
        kind, agents = owners[digest]
        more = f" and {len(agents) - 1} more" if len(agents) > 1 else ""
        size = "-" if document["text"] is None else f"{len(document['text'].encode()):,}"
        first = _plain(_first(_words(document)))
        table.add_row(_plain(f"{kind} of {agents[0]}{more}"), size, digest[:HASH], first)
    console.print(table)


def _owners(answers: list[Document]) -> dict[str, tuple[str, list[str]]]:
    """Whose prompt or answer a text is, by its hash; the same words may be of several analysts."""
    found: dict[str, tuple[str, list[str]]] = {}
    for one in answers:
        for row in (one, *one["calls"]):
            for key, kind in KINDS.items():
                _, agents = found.setdefault(row.get(key), (kind, []))
                if one["agent"] not in agents:
                    agents.append(one["agent"])
    return found


def _words(document: Document) -> str:
    text: str | None = document["text"]
    return f"not told: {document['why_none']}" if text is None else text


def _first(text: str) -> str:
    line = text.strip().split("\n", 1)[0]
    return f"{line[:FIRST]}..." if len(line) > FIRST else line


def _plain(words: str, style: str = "") -> Text:
    return Text(harmless(words), style=style)
