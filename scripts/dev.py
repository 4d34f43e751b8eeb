#!/usr/bin/env python3
"""The one command of the repository: `python3 scripts/dev.py run`, `test`, `check` and so on.

Here: only what must work on any Python, so that an old one gets a sentence and not a SyntaxError.
Everything else is in `scripts/devtools/`.
"""

from __future__ import annotations

import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)


def what_is_unsuitable(version: tuple[int, int], platform: str) -> str | None:
    """Say in a sentence why this Python or system cannot be used, or return None when it can."""
    if version < OLDEST_PYTHON:
        return (
            f"Babingepet needs Python 3.11 or newer; this is {version[0]}.{version[1]}. "
            "Install a newer one and call it by name: python3.11 scripts/dev.py"
        )
    if platform == "win32":
        return "Babingepet runs on Linux and macOS; on Windows, use it inside WSL."
    return None


def main() -> int:
    """Refuse what cannot work, then hand over to the verbs."""
    reason = what_is_unsuitable(sys.version_info[:2], sys.platform)
    if reason is not None:
        print(f"error: {reason}", file=sys.stderr)
        return 1
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from scripts.devtools.verbs import dispatch

    return dispatch(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
