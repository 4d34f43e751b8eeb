"""``babingepet signals``: the registry of the vote, in the signals' own words."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from babingepet.errors import InputError
from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import Json


def signals(
    name: Annotated[
        str | None, Parameter(name="NAME", help="One signal, with its formula and units.")
    ] = None,
    /,
    *,
    json: Json = False,
) -> int:
    """List the 13 signals of the vote: weight, inputs, warm-up and source; or explain one."""
    rows = _rows()
    shown = [row for row in rows if name in {None, row["name"]}]
    if not shown:
        raise InputError(
            f"there is no signal {name}; there are {', '.join(row['name'] for row in rows)}"
        )
    if json:
        total = round(sum(row["weight"] for row in rows), 12)
        output.print_json({"signals": shown, "total_weight": total})
    elif name is not None:
        _print_one(shown[0])
    else:
        _print_table(shown)
    return output.OK


def _rows() -> list[dict[str, Any]]:
    from babingepet.signals.documentation import documentation
    from babingepet.signals.registry import SIGNALS

    return [
        {
            "name": spec.name,
            "weight": spec.weight,
            "feeds": [sorted(alternative) for alternative in spec.feeds],
            **documentation(spec.name)._asdict(),
        }
        for spec in SIGNALS
    ]


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table("signal", box=None, header_style="bold", padding=(0, 2, 1, 0))
    table.add_column("weight", justify="right")
    for heading in ("inputs", "warm-up", "source"):
        table.add_column(heading)
    for row in rows:
        table.add_row(
            row["name"], f"{row['weight']:.2f}", row["inputs"], row["warm_up"], row["source"]
        )
    output.console().print(table)


def _print_one(row: dict[str, Any]) -> None:
    from rich.table import Table

    console = output.console()
    console.print(f"[bold]{row['name']}[/bold]  {row['summary']}\n")
    console.print(row["formula"], markup=False)
    console.print()
    table = Table(box=None, show_header=False)
    table.add_column(style="bold")
    table.add_column()
    table.add_row("weight", f"{row['weight']:.2f} of 0.88")
    table.add_row("feeds", " or ".join(", ".join(feeds) for feeds in row["feeds"]))
    for label, key in (
        ("inputs", "inputs"),
        ("warm-up", "warm_up"),
        ("units", "units"),
        ("source", "source"),
    ):
        table.add_row(label, row[key])
    console.print(table)
