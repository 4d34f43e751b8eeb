"""A replay's report as one HTML page that needs nothing but itself: no script, no address.

Belongs here: which rows and pictures the page shows. Does not belong here: how it looks
(``pages/replay.html``), what is drawn (``replay.plots``), writing the file.
"""

from __future__ import annotations

from typing import Any

import jinja2

from babingepet_delivery.cli import replay_text
from babingepet_delivery.cli.format import moment
from babingepet_delivery.cli.metric_text import MONTHS, Document, year_rows
from babingepet_services.replay.plots import (
    chance_picture,
    equity_picture,
    growth_picture,
    multiples_picture,
)
from babingepet_services.replay.report import ReplayReport

TEMPLATE = "replay.html"


def replay_page(report: ReplayReport) -> str:
    """The page: everything that the terminal shows, and all trades."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("babingepet_delivery.cli", "pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    document = report.document()
    return environment.get_template(TEMPLATE).render(
        document=document,
        period=f"{moment(report.start)} to {moment(report.end)}",
        title=replay_text.title_of(document),
        weight=replay_text.weight_sentence(document),
        trade_headings=replay_text.TRADE_HEADINGS,
        trades=replay_text.trade_rows(report.trade_rows()),
        **_tables(document),
        **_pictures(report),
    )


def _tables(document: Document) -> dict[str, Any]:
    key_headings, keys = replay_text.key_table(document)
    return {
        "key_headings": key_headings,
        "keys": keys,
        "month_headings": ("year", *MONTHS, "year"),
        "months": [(row.year, *row.cells, row.total) for row in year_rows(document["months"])],
        "part_months": not all(one["is_whole"] for one in document["months"]),
        "costs": replay_text.cost_rows(document),
        "signals": replay_text.signal_rows(document),
        "vetoes": replay_text.veto_rows(document),
        "exits": replay_text.exit_rows(document),
        "holes": replay_text.hole_rows(document),
        "shadows": replay_text.metric_rows(document["shadows"]),
        "settings": [(name, str(value)) for name, value in sorted(document["settings"].items())],
    }


def _pictures(report: ReplayReport) -> dict[str, Any]:
    real = report.closed.where(~report.closed.shadow)
    wide = [("Equity and drawdown", equity_picture(report.curve))]
    halves = [multiples_picture(real.r_multiple)]
    beside = report.beside
    if beside is not None:
        wide.append(("Beside the coin held all along", growth_picture(report.curve, beside.held)))
        own = report.final_equity - report.capital
        halves.append(chance_picture(beside.chance, own))
    return {"wide": wide, "halves": halves}
