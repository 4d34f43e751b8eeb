"""The parts of a replay's report as rows of text: what the terminal and the page both show.

Belongs here: which numbers stand in which table, and their words. Does not belong here: colours,
lines, markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from babingepet.signals.registry import SIGNALS
from babingepet_delivery.cli.format import moment, money, signed
from babingepet_delivery.cli.metric_text import Document, interval_text, value_text

KEY_NUMBERS = (
    "final_equity", "net_pnl", "total_return", "cagr", "volatility", "sharpe_ratio",
    "sortino_ratio", "max_drawdown", "calmar_ratio", "exposure_share", "trades", "hit_rate",
    "profit_factor", "expectancy_r",
)  # fmt: skip
COSTS = ("gross_pnl", "slippage_paid", "fees_paid", "funding_paid", "net_pnl")
COST_WORDS = {
    "gross_pnl": "before fees and funding, slippage inside",
    "slippage_paid": "of these prices: spread and slippage",
}
TRADE_HEADINGS = (
    "side", "entry", "exit", "at", "to", "quantity", "grade", "exit reason", "fees", "funding", "net",
    "R",
)  # fmt: skip
OWN, BESIDE = (
    ("", "value", "95 % interval", "n"),
    ("buy and hold", "coin flips, 5 to 95 %", "as good"),
)
"""Headings of a number, and of what it stands beside."""
BESIDE_COLUMNS = range(len(OWN), len(OWN) + len(BESIDE))
NO_METRIC = {"value": None, "n": None, "low": None, "high": None, "reason": None}


def title_of(document: Document) -> str:
    """Instrument, source, period and speed in one line each."""
    speed = document["bars_per_second"]
    pace = "" if speed is None else f" ({speed:,.0f} a second)"
    return (
        f"{moment(document['start'])} to {moment(document['end'])} UTC: {document['bars']:,} minutes"
        f" in {document['seconds']:.2f} s{pace}, read in {document['read_seconds']:.2f} s"
    )


def weight_sentence(document: Document) -> str:
    """How much of the vote was there."""
    able = len(document["capability"])
    proxies = ", ".join(document["proxies"]) or "none"
    return (
        f"{document['weight_present']:.1%} of the weight of the vote was present: {able} of "
        f"{len(SIGNALS)} signals; proxies: {proxies}; measured in the average minute: "
        f"{document['weight_measured']:.1%}"
    )


def signal_rows(document: Document) -> list[tuple[str, str, str, str]]:
    """Name, weight, share of the minutes with a score, why it is outside; those inside first."""
    outside, shares = document["signals_outside"], document["signals_available"]
    rows = [
        (
            spec.name,
            f"{spec.weight:.2f}",
            "outside" if spec.name in outside else f"{shares[spec.name]:.1%}",
            outside.get(spec.name, ""),
        )
        for spec in SIGNALS
    ]
    return sorted(rows, key=lambda row: bool(row[-1]))


def key_table(document: Document) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Headings and rows of the numbers that are read first, beside what they are compared with.

    The last column is a note; it is left out where there is none.
    """
    given = BESIDE if document["buy_and_hold"] else ()
    headings = (*OWN, *given, "note")
    rows = [_key_row(name, document) for name in KEY_NUMBERS]
    if any(row[-1] for row in rows):
        return headings, rows
    return headings[:-1], [row[:-1] for row in rows]


def _key_row(name: str, document: Document) -> tuple[str, ...]:
    metric = _metric(name, document)
    beside = _beside(name, document) if document["buy_and_hold"] else ()
    number = "" if metric["n"] is None else f"{metric['n']:,}"
    value = value_text(name, metric["value"])
    interval = interval_text(name, metric)
    return name.replace("_", " "), value, interval, number, *beside, metric["reason"] or ""


def _beside(name: str, document: Document) -> tuple[str, str, str]:
    """The same of buy and hold, 5th to 95th percentile of the coin flips, share as good."""
    held = _metric(name, document["buy_and_hold"])
    known = "" if held is NO_METRIC else value_text(name, held["value"])
    standing = document["coin_flips"].get(name)
    if standing is None:
        return known, "", ""
    band = interval_text(name, standing) or "-"
    return known, band, value_text("share", standing["as_good"]["value"])


def _metric(name: str, document: Document) -> Document:
    """A metric, or a plain number in its shape."""
    for part in ("metrics", "costs"):
        if name in document.get(part, {}):
            found: Document = document[part][name]
            return found
    return NO_METRIC | {"value": document[name]} if name in document else NO_METRIC


def metric_rows(metrics: Document) -> list[tuple[str, ...]]:
    """Every metric of a part; none when it counts no trade."""
    if not metrics["count"]:
        return []
    return [
        (
            name.replace("_", " "), value_text(name, one["value"]), interval_text(name, one),
            f"{one['n']:,}", one["reason"] or "",
        )
        for name, one in metrics.items()
        if isinstance(one, Mapping)
    ]  # fmt: skip


def cost_rows(document: Document) -> list[tuple[str, str, str]]:
    """From gross to net P&L: name, money, what it is."""
    return [
        (
            name.replace("_", " "),
            value_text(name, document["costs"][name]["value"]),
            COST_WORDS.get(name, document["costs"][name]["reason"] or ""),
        )
        for name in COSTS
    ]


def veto_rows(document: Document) -> list[tuple[str, str, str, str]]:
    """Gate, minutes in which it said no, their share, minutes in which only it did."""
    alone = document["only_vetoes"]
    return [
        (gate, f"{minutes:,}", f"{minutes / document['bars']:.1%}", f"{alone.get(gate, 0):,}")
        for gate, minutes in sorted(document["vetoes"].items(), key=lambda item: -item[1])
    ]


def exit_rows(document: Document) -> list[tuple[str, str, str, str]]:
    """Reason, trades, net P&L, average R."""
    return [
        (reason, f"{one['count']:,}", signed(one["net_pnl"]), f"{one['average_r']:+.3f}")
        for reason, one in document["exits"].items()
    ]


def hole_rows(document: Document) -> list[tuple[str, str, str]]:
    """First missing minute, the first one that is there again, minutes."""
    return [
        (moment(hole["start"]), moment(hole["end"]), f"{hole['minutes']:,}")
        for hole in document["gaps"]["longest"]
    ]


def trade_rows(trades: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Rows of a trade table in words, under ``TRADE_HEADINGS``."""
    return [
        (
            trade["side"], moment(trade["entry_time"]), moment(trade["exit_time"]),
            money(trade["entry_price"]), money(trade["exit_price"]), f"{trade['quantity']:g}",
            trade["grade"], trade["exit_reason"].replace("_", " ").lower(),
            money(trade["fees"], 4), money(trade["funding"], 4), signed(trade["net_pnl"]),
            signed(trade["r_multiple"], 2),
        )
        for trade in trades
    ]  # fmt: skip
