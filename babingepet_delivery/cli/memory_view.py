"""Memories and the state of their file, as people read them."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from babingepet_delivery.cli.format import moment, plain_table, size


def print_found(console: Console, document: dict[str, Any]) -> None:
    """What a search found, best first."""
    if not document["memories"]:
        console.print(f"nothing like this is remembered in {document['file']}", soft_wrap=True)
        return
    table = plain_table("id", right=("rank", "strength"), left=("when (UTC)", "kind", "text"))
    for one in document["memories"]:
        rank = "-" if one["rank"] is None else f"{one['rank']:.4f}"
        waits = " (its outcome is not known)" if one["awaits_outcome"] else ""
        # Texts may be headlines: what looks like markup in one is no markup.
        table.add_row(
            str(one["id"]),
            rank,
            f"{one['strength']:.3f}",
            moment(one["event_time"]),
            f"{one['market']} {one['kind']}",
            Text(one["text"] + waits),
        )
    console.print(table)


def print_stats(console: Console, document: dict[str, Any]) -> None:
    """What a file holds, and whether its index is sound."""
    if not document["exists"]:
        console.print(f"{document['file']}: nothing is remembered yet", soft_wrap=True)
        return
    index = "sound" if document["fts_ok"] else "DAMAGED: restore a backup"
    console.print(
        f"{document['file']} ({document['source']} facts): {document['engrams']:,} engrams, "
        f"{document['chronicles']:,} chronicles, {size(document['bytes'])}, "
        f"last written {moment(document['last_write'])}; index of words {index}",
        soft_wrap=True,
    )
    if document["kinds"]:
        table = plain_table("market", right=("engrams", "pinned"), left=("kind", "oldest", "newest"))  # fmt: skip
        for row in document["kinds"]:
            table.add_row(
                row["market"],
                f"{row['count']:,}",
                f"{row['pinned']:,}",
                row["kind"],
                moment(row["oldest"]),
                moment(row["newest"]),
            )
        console.print(table)
