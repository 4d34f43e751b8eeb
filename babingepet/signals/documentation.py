"""What each signal says about itself: the docstring of its file, taken apart.

The first line is the summary, the last paragraph names inputs, warm-up, units and source, and what
stands between is the formula. There is no second description that could fall behind.
"""

from __future__ import annotations

import re
from importlib import import_module
from inspect import cleandoc
from typing import NamedTuple

_PARTS = re.compile(r"(?:^|\s)(Inputs|Warm-up|Units|Source): ")


class Documentation(NamedTuple):
    """One signal in its own words."""

    summary: str
    formula: str
    """One or more paragraphs."""
    inputs: str
    warm_up: str
    units: str
    source: str


def documentation(name: str) -> Documentation:
    """The documentation of a signal by its name.

    Raises:
        ValueError: Its file leaves a part out.
    """
    text = cleandoc(import_module(f"babingepet.signals.{name}").__doc__ or "")
    paragraphs = text.split("\n\n")
    pieces = _PARTS.split(_one_line(paragraphs[-1]))
    parts = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    try:
        return Documentation(
            summary=paragraphs[0],
            formula="\n\n".join(paragraphs[1:-1]),
            inputs=_without_stop(parts["Inputs"]),
            warm_up=_without_stop(parts["Warm-up"]),
            units=_without_stop(parts["Units"]),
            source=_without_stop(parts["Source"]),
        )
    except KeyError as missing:
        raise ValueError(f"signal {name}: its docstring names no {missing.args[0]}") from None


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _without_stop(text: str) -> str:
    return text.strip().removesuffix(".")
