"""``babingepet jobs``: what runs each job of the system's description, and the jobs of our own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from babingepet_delivery.cli import output
from babingepet_delivery.cli.format import plain_table
from babingepet_delivery.cli.parameters import Json


def jobs(*, json: Json = False) -> int:
    """List the 15 jobs of the system's description, what runs them here, and our own jobs."""
    from babingepet_services.jobs import as_document

    return output.show(as_document(), _print, as_json=json)


def _print(console: Console, document: Mapping[str, Any]) -> None:
    table = plain_table("job", left=("when", "purpose", "runs as"))
    for job in document["jobs"]:
        style = None if job["available"] else "dim"
        table.add_row(job["job_id"], job["when"], job["purpose"], job["runs_as"], style=style)
    table.add_section()
    for job in document["own_jobs"]:
        table.add_row(job["job_id"], job["when"], job["purpose"], job["runs_as"])
    console.print(table)
