"""A soak run as a picture: one small panel for each quantity, all over the same hours.

Belongs here: drawing. Does not belong here: measuring (``samples``) or running (``soak``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from babingepet.market.intervals import HOUR

INK, FAINT, KILL = "#222222", "#d9d9d9", "#d62728"
COLOURS = ("#0b6fa4", "#e07b00", "#2f8f4e", "#8c4fb3", "#7a5230", "#c2185b", "#555555")
MIB = 2**20
LARGEST = 6
"""Tables that get a line of their own."""

Figures = Mapping[str, Any]
Lines = Mapping[str, Sequence[float]]


def draw(figures: Figures, file: Path) -> None:
    """Draw minutes, memory, handles, tables and the event log over wall time, with the kills."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    taken = figures["samples"]
    minutes = [one["seconds"] / 60 for one in taken]
    panels: Sequence[tuple[str, Callable[[Sequence[Figures]], Lines]]] = (
        ("market time passed, hours", _market),
        ("resident memory by role, MiB", _by_role("rss_mib")),
        ("open files and sockets by role", _by_role("handles")),
        ("bytes of the largest tables, MiB", _tables),
        ("rows of Dagster's event log", _events),
    )
    with mpl.rc_context({"font.size": 9, "axes.edgecolor": FAINT, "text.color": INK}):
        figure = Figure(figsize=(10, 2.5 * len(panels)), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(len(panels), 1, sharex=True)
        for axis, (title, lines_of) in zip(axes, panels, strict=True):
            _panel(axis, title, minutes, lines_of(taken), figures["kills"])
        axes[-1].set_xlabel("minutes since the first decision (wall clock)")
        figure.suptitle(_title(figures), x=0.01, ha="left", fontsize=11)
        figure.savefig(file, dpi=120)


def _panel(
    axis: Any,  # noqa: ANN401 (matplotlib has no types)
    title: str,
    minutes: Sequence[float],
    lines: Lines,
    kills: Sequence[Figures],
) -> None:
    for kill in kills:
        axis.axvline(kill["at_s"] / 60, color=KILL, linewidth=0.8, alpha=0.45)
    for (name, values), colour in zip(lines.items(), COLOURS, strict=False):
        axis.plot(minutes, values, color=colour, linewidth=1.3, label=name)
    axis.set_title(title, loc="left", fontsize=9)
    axis.set_ylim(bottom=0)
    axis.grid(axis="y", color=FAINT, linewidth=0.5)
    axis.spines[["top", "right"]].set_visible(False)
    if len(lines) > 1:
        axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8)


def _title(figures: Figures) -> str:
    found = figures["verdict"]
    return (
        f"{figures['hours']:g} simulated hours at {figures['speed']}x on {figures['database']}: "
        f"{found['decided']} of {found['minutes']} minutes decided, {found['missed']} missed with a "
        f"reason, {found['unknown']} unknown\n{len(figures['kills'])} kills (red lines), "
        f"{found['fences']} fences, {len(found['broken'])} broken invariants"
    )


def _market(taken: Sequence[Figures]) -> Lines:
    return {"market": [(one["as_of"] - taken[0]["as_of"]) / HOUR for one in taken]}


def _by_role(what: str) -> Callable[[Sequence[Figures]], Lines]:
    def lines(taken: Sequence[Figures]) -> Lines:
        roles = taken[0]["roles"]
        return {role: [one["roles"][role][what] for one in taken] for role in roles}

    return lines


def _tables(taken: Sequence[Figures]) -> Lines:
    last = taken[-1]["tables"]
    largest = sorted(last, key=lambda name: -last[name])[:LARGEST]
    return {
        name.removeprefix("babingepet_"): [one["tables"].get(name, 0) / MIB for one in taken]
        for name in largest
    }


def _events(taken: Sequence[Figures]) -> Lines:
    return {"events": [one["event_log_rows"] for one in taken]}
