"""``babingepet import``: files of market facts into the warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from babingepet.errors import InputError
from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import Json


def import_command(
    kind: Annotated[
        Literal[
            "candles", "trades", "funding", "open-interest", "etf-flows", "fear-greed", "headlines"
        ],
        Parameter(name="KIND", help="What the files hold."),
    ],
    /,
    *files: Annotated[
        Path,
        Parameter(name="FILE", help="Archive file as it is (ZIP, CSV, gzip), Parquet, or JSON."),
    ],
    symbol: Annotated[
        str | None,
        Parameter(
            name=["--symbol", "--market"],
            help="Whose rows. Without it: what the file's name or rows say; BTC of flows and headlines.",
        ),
    ] = None,
    source: Annotated[
        str | None,
        Parameter(
            name="--source",
            help="Stamped on the rows, and whose warehouse they go to: recorded by default, and "
            "recorded-spot for files named after the spot market.",
        ),
    ] = None,
    interval: Annotated[
        str | None,
        Parameter(
            name="--interval", help="Of candles. Without it: what the name or the times say."
        ),
    ] = None,
    json: Json = False,
) -> int:
    """Store files of market facts; rows that cannot be used are listed, stored ones never change."""
    from babingepet_delivery.cli.progress import progress_bar
    from babingepet_resources.clients.clock import SystemClock
    from babingepet_resources.settings import load_settings
    from babingepet_services.imports.files import ImportRequest, import_files

    if not files:
        raise InputError("import: name at least one file")
    request = ImportRequest(
        kind=kind,
        files=files,
        settings=load_settings(),
        symbol=symbol.upper() if symbol else None,
        source=source,
        interval=interval,
    )
    with progress_bar(shown=not json) as progress:
        report = import_files(request, SystemClock(), progress)
    if report.files:
        if json:
            output.print_json(report.document())
        else:
            from babingepet_delivery.cli.import_view import print_import

            print_import(output.console(), report.document())
    if report.unusable:
        raise InputError(report.complaint)
    return output.OK
