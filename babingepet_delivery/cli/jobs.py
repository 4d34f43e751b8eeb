"""``babingepet jobs``: what runs each job of the system's description, and the jobs of our own."""

from __future__ import annotations

from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import Json


def jobs(*, json: Json = False) -> int:
    """List the 15 jobs of the system's description, what runs them here, and our own jobs."""
    from rich.table import Table

    from babingepet_services.jobs import JOBS, OWN_JOBS, as_document

    if json:
        output.print_json(as_document())
        return output.OK
    table = Table("job", "when", "purpose", "runs as", box=None, header_style="bold")
    for job in JOBS:
        style = None if job.available else "dim"
        table.add_row(job.job_id, job.when, job.purpose, job.runs_as, style=style)
    table.add_section()
    for job in OWN_JOBS:
        table.add_row(job.job_id, job.when, job.purpose, job.runs_as)
    output.console().print(table)
    return output.OK
