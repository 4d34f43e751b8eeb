"""``babingepet signals``: the registry of the vote."""

from __future__ import annotations

from typing import Any

from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import Json


def signals(*, json: Json = False) -> int:
    """List the 13 signals: weight, feeds, warm-up, reference, computed or not."""
    from babingepet.signals.registry import SIGNALS

    rows = [
        {
            "name": spec.name,
            "weight": spec.weight,
            "feeds": [sorted(alternative) for alternative in spec.feeds],
            "warm_up": spec.warm_up,
            "reference": spec.reference,
            "computed": spec.compute is not None,
        }
        for spec in SIGNALS
    ]
    if json:
        total = round(sum(spec.weight for spec in SIGNALS), 12)
        output.print_json({"signals": rows, "total_weight": total})
    else:
        _print_table(rows)
    return output.OK


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table("signal", box=None, header_style="bold")
    table.add_column("weight", justify="right")
    for heading in ("needs", "warm-up", "reference", "computed"):
        table.add_column(heading)
    for row in rows:
        table.add_row(
            row["name"],
            f"{row['weight']:.2f}",
            " or ".join(", ".join(feeds) for feeds in row["feeds"]),
            row["warm_up"],
            row["reference"],
            "yes" if row["computed"] else "not in this version",
            style=None if row["computed"] else "dim",
        )
    output.console().print(table)
