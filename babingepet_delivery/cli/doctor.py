"""``babingepet doctor``: is everything in place, and what to do where it is not."""

from __future__ import annotations

import os
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import Json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from babingepet_services.doctor.findings import Finding

COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor(*, json: Json = False) -> int:
    """Look whether everything is in place; change nothing.

    Ends with exit code 1 when something must be mended before it can run.
    """
    from babingepet_resources.clients.clock import SystemClock
    from babingepet_services.doctor.run import examine

    findings = examine(os.environ, SystemClock())
    counts = {status: sum(one.status == status for one in findings) for status in COLOURS}
    if json:
        output.print_json({"findings": [asdict(one) for one in findings], "counts": counts})
    else:
        _print(findings)
    return output.FAILED if counts["fail"] else output.OK


def _print(findings: Sequence[Finding]) -> None:
    from rich.table import Table
    from rich.text import Text

    from babingepet_delivery.cli.format import section

    console = output.console()
    for name, members in groupby(findings, key=lambda one: one.section):
        section(console, name)
        table = Table.grid(padding=(0, 2))
        for one in members:
            detail = Text(one.detail)
            if one.advice:
                detail.append(f"\n{one.advice}", style="italic")
            table.add_row(Text(one.status, style=COLOURS[one.status]), one.name, detail)
        console.print(table)
