"""What analysts are worth as one HTML page that needs nothing but itself: no script, no address.

Belongs here: which rows and pictures the page shows. Does not belong here: how it looks
(``pages/swarm_value.html``), what is drawn (``swarm.value_plots``), writing the file.
"""

from __future__ import annotations

import jinja2

from babingepet_delivery.cli import swarm_value_text as text
from babingepet_delivery.cli.metric_text import Document

TEMPLATE = "swarm_value.html"


def value_page(document: Document, reliability: str) -> str:
    """The page: everything that the terminal shows, and a picture of the calibration.

    Args:
        document: What is told.
        reliability: The picture, as markup.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("babingepet_delivery.cli", "pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    state_headings, states = text.state_table(document)
    return environment.get_template(TEMPLATE).render(
        title=text.title(document),
        scope=text.scope(document),
        notes=[(note, text.is_loud(note)) for note in document["notes"]],
        money_headings=text.MONEY,
        money=text.money_rows(document),
        sum=text.SUM,
        right_headings=text.RIGHT,
        right=text.right_rows(document),
        state_headings=state_headings,
        states=states,
        model_headings=text.MODELS,
        models=text.model_rows(document),
        settings=[(name, str(value)) for name, value in sorted(document["settings"].items())],
        reliability=reliability,
    )
