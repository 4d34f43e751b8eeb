"""The analysts on the terminal: who answered what, and what they agree on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from babingepet_delivery.cli.format import moment

REASON = 70
"""Characters of a reason; --json has all of it."""
SIDES = {1: "up", 0: "neither side", -1: "down"}


def analysts_table(verdict: Mapping[str, Any]) -> Table:
    """A row an analyst; the consensus in the title."""
    table = Table(
        title=(
            f"analysts ({verdict['provider']}) at {moment(verdict['as_of'])}: "
            f"{verdict['p_up']:.0%} for a higher price in an hour, "
            f"{verdict['agreement']:.0%} agree on {SIDES[verdict['side']]}, "
            f"{verdict['valid']} of {verdict['asked']} voted"
        ),
        title_justify="left", box=None, header_style="bold", pad_edge=False,
    )  # fmt: skip
    table.add_column("analyst")
    table.add_column("state")
    table.add_column("up", justify="right")
    table.add_column("sure")
    table.add_column("why")
    for answer in verdict["answers"]:
        p_up = answer["p_up"]
        table.add_row(
            answer["agent"], answer["state"], "-" if p_up is None else f"{p_up:.0%}",
            answer["confidence"] or "-", answer["reason"][:REASON],
        )  # fmt: skip
    return table
