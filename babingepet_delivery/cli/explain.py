"""``babingepet explain``: from a trade or a decision back to everything that made it."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import Json, Warehouse


def explain(
    identifier: Annotated[
        str,
        Parameter(
            name="ID",
            help="A cycle, such as btc-20250510T0001Z, or a position, the same with -trade.",
        ),
    ],
    /,
    *,
    prompts: Annotated[
        bool,
        Parameter(name="--prompts", help="Print prompts and answers whole."),
    ] = False,
    warehouse: Warehouse = None,
    json: Json = False,
) -> int:
    """Tell what made a decision or a trade: scores, analysts, gates, market, rules, versions.

    The configured warehouse is asked first, then the other embedded ones of the data folder.
    """
    from babingepet_resources.settings import load_settings
    from babingepet_services.explain.document import explain as tell

    document = tell(load_settings(), identifier, warehouse)
    if json:
        output.print_json(document)
        return output.OK
    from babingepet_delivery.cli.explain_view import print_explanation

    print_explanation(output.console(), document, with_prompts=prompts)
    return output.OK
