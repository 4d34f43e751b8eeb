"""What analysts are worth, as rows of text for the terminal and the page.

Belongs here: cells and headings. Does not belong here: where they stand; what is told.
"""

from __future__ import annotations

from babingepet_delivery.cli.format import moment, signed
from babingepet_delivery.cli.metric_text import Document, interval_text, value_text

Row = tuple[str, ...]

MONEY = ("heard", "net USDT", "bp of capital", "95 % interval", "trades", "cost USD", "USD per bp")
RIGHT = (
    "", "votes", "resolved", "Brier", "reference", "skill", "hit rate", "95 % interval", "n", "note",
)  # fmt: skip
MODELS = ("model", "votes", "before it", "trained until", "source")
SUM = "marginals of the nine and the interaction add up to the effect of all"


def title(document: Document) -> str:
    """Whose worth."""
    providers = ", ".join(document["providers"]) or "nobody was asked"
    return f"What the analysts of {document['symbol']} were worth ({providers})"


def scope(document: Document) -> str:
    """Of which period, from how many rounds."""
    rounds = document["rounds"]
    return (
        f"{moment(document['start'])} to {moment(document['end'])} UTC: {document['bars']:,} "
        f"minutes, {rounds['held']:,} rounds, {rounds['with_quorum']:,} with a quorum, "
        f"{document['calls']} calls, {document['seconds']:.2f} s"
    )


def is_loud(note: str) -> bool:
    """Whether a note says that numbers are worth nothing."""
    return "BEFORE" in note


def money_rows(document: Document) -> list[Row]:
    """All, nobody, what each adds, and what no one loses alone."""
    rows: list[Row] = [
        (words, *_money(document[name]), "", "")
        for words, name in (
            ("all nine", "with_all"), ("nobody", "with_none"), ("effect of all", "effect"),
        )
    ]  # fmt: skip
    rows += [
        (_name(one), *_money(one["marginal"]), _usd(one["cost_usd"]), _usd(one["usd_per_bp"]))
        for one in (*document["agents"], *document["groups"])
    ]
    return [*rows, ("interaction", *_money(document["interaction"]), "", "")]


def right_rows(document: Document) -> list[Row]:
    """Calibration and hits of each, of both groups, of the consensus."""
    rows = []
    consensus = document["consensus"] | {"agent": "consensus"}
    for one in (*document["agents"], *document["groups"], consensus):
        judged, hits = one["calibration"], one["hit_rate"]
        rows.append(
            (
                _name(one), f"{one['votes']:,}", f"{judged['n']:,}",
                *(_number(judged[key]) for key in ("brier", "reference", "skill")),
                value_text("hit_rate", hits["value"]), interval_text("hit_rate", hits),
                f"{hits['n']:,}", judged["reason"] or hits["reason"] or "",
            )
        )  # fmt: skip
    return rows


def state_table(document: Document) -> tuple[Row, list[Row]]:
    """Headings, and what became of each analyst's questions; states that never were are left out."""
    agents = document["agents"]
    states = [state for state in agents[0]["states"] if any(one["states"][state] for one in agents)]
    rows = [(_name(one), *(f"{one['states'][state]:,}" for state in states)) for one in agents]
    return ("", *(state.replace("_", " ") for state in states)), rows


def model_rows(document: Document) -> list[Row]:
    """Who voted, and whether it may have read what came."""
    return [
        (
            one["model"], f"{one['votes']:,}",
            "unknown" if one["votes_before_cutoff"] is None else f"{one['votes_before_cutoff']:,}",
            one["cutoff"] or one["before_cutoff"], one["cutoff_source"] or "",
        )
        for one in document["models"]
    ]  # fmt: skip


def _name(one: Document) -> str:
    return str(one["agent"] if "agent" in one else f"the {one['group']}s")


def _money(one: Document) -> Row:
    trades, low = one.get("trades"), one.get("low")
    return (
        signed(one["net_pnl"], 2),
        signed(one["net_bps"], 1),
        "" if low is None else f"{signed(low, 2)} to {signed(one['high'], 2)}",
        "" if trades is None else f"{trades:,}",
    )


def _usd(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
