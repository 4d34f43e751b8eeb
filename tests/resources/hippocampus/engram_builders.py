"""Engrams with boring defaults: a test names only what matters to it."""

from dataclasses import replace
from typing import Any

from babingepet.memory.engrams import Engram

NOW = 1_746_403_200_000
"""2025-05-05T00:00:00Z."""


def note(text: str = "bitcoin rises", **changes: Any) -> Engram:
    """Something that was noted and known at once."""
    time = changes.pop("time", NOW)
    return replace(Engram("note", "btc", "BTCUSDT", "recorded", text, time, time), **changes)
