"""Which code made a decision: the release and, in a clone, the commit."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from babingepet import __version__

ROOT = Path(__file__).resolve().parent.parent


@cache
def code_version() -> str:
    """``0.1.0+<commit>`` in a clone, ``0.1.0`` from a wheel."""
    commit = _commit(ROOT / ".git")
    return f"{__version__}+{commit[:12]}" if commit else __version__


def _commit(git: Path) -> str | None:
    head = git / "HEAD"
    if not head.is_file():
        return None
    kind, _, name = head.read_text().strip().partition(" ")
    if not name:
        return kind
    loose = git / name
    if loose.is_file():
        return loose.read_text().strip()
    packed = git / "packed-refs"
    lines = packed.read_text().splitlines() if packed.is_file() else []
    return next((line.split()[0] for line in lines if line.endswith(f" {name}")), None)
